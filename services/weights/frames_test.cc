#include "services/weights/frames.h"

#include <gtest/gtest.h>

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

// The oracle is protobuf's own serialisation.
TEST(ChunkFrame, IsTheSerialisedMessage) {
  const auto data = std::make_shared<const std::string>(RandomBytes(400'000, 1));
  for (const uint64_t offset : {0ul, 1ul, 127ul, 128ul, 100'000ul}) {
    for (const uint64_t size : {1ul, 127ul, 128ul, 16'384ul, 300'000ul}) {
      v1::WeightFrame expected;
      expected.mutable_snapshot_chunk()->set_offset(offset);
      expected.mutable_snapshot_chunk()->set_data(data->substr(offset, size));
      grpc::Slice slice;
      ASSERT_TRUE(ChunkFrame(offset, {{data, offset, size}}).DumpToSingleSlice(&slice).ok());
      const std::string bytes(slice.begin(), slice.end());
      EXPECT_TRUE(bytes == expected.SerializeAsString()) << offset << " " << size;
    }
  }
}

TEST(ChunkFrame, KeepsTheBytesAliveAndDoesNotCopyThem) {
  auto data = std::make_shared<const std::string>(RandomBytes(100'000, 2));
  const std::string copy = *data;
  const char* bytes = data->data();
  std::weak_ptr<const std::string> watch = data;
  {
    const grpc::ByteBuffer buffer = ChunkFrame(0, {{data, 0, data->size()}});
    data.reset();
    EXPECT_FALSE(watch.expired());
    std::vector<grpc::Slice> slices;
    ASSERT_TRUE(buffer.Dump(&slices).ok());
    ASSERT_EQ(slices.size(), 2u);
    EXPECT_EQ(reinterpret_cast<const char*>(slices[1].begin()), bytes);
    EXPECT_TRUE(Parse(buffer).snapshot_chunk().data() == copy);
  }
  EXPECT_TRUE(watch.expired());
}

TEST(ChunkFrame, JoinsPartsOfSeveralBuffers) {
  const auto a = std::make_shared<const std::string>(RandomBytes(1000, 1));
  const auto b = std::make_shared<const std::string>(RandomBytes(1000, 2));
  v1::WeightFrame expected;
  expected.mutable_snapshot_chunk()->set_offset(5000);
  expected.mutable_snapshot_chunk()->set_data(a->substr(900) + *b + b->substr(10, 3));
  grpc::Slice slice;
  ASSERT_TRUE(ChunkFrame(5000, {{a, 900, 100}, {b, 0, 1000}, {b, 10, 3}}).DumpToSingleSlice(&slice).ok());
  EXPECT_TRUE(std::string(slice.begin(), slice.end()) == expected.SerializeAsString());
}

TEST(ReadLayout, ReadsWhatBeginFrameWrites) {
  const model::WeightSet weights = TestWeights(1);
  const v1::WeightFrame frame = Parse(Serialize(BeginFrame({3, 7}, weights, 1.5)));
  const auto layout = ReadLayout(frame.snapshot_begin(), 1 << 30);
  ASSERT_TRUE(layout.ok()) << layout.status();
  ASSERT_EQ(layout->size(), weights.tensors.size());
  for (size_t i = 0; i < layout->size(); ++i) {
    EXPECT_EQ((*layout)[i].name, weights.tensors[i].meta.name);
    EXPECT_EQ((*layout)[i].shape, weights.tensors[i].meta.shape);
    EXPECT_EQ((*layout)[i].bytes, weights.tensors[i].meta.bytes);
  }
}

TEST(ReadLayout, RefusesWhatDoesNotAddUp) {
  const v1::SnapshotBegin good = BeginFrame({1, 1}, TestWeights(1), 0).snapshot_begin();
  const auto code = [](const v1::SnapshotBegin& begin) { return ReadLayout(begin, 1 << 20).status().code(); };
  ASSERT_EQ(code(good), absl::StatusCode::kOk);
  v1::SnapshotBegin bad = good;
  bad.set_total_bytes(good.total_bytes() + 1);
  EXPECT_EQ(code(bad), absl::StatusCode::kInvalidArgument);
  bad.set_total_bytes(uint64_t{1} << 60);
  EXPECT_EQ(code(bad), absl::StatusCode::kResourceExhausted);
  bad = good;
  bad.mutable_tensors(0)->set_dtype("F33");
  EXPECT_EQ(code(bad), absl::StatusCode::kInvalidArgument);
  bad = good;
  bad.mutable_tensors(0)->set_shape(0, -1);
  EXPECT_EQ(code(bad), absl::StatusCode::kInvalidArgument);
  bad = good;
  bad.mutable_tensors(0)->set_shape(0, int64_t{1} << 62);
  EXPECT_EQ(code(bad), absl::StatusCode::kInvalidArgument);
  bad = good;
  bad.mutable_tensors()->SwapElements(0, 1);
  EXPECT_EQ(code(bad), absl::StatusCode::kInvalidArgument);
  bad = good;
  for (int i = 0; i < 20; ++i) bad.mutable_tensors(0)->add_shape(1);
  EXPECT_EQ(code(bad), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace drover::weights
