// What a subscriber is sent of one version, frame by frame. It knows no stream: whoever sends asks for the next frame when
// the last is on its way, at the pace of the reader.
//
//   begin --> chunks, the tensors' bytes in their order --> end
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "model/weight_set.h"
#include "model/weight_version.h"

namespace drover::weights {

// A version as the learner published it.
struct Published {
  model::WeightVersion version;
  model::WeightSet weights;
  double unix_seconds = 0;
  bool base = false;  // no version, but what versions adapt
};

// Not thread-safe.
class FrameSource {
 public:
  // `chunk_bytes`: of the tensors' bytes in a frame, at least 1. A chunk goes on in the next tensor where one ends.
  FrameSource(std::shared_ptr<const Published> version, uint32_t chunk_bytes);

  struct Frame {
    grpc::ByteBuffer buffer;    // refers to the tensors' bytes and keeps them alive
    uint64_t tensor_bytes = 0;  // in it
  };
  // Nullopt after the end.
  std::optional<Frame> Next();

 private:
  Frame NextChunk();

  const std::shared_ptr<const Published> version_;
  const uint64_t chunk_bytes_;
  enum class Stage { kBegin, kChunks, kOver } stage_ = Stage::kBegin;
  uint64_t sent_ = 0;         // of all bytes
  size_t tensor_ = 0;         // where the next chunk begins ...
  uint64_t tensor_sent_ = 0;  // ... and how far into it
};

}  // namespace drover::weights
