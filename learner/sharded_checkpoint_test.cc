// Checkpoints that ranks write together, each its own moments.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <thread>

#include "base/file.h"
#include "base/folder_digests.h"
#include "learner/checkpoint.h"
#include "learner/followers.h"
#include "learner/shard_files.h"
#include "learner/testing/short_run.h"
#include "learner/testing/support.h"
#include "model/safetensors.h"

namespace drover::learner {
namespace {

using testing::HasSubstr;
using testing_support::CopyWeights;
using testing_support::ExpectSameToRounding;
using testing_support::FreshFolder;
using testing_support::MakeRollout;
using testing_support::Outcome;
using testing_support::RunRanks;
using testing_support::SameBits;
using testing_support::TinyModel;
using testing_support::TinyModelFor;
using testing_support::TinyOptions;

struct Ranks {
  Sharding sharding = Sharding::kOptimizer;
  int count = 2;
  torch::ScalarType dtype = torch::kFloat32;  // of the model
  bool values = false;                        // a value head beside it
};

const model::CompanionFiles kCompanions = {{"tokenizer.json", "{}"}};

// Runs `lead` on rank 0 of `ranks`, whose checkpoints are in `folder`; `wrong` is the folder that rank 1 takes for it.
void Lead(const Ranks& ranks, const std::string& folder, const std::function<void(Trainer&)>& lead,
          const std::string& wrong = "") {
  RunRanks(ranks.count, absl::Seconds(60), [&](Collectives& collectives) {
    TrainerOptions options = TinyOptions();
    options.loss.kl_coefficient = 0.01;
    if (ranks.values) options.advantage.baseline = Baseline::kValue, options.loss.value_coefficient = 0.1;
    options.sharding.sharding = ranks.sharding;
    options.checkpoints = collectives.rank() == 1 && !wrong.empty() ? wrong : folder;
    auto trainer =
        Trainer::Create(options, TinyModelFor(options, 1 + collectives.rank(), ranks.dtype), &collectives);
    ASSERT_TRUE(trainer.ok()) << trainer.status();
    if (collectives.rank() != 0) {
      const auto end = FollowLeader(**trainer, collectives);
      EXPECT_TRUE(end.ok()) << end.status();
      return;
    }
    lead(**trainer);
    EXPECT_TRUE((*trainer)->StopFollowers().ok());
  });
}

std::vector<v1::Group> Groups() { return MakeRollout(*TinyModel(), 71); }

Outcome Train(Trainer& trainer, uint64_t rollout) {
  Outcome outcome;
  const auto stats = trainer.Update(Groups(), rollout, rollout);
  EXPECT_TRUE(stats.ok()) << stats.status();
  if (stats.ok()) outcome.stats.push_back(*stats);
  outcome.weights = CopyWeights(trainer);
  return outcome;
}

// Rollout 0, a checkpoint of it at folder/one, which is written while rollout 1 is trained: what that comes to.
Outcome SaveOne(const Ranks& ranks, const std::string& folder) {
  Outcome outcome;
  Lead(ranks, folder, [&](Trainer& trainer) {
    ASSERT_TRUE(trainer.BeginReinforcement().ok());
    Train(trainer, 0);
    const auto snapshot = TakeSnapshot(trainer, {.rollouts = 1, .version = 1}, kCompanions);
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    outcome = Train(trainer, 1);
    const absl::Status written = WriteCheckpoint(folder + "/one", *snapshot);
    ASSERT_TRUE(written.ok()) << written;
  });
  return outcome;
}

Outcome LoadOne(const Ranks& ranks, const std::string& folder) {
  Outcome outcome;
  Lead(ranks, folder, [&](Trainer& trainer) {
    const auto meta = LoadCheckpoint(folder + "/one", &trainer);
    ASSERT_TRUE(meta.ok()) << meta.status();
    EXPECT_EQ(meta->rollouts, 1u);
    outcome = Train(trainer, 1);
  });
  return outcome;
}

class ShardedCheckpoint : public testing::TestWithParam<Sharding> {};

TEST_P(ShardedCheckpoint, GoesOnBitForBitOnAsManyRanksAndToRoundingOnOthers) {
  const std::string folder = FreshFolder("sharded_checkpoint");
  const Outcome straight = SaveOne({GetParam(), 3}, folder);
  EXPECT_TRUE(CheckFolderDigests(folder + "/one").ok());
  EXPECT_TRUE(SameBits(LoadOne({GetParam(), 3}, folder).weights, straight.weights));
  for (const Ranks& other : {Ranks{GetParam(), 2}, Ranks{GetParam(), 1}, Ranks{Sharding::kNone, 2},
                             Ranks{Sharding::kGradients, 2}, Ranks{Sharding::kWeights, 4}}) {
    ExpectSameToRounding(straight, LoadOne(other, folder));
  }
}

// Of bfloat16 the master weights are in the state, or in the shards.
TEST_P(ShardedCheckpoint, OfBfloat16IsReadByRanksThatShareSomethingElse) {
  const std::string folder = FreshFolder("sharded_checkpoint_modes");
  const Outcome straight = SaveOne({GetParam(), 2, torch::kBFloat16}, folder);
  for (const Sharding other :
       {Sharding::kNone, Sharding::kOptimizer, Sharding::kGradients, Sharding::kWeights}) {
    const Outcome loaded = LoadOne({other, 2, torch::kBFloat16}, folder);
    EXPECT_NEAR(loaded.stats.at(0).steps.at(0).loss, straight.stats.at(0).steps.at(0).loss, 1e-6);
    EXPECT_NEAR(loaded.stats.at(0).steps.at(0).grad_norm, straight.stats.at(0).steps.at(0).grad_norm, 1e-4);
  }
}

TEST_P(ShardedCheckpoint, OfBfloat16GoesOnBitForBit) {
  const std::string folder = FreshFolder("sharded_checkpoint_bfloat16");
  const Ranks ranks = {GetParam(), 2, torch::kBFloat16};
  const Outcome straight = SaveOne(ranks, folder);
  EXPECT_TRUE(SameBits(LoadOne(ranks, folder).weights, straight.weights));
}

TEST_P(ShardedCheckpoint, OfAValueHeadGoesOnBitForBit) {
  if (GetParam() == Sharding::kWeights) GTEST_SKIP() << "refused: WeightShards.AValueHeadIsRefused";
  const std::string folder = FreshFolder("sharded_checkpoint_values");
  const Ranks ranks = {GetParam(), 3, torch::kFloat32, /*values=*/true};
  const Outcome straight = SaveOne(ranks, folder), resumed = LoadOne(ranks, folder);
  EXPECT_TRUE(SameBits(resumed.weights, straight.weights));
  EXPECT_EQ(resumed.stats.at(0).value_loss, straight.stats.at(0).value_loss);
  EXPECT_EQ(resumed.stats.at(0).explained_variance, straight.stats.at(0).explained_variance);
  EXPECT_NE(straight.stats.at(0).explained_variance, 0.0) << "so that the head has learnt something";
}

TEST_P(ShardedCheckpoint, OneOfOneRankIsReadBySeveral) {
  const std::string folder = FreshFolder("sharded_checkpoint_of_one");
  const Outcome straight = SaveOne({Sharding::kNone, 1}, folder);
  EXPECT_FALSE(std::filesystem::exists(folder + "/one/" + ShardFile(0)));
  ExpectSameToRounding(straight, LoadOne({GetParam(), 3}, folder));
}

INSTANTIATE_TEST_SUITE_P(All, ShardedCheckpoint,
                         testing::Values(Sharding::kOptimizer, Sharding::kGradients, Sharding::kWeights));

TEST(ShardedCheckpoint, EachRankWritesItsMomentsAndNoOther) {
  const std::string folder = FreshFolder("sharded_files");
  SaveOne({Sharding::kOptimizer, 2, torch::kBFloat16}, folder);  // so that master weights are in the state
  const auto state = model::SafetensorsFile::Open(folder + "/one/" + kStateFile).value();
  EXPECT_EQ(state.metadata().at("drover.format"), "drover.training_state.v2");
  EXPECT_EQ(state.metadata().at(kShardsKey), "2");
  int64_t weights = 0, moments = 0;
  for (const auto& view : state.tensors()) {
    EXPECT_EQ(view.name.find("moment"), std::string::npos) << view.name;
    if (view.name.rfind("weight.", 0) == 0) weights += static_cast<int64_t>(view.bytes.size());
  }
  for (int rank = 0; rank < 2; ++rank) {
    const auto shard = model::SafetensorsFile::Open(folder + "/one/" + ShardFile(rank)).value();
    EXPECT_EQ(shard.metadata().at("drover.shard"), std::to_string(rank));
    int64_t own = 0;
    for (const auto& view : shard.tensors()) own += static_cast<int64_t>(view.bytes.size());
    EXPECT_NEAR(static_cast<double>(own), static_cast<double>(weights), 0.05 * static_cast<double>(weights));
    moments += own;
  }
  EXPECT_EQ(moments, 2 * weights);
}

TEST(ShardedCheckpoint, EachRankWritesItsWeightsToo) {
  const std::string folder = FreshFolder("sharded_weight_files");
  SaveOne({Sharding::kWeights, 2, torch::kBFloat16}, folder);
  const auto state = model::SafetensorsFile::Open(folder + "/one/" + kStateFile).value();
  for (const auto& view : state.tensors()) EXPECT_EQ(view.name.rfind("reference.", 0), 0u) << view.name;
  std::map<std::string, int64_t> bytes;  // by what it is
  for (int rank = 0; rank < 2; ++rank) {
    const auto shard = model::SafetensorsFile::Open(folder + "/one/" + ShardFile(rank)).value();
    for (const auto& view : shard.tensors())
      bytes[view.name.substr(0, view.name.find('.'))] += static_cast<int64_t>(view.bytes.size());
  }
  int64_t elements = 0;
  const auto model = TinyModel();
  for (const auto& [name, weight] : model->weights()) elements += weight.numel();
  EXPECT_EQ(bytes.at("weight"), 4 * elements);
  EXPECT_EQ(bytes.at("first_moment"), 4 * elements);
  EXPECT_EQ(bytes.at("second_moment"), 4 * elements);
}

// Of float32 model.safetensors is the master weights: they are not stored twice.
TEST(ShardedCheckpoint, Float32WeightsAreStoredOnce) {
  const std::string folder = FreshFolder("sharded_weights_once");
  SaveOne({Sharding::kWeights, 2}, folder);
  const auto shard = model::SafetensorsFile::Open(folder + "/one/" + ShardFile(1)).value();
  for (const auto& view : shard.tensors()) EXPECT_NE(view.name.rfind("weight.", 0), 0u) << view.name;
}

// A rank that does not reach the folder, or has no room: no checkpoint, the one before stays, and training goes on.
TEST(ShardedCheckpoint, IsNotThereWhereARankCannotWrite) {
  const std::string folder = FreshFolder("sharded_unwritable");
  SaveOne({}, folder);
  Lead(
      {}, folder,
      [&](Trainer& trainer) {
        ASSERT_TRUE(LoadCheckpoint(folder + "/one", &trainer).ok());
        for (int attempt = 0; attempt < 2; ++attempt) {
          const absl::Status saved = SaveCheckpoint(folder + "/one", trainer, {.rollouts = 9}, kCompanions);
          EXPECT_FALSE(saved.ok());
          EXPECT_THAT(std::string(saved.message()), HasSubstr("rank 1's part of the checkpoint"));
          EXPECT_FALSE(std::filesystem::exists(folder + "/one.tmp"));
        }
        EXPECT_EQ(ReadCheckpointMeta(folder + "/one")->rollouts, 1u);
        Train(trainer, 1);
      },
      folder + "/not/there");
}

// Rank 0 gives up before it has a folder, as on a full disk: the others drop their copies, and the next save is as ever.
TEST(ShardedCheckpoint, OneThatIsGivenUpIsInNobodysWay) {
  const std::string folder = FreshFolder("sharded_given_up");
  Lead({}, folder, [&](Trainer& trainer) {
    ASSERT_TRUE(trainer.BeginReinforcement().ok());
    ASSERT_TRUE(TakeSnapshot(trainer, {}, kCompanions).ok());
    const absl::Status saved = SaveCheckpoint(folder + "/one", trainer, {.rollouts = 1}, kCompanions);
    EXPECT_TRUE(saved.ok()) << saved;
  });
}

// Each rank's folder is another: rank 1 writes where rank 0 does not see it.
TEST(ShardedCheckpoint, SaysThatTheRanksNeedOneFolder) {
  const std::string folder = FreshFolder("sharded_apart"), other = FreshFolder("sharded_apart_other");
  std::filesystem::create_directories(other + "/one.tmp");
  Lead(
      {}, folder,
      [&](Trainer& trainer) {
        ASSERT_TRUE(trainer.BeginReinforcement().ok());
        const absl::Status saved = SaveCheckpoint(folder + "/one", trainer, {}, kCompanions);
        EXPECT_THAT(std::string(saved.message()), HasSubstr("on a disk that all ranks reach"));
      },
      other);
}

TEST(ShardedCheckpoint, RefusesShardsThatAreMissingDamagedOrOfAnotherSave) {
  namespace fs = std::filesystem;
  const std::string folder = FreshFolder("sharded_damaged"), other = FreshFolder("sharded_damaged_other");
  SaveOne({}, folder);
  Lead({}, other, [&](Trainer& trainer) {
    ASSERT_TRUE(trainer.BeginReinforcement().ok());
    ASSERT_TRUE(SaveCheckpoint(other + "/one", trainer, {}, kCompanions).ok());
  });
  const std::string name = ShardFile(1);
  const auto refused = [&](const std::string& why) {
    const auto alone = LocalCollectives();
    TrainerOptions options = TinyOptions();
    options.loss.kl_coefficient = 0.01;
    const auto trainer = Trainer::Create(options, TinyModel(), alone.get()).value();
    const auto meta = LoadCheckpoint(folder + "/one", trainer.get());
    EXPECT_TRUE(absl::IsDataLoss(meta.status())) << meta.status();
    EXPECT_THAT(std::string(meta.status().message()), testing::AllOf(HasSubstr(name), HasSubstr(why)));
  };
  const std::string path = folder + "/one/" + name, bytes = ReadFile(path).value();
  fs::copy_file(other + "/one/" + name, path, fs::copy_options::overwrite_existing);
  refused("damaged");
  fs::remove(folder + "/one/" + kDigestsFile);
  refused("of different saves");
  fs::remove(path);
  refused("");
  ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  fs::resize_file(path, bytes.size() / 2);
  refused("");
}

// Shards that leave a hole, though each is whole.
TEST(ShardedCheckpoint, RefusesAHole) {
  const std::string folder = FreshFolder("sharded_hole");
  SaveOne({}, folder);
  std::filesystem::remove(folder + "/one/" + kDigestsFile);
  const std::string path = folder + "/one/" + ShardFile(1);
  const auto file = model::SafetensorsFile::Open(path).value();
  std::vector<model::TensorView> views = file.tensors();
  const model::SafetensorsMetadata metadata = file.metadata();
  views.erase(views.begin());
  ASSERT_TRUE(model::WriteSafetensors(path, views, metadata).ok());
  const auto alone = LocalCollectives();
  TrainerOptions options = TinyOptions();
  options.loss.kl_coefficient = 0.01;
  const auto trainer = Trainer::Create(options, TinyModel(), alone.get()).value();
  const auto meta = LoadCheckpoint(folder + "/one", trainer.get());
  EXPECT_THAT(std::string(meta.status().message()),
              testing::AnyOf(HasSubstr("missing"), HasSubstr("add up")));
}

}  // namespace
}  // namespace drover::learner
