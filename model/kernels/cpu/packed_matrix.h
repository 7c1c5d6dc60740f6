// A weight as the matrix products read it: rows in panels of 64 that lie next to each other, the last filled up with 0.
#pragma once

#include <cstdint>
#include <memory>

#include "model/kernels/cpu/kernels.h"

namespace drover::model::cpu {

class PackedMatrix {
 public:
  // [rows, depth]; the numbers are 0.
  PackedMatrix(Element element, int64_t rows, int64_t depth);

  Element element() const { return element_; }
  int64_t rows() const { return rows_; }
  int64_t depth() const { return depth_; }
  int64_t panels() const { return (rows_ + kPanelWidth - 1) / kPanelWidth; }
  int64_t bytes() const { return panels() * panel_bytes(); }
  int64_t panel_bytes() const;
  const void* panel(int64_t i) const { return static_cast<const char*>(data_.get()) + i * panel_bytes(); }

  // Takes the numbers of `weight` [rows, depth], rounded to the matrix's elements: float32, or bfloat16.
  void Pack(const float* weight);
  void Pack(const uint16_t* weight);

 private:
  void PackFrom(const void* weight, Element element);

  Element element_;
  int64_t rows_, depth_;
  std::shared_ptr<void> data_;  // its own
};

// out[r] = x[r] weight^T + bias for `rows` rows of x, shared out among the pool's threads. x has the matrix's elements.
struct LinearCall {
  const void* x = nullptr;
  int64_t x_stride = 0;
  int64_t rows = 0;
  const float* bias = nullptr;  // null: none
  Output output = Output::kSame;
  void* out = nullptr;
  int64_t out_stride = 0;
};
void Linear(const PackedMatrix& weight, const LinearCall& call);

}  // namespace drover::model::cpu
