#include "services/weights/assembler.h"

#include <gtest/gtest.h>

#include "services/weights/frames.h"
#include "services/weights/testing/small_weights.h"

namespace drover::weights {
namespace {

v1::WeightFrame Chunk(uint64_t offset, std::string data) {
  v1::WeightFrame frame;
  frame.mutable_snapshot_chunk()->set_offset(offset);
  frame.mutable_snapshot_chunk()->set_data(std::move(data));
  return frame;
}

class AssemblerTest : public ::testing::Test {
 protected:
  // The frames of `weights`, in chunks of 1,000 bytes.
  static std::vector<v1::WeightFrame> Frames(const model::WeightSet& weights, uint64_t version = 5) {
    std::vector<v1::WeightFrame> frames = {BeginFrame({2, version}, weights, 0)};
    for (uint64_t at = 0; at < weights.data->size(); at += 1000)
      frames.push_back(Chunk(at, weights.data->substr(at, 1000)));
    frames.push_back(EndFrame(weights));
    return frames;
  }
  // Adds all; the last answer, or the first error.
  absl::StatusOr<std::optional<Received>> AddAll(const std::vector<v1::WeightFrame>& frames) {
    absl::StatusOr<std::optional<Received>> last;
    for (const v1::WeightFrame& frame : frames) {
      last = assembler_.Add(frame);
      if (!last.ok()) return last;
    }
    return last;
  }
  void ExpectRefused(const std::vector<v1::WeightFrame>& frames, absl::StatusCode code) {
    EXPECT_EQ(AddAll(frames).status().code(), code);
    // And the next whole version is taken as if nothing had happened.
    const auto next = AddAll(Frames(weights_));
    ASSERT_TRUE(next.ok()) << next.status();
    EXPECT_TRUE(next->has_value());
  }

  model::WeightSet weights_ = TestWeights(1);
  Assembler assembler_{1 << 20};
};

TEST_F(AssemblerTest, PutsAVersionTogether) {
  const auto received = AddAll(Frames(weights_));
  ASSERT_TRUE(received.ok()) << received.status();
  ASSERT_TRUE(received->has_value());
  EXPECT_EQ((*received)->version, (model::WeightVersion{2, 5}));
  EXPECT_TRUE(*(*received)->weights.data == *weights_.data);
  EXPECT_EQ((*received)->weights.digest, weights_.digest);
  EXPECT_TRUE(model::VerifyWeights((*received)->weights).ok());
}

TEST_F(AssemblerTest, OneFlippedBitIsDataLoss) {
  auto frames = Frames(weights_);
  (*frames[2].mutable_snapshot_chunk()->mutable_data())[17] ^= 1;
  ExpectRefused(frames, absl::StatusCode::kDataLoss);
}

TEST_F(AssemblerTest, ATruncatedVersionIsRefused) {
  auto frames = Frames(weights_);
  frames.erase(frames.end() - 2);
  ExpectRefused(frames, absl::StatusCode::kInvalidArgument);
}

TEST_F(AssemblerTest, AMissingTwiceSentOrSwappedChunkIsRefused) {
  auto missing = Frames(weights_), twice = Frames(weights_), swapped = Frames(weights_);
  missing.erase(missing.begin() + 2);
  twice.insert(twice.begin() + 2, twice[2]);
  std::swap(swapped[1], swapped[2]);
  for (const auto& frames : {missing, twice, swapped})
    ExpectRefused(frames, absl::StatusCode::kInvalidArgument);
}

TEST_F(AssemblerTest, MoreThanAnnouncedIsRefused) {
  auto frames = Frames(weights_);
  frames.insert(frames.end() - 1, Chunk(weights_.data->size(), "x"));
  ExpectRefused(frames, absl::StatusCode::kInvalidArgument);
}

TEST_F(AssemblerTest, FramesOutsideOfAVersionAreRefused) {
  ExpectRefused({Chunk(0, "x")}, absl::StatusCode::kInvalidArgument);
  ExpectRefused({EndFrame(weights_)}, absl::StatusCode::kInvalidArgument);
  ExpectRefused({v1::WeightFrame()}, absl::StatusCode::kInvalidArgument);
  ExpectRefused({Frames(weights_)[0], Frames(weights_)[0]}, absl::StatusCode::kInvalidArgument);
  ExpectRefused({Frames(weights_)[0], Chunk(0, "")}, absl::StatusCode::kInvalidArgument);
}

TEST_F(AssemblerTest, MoreThanTheLimitIsRefusedAtOnce) {
  const model::WeightSet big = TestWeights(1, /*columns=*/100'000);
  EXPECT_EQ(assembler_.Add(BeginFrame({1, 1}, big, 0)).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(AssemblerTest, NoTensorsIsAVersionToo) {
  const auto empty = model::PackWeights({});
  ASSERT_TRUE(empty.ok());
  const auto received = AddAll(Frames(*empty));
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_TRUE(received->has_value());
}

}  // namespace
}  // namespace drover::weights
