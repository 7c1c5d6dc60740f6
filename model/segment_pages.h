// Where the keys and values of a batch's segments lie while it is computed: pages as the CPU's attention reads them
// (kernels/cpu/attention.h), with a shared prefix's whole pages shared and its last tokens repeated.
#pragma once

#include <cstdint>
#include <vector>

#include "model/kernels/cpu/attention.h"
#include "model/segments.h"

namespace drover::model {

class SegmentPages {
 public:
  explicit SegmentPages(const std::vector<Segment>& segments);

  int64_t pages() const { return pages_; }
  const std::vector<cpu::Slot>& slots() const { return slots_; }
  const std::vector<cpu::AttentionPart>& parts() const { return parts_; }

 private:
  void Add(const Segment& segment, std::vector<int32_t> table);

  int64_t pages_ = 0;
  std::vector<cpu::Slot> slots_;
  std::vector<std::vector<int32_t>> tables_;  // of the segments, in their order
  std::vector<cpu::AttentionPart> parts_;     // views of tables_
};

}  // namespace drover::model
