// Frames of the weight stream, to and from bytes. Chunks are encoded by hand so that they refer to the tensors' bytes
// instead of copying them; the result is exactly a serialised v1::WeightFrame.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drover/v1/weights.pb.h"
#include "model/weight_set.h"
#include "model/weight_version.h"

namespace drover::weights {

// `base`: no version, but what versions adapt.
v1::WeightFrame BeginFrame(const model::WeightVersion& version, const model::WeightSet& weights,
                           double published_unix_seconds, bool base = false);
v1::WeightFrame EndFrame(const model::WeightSet& weights);

// Copies: for frames that are small.
grpc::ByteBuffer Serialize(const v1::WeightFrame& frame);

// data[offset, offset + size) of one tensor.
struct ChunkPart {
  std::shared_ptr<const std::string> data;
  uint64_t offset = 0;
  uint64_t size = 0;
};

// A snapshot_chunk of `parts`, one after another, which begins at `offset` of the whole. The buffer keeps the data alive.
grpc::ByteBuffer ChunkFrame(uint64_t offset, const std::vector<ChunkPart>& parts);

// The layout that a SnapshotBegin declares: INVALID_ARGUMENT if a tensor is malformed, out of order, or the sizes do not
// add up to total_bytes; RESOURCE_EXHAUSTED above `max_bytes`. Nothing is allocated in proportion to total_bytes.
absl::StatusOr<std::vector<model::TensorMeta>> ReadLayout(const v1::SnapshotBegin& begin, uint64_t max_bytes);

}  // namespace drover::weights
