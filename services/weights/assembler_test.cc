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
    const std::string bytes = AllBytes(weights);
    for (uint64_t at = 0; at < bytes.size(); at += 1000) frames.push_back(Chunk(at, bytes.substr(at, 1000)));
    frames.push_back(EndFrame(weights));
    return frames;
  }
  // Adds all; the last answer, or the first error.
  absl::StatusOr<std::shared_ptr<const Received>> AddAll(const std::vector<v1::WeightFrame>& frames) {
    absl::StatusOr<std::shared_ptr<const Received>> last;
    for (const v1::WeightFrame& frame : frames) {
      last = assembler_->Add(frame);
      if (!last.ok()) return last;
    }
    return last;
  }
  void ExpectRefused(const std::vector<v1::WeightFrame>& frames, absl::StatusCode code) {
    EXPECT_EQ(AddAll(frames).status().code(), code);
    // And the next whole version is taken as if nothing had happened.
    const auto next = AddAll(Frames(weights_));
    ASSERT_TRUE(next.ok()) << next.status();
    EXPECT_NE(*next, nullptr);
  }

  model::WeightSet weights_ = TestWeights(1);
  std::unique_ptr<Assembler> assembler_ = std::make_unique<Assembler>(1 << 20);
};

TEST_F(AssemblerTest, PutsAVersionTogether) {
  const auto received = AddAll(Frames(weights_));
  ASSERT_TRUE(received.ok()) << received.status();
  ASSERT_NE(*received, nullptr);
  EXPECT_EQ((*received)->version, (model::WeightVersion{2, 5}));
  EXPECT_TRUE(AllBytes((*received)->weights) == AllBytes(weights_));
  EXPECT_EQ((*received)->weights.digest, weights_.digest);
  ASSERT_EQ((*received)->weights.tensors.size(), 2u);
  EXPECT_EQ((*received)->weights.tensors[1].meta.name, "model.vector");
  EXPECT_EQ((*received)->weights.tensors[1].digest, weights_.tensors[1].digest);
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
  frames.insert(frames.end() - 1, Chunk(weights_.bytes, "x"));
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
  EXPECT_EQ(assembler_->Add(BeginFrame({1, 1}, big, 0)).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(AssemblerTest, NoTensorsIsAVersionToo) {
  const auto empty = model::PackWeights({});
  ASSERT_TRUE(empty.ok());
  const auto received = AddAll(Frames(*empty));
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_NE(*received, nullptr);
}

// `weights` with another vector.
model::WeightSet OtherVector(const model::WeightSet& weights, const std::string& vector) {
  std::vector<model::TensorView> views = model::WeightViews(weights);
  views[1].bytes = vector;
  return model::PackWeights(views).value();
}

TEST_F(AssemblerTest, EachVersionIsTheBaseOfTheNext) {
  const auto first = *AddAll(Frames(weights_, 5));
  ASSERT_NE(first, nullptr);
  const std::string vector = RandomBytes(400, 7);
  const model::WeightSet changed = OtherVector(weights_, vector);
  const auto second = *AddAll(Frames(changed, 6));
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->weights.tensors[0].data, first->weights.tensors[0].data) << "held once";
  EXPECT_EQ(*second->weights.tensors[1].data, vector);
  EXPECT_EQ(second->weights.digest, changed.digest);
  // What is shared does not need the version that it came with.
  EXPECT_EQ(*first->weights.tensors[1].data, *weights_.tensors[1].data);
}

TEST_F(AssemblerTest, StartsFromTheVersionThatIsThere) {
  const auto base = std::make_shared<const Received>(
      Received{.version = {1, 4}, .weights = OtherVector(weights_, RandomBytes(400, 7))});
  assembler_ = std::make_unique<Assembler>(1 << 20, base);
  const auto received = *AddAll(Frames(weights_));
  ASSERT_NE(received, nullptr);
  EXPECT_EQ(received->weights.tensors[0].data, base->weights.tensors[0].data);
  EXPECT_NE(received->weights.tensors[1].data, base->weights.tensors[1].data);
  EXPECT_TRUE(AllBytes(received->weights) == AllBytes(weights_));
}

TEST_F(AssemblerTest, AVersionThatIsRefusedIsNoBase) {
  const auto first = *AddAll(Frames(weights_, 5));
  auto damaged = Frames(OtherVector(weights_, RandomBytes(400, 7)), 6);
  (*damaged[2].mutable_snapshot_chunk()->mutable_data())[17] ^= 1;
  EXPECT_EQ(AddAll(damaged).status().code(), absl::StatusCode::kDataLoss);
  const auto next = *AddAll(Frames(weights_, 7));
  ASSERT_NE(next, nullptr);
  EXPECT_EQ(next->weights.tensors[0].data, first->weights.tensors[0].data);
  EXPECT_EQ(next->weights.tensors[1].data, first->weights.tensors[1].data);
  EXPECT_EQ(next->version.number, 7u);
}

}  // namespace
}  // namespace drover::weights
