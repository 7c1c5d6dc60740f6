#include "services/weights/frame_source.h"

#include <gtest/gtest.h>

#include "services/weights/assembler.h"
#include "services/weights/testing/small_weights.h"

namespace drover::weights {
namespace {

v1::WeightFrame Parse(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  EXPECT_TRUE(buffer.DumpToSingleSlice(&slice).ok());
  v1::WeightFrame frame;
  EXPECT_TRUE(frame.ParseFromArray(slice.begin(), static_cast<int>(slice.size())));
  return frame;
}

std::vector<v1::WeightFrame> AllFrames(FrameSource source) {
  std::vector<v1::WeightFrame> frames;
  while (auto frame = source.Next()) {
    frames.push_back(Parse(frame->buffer));
    EXPECT_EQ(frame->tensor_bytes, frames.back().snapshot_chunk().data().size());
  }
  EXPECT_FALSE(source.Next().has_value());
  return frames;
}

std::shared_ptr<const Published> Version(model::WeightSet weights) {
  return std::make_shared<const Published>(
      Published{.version = {2, 5}, .weights = std::move(weights), .unix_seconds = 1.5});
}

TEST(FrameSource, ChunksAreTheBytesInOrderAcrossTensors) {
  const model::WeightSet weights = TestWeights(1);  // 4,000 bytes and 400
  for (const uint32_t chunk_bytes : {1u, 999u, 1000u, 4000u, 4100u, 4400u, 1u << 20}) {
    const auto frames = AllFrames(FrameSource(Version(weights), chunk_bytes));
    ASSERT_EQ(frames.size(), 2 + (4400 + chunk_bytes - 1) / chunk_bytes);
    EXPECT_EQ(frames.front().snapshot_begin().incarnation(), 2u);
    EXPECT_EQ(frames.front().snapshot_begin().version(), 5u);
    EXPECT_EQ(frames.front().snapshot_begin().published_unix_seconds(), 1.5);
    EXPECT_EQ(frames.back().snapshot_end().digest(), weights.digest);
    std::string bytes;
    for (size_t i = 1; i + 1 < frames.size(); ++i) {
      EXPECT_EQ(frames[i].snapshot_chunk().offset(), bytes.size());
      EXPECT_LE(frames[i].snapshot_chunk().data().size(), chunk_bytes);
      bytes += frames[i].snapshot_chunk().data();
    }
    EXPECT_TRUE(bytes == AllBytes(weights)) << chunk_bytes;
  }
}

TEST(FrameSource, TensorsWithoutElementsAndNoTensorsAtAll) {
  const auto empty = model::PackWeights({});
  EXPECT_EQ(AllFrames(FrameSource(Version(*empty), 1000)).size(), 2u);
  const auto holes =
      model::PackWeights({{.name = "a", .dtype = model::Dtype::kF32, .shape = {0}},
                          {.name = "b", .dtype = model::Dtype::kU8, .shape = {2}, .bytes = "xy"},
                          {.name = "c", .dtype = model::Dtype::kF32, .shape = {3, 0}}});
  ASSERT_TRUE(holes.ok()) << holes.status();
  Assembler assembler(1 << 20);
  std::shared_ptr<const Received> received;
  for (const v1::WeightFrame& frame : AllFrames(FrameSource(Version(*holes), 1000))) {
    const auto added = assembler.Add(frame);
    ASSERT_TRUE(added.ok()) << added.status();
    received = *added;
  }
  ASSERT_NE(received, nullptr);
  EXPECT_EQ(received->weights.tensors.size(), 3u);
  EXPECT_EQ(received->weights.digest, holes->digest);
}

// What is under way needs its version, and nobody else's patience.
TEST(FrameSource, FramesOutliveTheirSource) {
  auto version = Version(TestWeights(1));
  const std::string bytes = AllBytes(version->weights);
  std::optional<FrameSource::Frame> chunk;
  {
    FrameSource source(std::move(version), 1 << 20);
    source.Next();
    chunk = source.Next();
  }
  EXPECT_TRUE(Parse(chunk->buffer).snapshot_chunk().data() == bytes);
}

}  // namespace
}  // namespace drover::weights
