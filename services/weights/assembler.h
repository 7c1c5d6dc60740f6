// Puts a version together from its frames, trusting none of them. Pure: no clock, no thread, no network.
//
//   idle --begin--> receiving --chunk (in order, no gaps)--> receiving --end, all bytes there, digest fits--> idle
//
// Any other frame is an error, after which the assembler is idle.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drover/v1/weights.pb.h"
#include "model/weight_set.h"
#include "services/weights/subscriber.h"

namespace drover::weights {

// Not thread-safe.
class Assembler {
 public:
  // `max_bytes`: of one version; memory grows with what arrives, never with what is announced.
  explicit Assembler(uint64_t max_bytes) : max_bytes_(max_bytes) {}

  // The version that `frame` completed, its digest checked; nullopt when it is not whole yet. INVALID_ARGUMENT or
  // RESOURCE_EXHAUSTED for frames that break the protocol; DATA_LOSS when the digest does not fit.
  absl::StatusOr<std::optional<Received>> Add(v1::WeightFrame frame);

  // Forgets a version that is not whole.
  void Reset();

 private:
  absl::Status Begin(const v1::SnapshotBegin& begin);
  absl::Status Chunk(const v1::SnapshotChunk& chunk);
  absl::StatusOr<Received> End(const v1::SnapshotEnd& end);

  uint64_t max_bytes_;
  bool receiving_ = false;
  uint64_t total_bytes_ = 0;
  Received received_;
  std::string data_;
};

}  // namespace drover::weights
