#include "services/weights/frame_source.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "services/weights/frames.h"

namespace drover::weights {

FrameSource::FrameSource(std::shared_ptr<const Published> version, uint32_t chunk_bytes)
    : version_(std::move(version)), chunk_bytes_(std::max<uint32_t>(chunk_bytes, 1)) {}

std::optional<FrameSource::Frame> FrameSource::Next() {
  const model::WeightSet& weights = version_->weights;
  switch (stage_) {
    case Stage::kBegin:
      stage_ = Stage::kChunks;
      return Frame{.buffer = Serialize(
                       BeginFrame(version_->version, weights, version_->unix_seconds, version_->base))};
    case Stage::kChunks:
      if (sent_ < weights.bytes) return NextChunk();
      stage_ = Stage::kOver;
      return Frame{.buffer = Serialize(EndFrame(weights))};
    case Stage::kOver:
      break;
  }
  return std::nullopt;
}

FrameSource::Frame FrameSource::NextChunk() {
  const auto& tensors = version_->weights.tensors;
  std::vector<ChunkPart> parts;
  uint64_t room = std::min(chunk_bytes_, version_->weights.bytes - sent_);
  const uint64_t size = room;
  while (room > 0) {
    const auto& data = tensors[tensor_].data;
    const uint64_t part = std::min(room, data->size() - tensor_sent_);
    if (part > 0) parts.push_back({.data = data, .offset = tensor_sent_, .size = part});
    room -= part;
    tensor_sent_ += part;
    if (tensor_sent_ == data->size()) {
      ++tensor_;
      tensor_sent_ = 0;
    }
  }
  return {.buffer = ChunkFrame(std::exchange(sent_, sent_ + size), parts), .tensor_bytes = size};
}

}  // namespace drover::weights
