// Training of adapters alone: what is trained, what a checkpoint of it holds, and that nothing depends on how it is run.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "learner/checkpoint.h"
#include "learner/testing/support.h"
#include "model/ops.h"
#include "model/safetensors.h"

namespace drover::learner {
namespace {

using ::testing::HasSubstr;
using testing_support::CopyWeights;
using testing_support::FreshFolder;
using testing_support::MakeRollout;
using testing_support::RunRanks;
using testing_support::SameBits;
using testing_support::TinyModel;
using testing_support::TinyOptions;

const model::CompanionFiles kFiles = {{"tokenizer.json", "{}"}};

// `seed` is of the frozen weights.
std::unique_ptr<model::Transformer> AdaptedModel(torch::ScalarType dtype = torch::kFloat32, uint64_t seed = 1,
                                                 uint64_t adapter_seed = 7) {
  at::set_num_threads(1);
  model::TransformerOptions options;
  options.dtype = dtype;
  options.trainable = true;
  options.lora =
      model::LoraConfig{.rank = 4, .alpha = 8.0, .targets = {}, .base = "/models/base", .seed = adapter_seed};
  return *model::Transformer::Create(model::testing::TrainingConfig(), options, seed, /*init_std=*/0.4);
}

std::unique_ptr<Trainer> MakeTrainer(const TrainerOptions& options,
                                     std::unique_ptr<model::Transformer> model) {
  static Collectives* const alone = LocalCollectives().release();
  auto trainer = Trainer::Create(options, std::move(model), alone);
  EXPECT_TRUE(trainer.ok()) << trainer.status().ToString();
  return *std::move(trainer);
}

TrainerOptions FastOptions() {
  TrainerOptions options = TinyOptions();
  options.learning_rate = 2e-2;
  return options;
}

CheckpointMeta Meta(uint64_t rollouts) {
  CheckpointMeta meta;
  meta.rollouts = meta.version = rollouts;
  return meta;
}

std::string Digest(const Trainer& trainer) { return trainer.model().Export()->digest; }

class Lora : public ::testing::TestWithParam<torch::ScalarType> {};
INSTANTIATE_TEST_SUITE_P(Dtypes, Lora, ::testing::Values(torch::kFloat32, torch::kBFloat16));

// What an actor with this version of the adapters records: the log-probabilities of one pass over each response alone.
void Record(const Trainer& trainer, std::vector<v1::Group>* groups) {
  model::TransformerOptions options = trainer.model().options();
  options.trainable = false;
  const auto actor = *model::Transformer::CreateEmpty(trainer.model().config(), options);
  ASSERT_TRUE(actor->ImportBase(*trainer.model().ExportBase()).ok());
  ASSERT_TRUE(actor->Import(*trainer.model().Export()).ok());
  at::NoGradGuard no_grad;
  for (v1::Group& group : *groups) {
    for (v1::Response& response : *group.mutable_responses()) {
      std::vector<int64_t> ids(group.prompt_token_ids().begin(), group.prompt_token_ids().end());
      ids.insert(ids.end(), response.token_ids().begin(), response.token_ids().end());
      const int64_t prompt = group.prompt_token_ids_size(), length = response.token_ids_size();
      const torch::Tensor ids_1T = at::tensor(ids, at::kLong).unsqueeze(0);
      const torch::Tensor hidden_RD = actor->Hidden(ids_1T)[0].narrow(0, prompt - 1, length);
      const torch::Tensor logprobs_R =
          model::ops::ScoreTokens(actor->Logits(hidden_RD), ids_1T[0].narrow(0, prompt, length),
                                  /*temperature=*/1.0, /*entropy=*/false)
              .logprobs_R;
      for (int64_t t = 0; t < length; ++t) {
        response.set_logprobs(static_cast<int>(t), logprobs_R[t].item<float>());
      }
    }
  }
}

TEST_P(Lora, TrainsAdaptersAloneWithoutAGap) {
  const auto trainer = MakeTrainer(FastOptions(), AdaptedModel(GetParam()));
  ASSERT_TRUE(trainer->BeginReinforcement().ok());
  const std::vector<torch::Tensor> frozen = CopyWeights(trainer->model());
  std::string before = Digest(*trainer);
  for (uint64_t rollout = 0; rollout < 3; ++rollout) {
    testing_support::RolloutShape shape;
    shape.version = rollout;
    auto groups = MakeRollout(trainer->model(), 50 + rollout, shape);
    Record(*trainer, &groups);
    const auto stats = trainer->Update(groups, rollout, rollout);
    ASSERT_TRUE(stats.ok()) << stats.status().ToString();
    EXPECT_EQ(stats->logprob_gap_max, 0.0);
    EXPECT_GT(stats->grad_norm, 0.0);
    EXPECT_NE(Digest(*trainer), before);
    before = Digest(*trainer);
  }
  EXPECT_TRUE(SameBits(frozen, CopyWeights(trainer->model())));
}

TEST_P(Lora, LearnsASequence) {
  const auto trainer = MakeTrainer(FastOptions(), AdaptedModel(GetParam()));
  const std::vector<SupervisedExample> examples = {{{2, 3}, {4, 5, 6, 1}}, {{7}, {8, 9, 1}}};
  const double before = trainer->MeasureSupervised(examples, 64)->nats;
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(trainer->SupervisedStep(examples, {.learning_rate = 2e-2}).ok());
  }
  EXPECT_LT(trainer->MeasureSupervised(examples, 64)->nats, 0.2 * before);
}

// The reference is the frozen model, and no part of the state.
TEST(LoraReference, IsTheFrozenModel) {
  TrainerOptions options = FastOptions();
  options.loss.kl_coefficient = 0.1;
  const auto trainer = MakeTrainer(options, AdaptedModel());
  ASSERT_TRUE(trainer->BeginReinforcement().ok());
  EXPECT_TRUE(trainer->State().reference.empty());
  const auto groups = MakeRollout(trainer->model(), 60);
  const auto first = trainer->Update(groups, 0, 0);
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  const auto second = trainer->Update(groups, 1, 1);
  EXPECT_GT(second->kl_reference, first->kl_reference);

  // The same run of a whole model whose weights are the frozen ones has the same log-probabilities to refer to.
  torch::Tensor of_reference =
      testing_support::PlainLogprobs(*trainer->model().WithoutAdapters(), groups[0], groups[0].responses(0));
  EXPECT_TRUE(at::equal(of_reference,
                        testing_support::PlainLogprobs(*AdaptedModel(), groups[0], groups[0].responses(0))));
}

TEST_P(Lora, AResumedRunGoesOnBitForBit) {
  TrainerOptions options = FastOptions();
  options.loss.kl_coefficient = 0.01;
  const std::string dir = FreshFolder("lora_round_trip") + "/checkpoint";
  const auto groups = MakeRollout(*TinyModel(), 71);
  const auto straight = MakeTrainer(options, AdaptedModel(GetParam()));
  ASSERT_TRUE(straight->BeginReinforcement().ok());
  ASSERT_TRUE(straight->Update(groups, 0, 0).ok());
  absl::Status saved = SaveCheckpoint(dir, *straight, Meta(1), kFiles);
  ASSERT_TRUE(saved.ok()) << saved.ToString();

  const auto resumed = MakeTrainer(options, AdaptedModel(GetParam(), 1, /*adapter_seed=*/99));
  EXPECT_NE(Digest(*straight), Digest(*resumed));
  const auto meta = LoadCheckpoint(dir, resumed.get());
  ASSERT_TRUE(meta.ok()) << meta.status().ToString();
  EXPECT_EQ(Digest(*straight), Digest(*resumed));
  for (uint64_t rollout = 1; rollout < 3; ++rollout) {
    const auto a = straight->Update(groups, rollout, rollout), b = resumed->Update(groups, rollout, rollout);
    ASSERT_TRUE(a.ok() && b.ok());
    EXPECT_EQ(a->loss, b->loss);
    EXPECT_EQ(a->kl_reference, b->kl_reference);
    EXPECT_EQ(Digest(*straight), Digest(*resumed));
  }
}

// What peft 0.21 reads: its names, float32, and the fields of its configuration.
TEST(LoraCheckpoint, IsAnAdapterFolder) {
  const std::string dir = FreshFolder("lora_folder") + "/checkpoint";
  const auto trainer = MakeTrainer(FastOptions(), AdaptedModel(torch::kBFloat16));
  ASSERT_TRUE(trainer->BeginReinforcement().ok());
  ASSERT_TRUE(trainer->Update(MakeRollout(*TinyModel(), 71), 0, 0).ok());
  ASSERT_TRUE(SaveCheckpoint(dir, *trainer, Meta(1), kFiles).ok());
  EXPECT_FALSE(std::filesystem::exists(dir + "/model.safetensors"));
  const auto file = model::SafetensorsFile::Open(dir + "/adapter_model.safetensors");
  ASSERT_TRUE(file.ok());
  const model::ModelConfig config = model::testing::TrainingConfig();
  EXPECT_EQ(file->tensors().size(), static_cast<size_t>(2 * 7 * config.num_layers));
  const auto* a = file->Find("base_model.model.model.layers.1.mlp.down_proj.lora_A.weight");
  const auto* b = file->Find("base_model.model.model.layers.1.mlp.down_proj.lora_B.weight");
  ASSERT_TRUE(a != nullptr && b != nullptr);
  EXPECT_EQ(a->dtype, model::Dtype::kF32);
  EXPECT_EQ(a->shape, (std::vector<int64_t>{4, config.intermediate_size}));
  EXPECT_EQ(b->shape, (std::vector<int64_t>{config.hidden_size, 4}));
  const auto json = nlohmann::json::parse(*ReadFile(dir + "/adapter_config.json"));
  EXPECT_EQ(json["peft_type"], "LORA");
  EXPECT_EQ(json["task_type"], "CAUSAL_LM");
  EXPECT_EQ(json["r"], 4);
  EXPECT_EQ(json["lora_alpha"], 8);
  EXPECT_EQ(json["bias"], "none");
  EXPECT_EQ(json["base_model_name_or_path"], "/models/base");
  EXPECT_EQ(json["target_modules"], (std::vector<std::string>{"down_proj", "gate_proj", "k_proj", "o_proj",
                                                              "q_proj", "up_proj", "v_proj"}));
  const auto state = model::SafetensorsFile::Open(dir + "/training_state.safetensors");
  EXPECT_EQ(state->tensors().size(), 2 * file->tensors().size());  // moments, and nothing else
}

// A folder of adapters loads as the model that they make of their base: the bits of the run's own policy.
TEST_P(Lora, ACheckpointLoadsAsTheMergedModel) {
  const std::string folder = FreshFolder("lora_merged");
  auto model = AdaptedModel(GetParam());
  const auto base = model->ExportBase();
  ASSERT_TRUE(MakeFolders(folder + "/base").ok());
  model::ModelConfig config = model->config();
  config.dtype = GetParam() == torch::kFloat32 ? model::Dtype::kF32 : model::Dtype::kBF16;
  ASSERT_TRUE(WriteFileAtomically(folder + "/base/config.json", model::ModelConfigJson(config)).ok());
  ASSERT_TRUE(model::WriteSafetensors(folder + "/base/model.safetensors", model::WeightViews(*base)).ok());
  const auto trainer = MakeTrainer(FastOptions(), std::move(model));
  ASSERT_TRUE(trainer->Update(MakeRollout(*TinyModel(), 71), 0, 0).ok());
  const std::string dir = folder + "/checkpoint";
  ASSERT_TRUE(SaveCheckpoint(dir, *trainer, Meta(1), kFiles).ok());

  model::TransformerOptions options;
  options.dtype = GetParam();
  const auto missing = model::Transformer::Load(dir, options);
  EXPECT_THAT(std::string(missing.status().message()),
              HasSubstr("has adapters for the model in `/models/base`"));

  auto json = nlohmann::json::parse(*ReadFile(dir + "/adapter_config.json"));
  json["base_model_name_or_path"] = folder + "/base";
  ASSERT_TRUE(WriteFileAtomically(dir + "/adapter_config.json", json.dump()).ok());
  const auto merged = model::Transformer::Load(dir, options);
  ASSERT_TRUE(merged.ok()) << merged.status().ToString();
  const auto groups = MakeRollout(*TinyModel(), 72);
  for (const v1::Response& response : groups[0].responses()) {
    EXPECT_TRUE(at::equal(testing_support::PlainLogprobs(**merged, groups[0], response),
                          testing_support::PlainLogprobs(trainer->model(), groups[0], response)));
  }
}

TEST(LoraCheckpoint, IsOfOneBase) {
  const std::string dir = FreshFolder("lora_base") + "/checkpoint";
  const auto trainer = MakeTrainer(FastOptions(), AdaptedModel());
  ASSERT_TRUE(SaveCheckpoint(dir, *trainer, Meta(0), kFiles).ok());
  const auto other = MakeTrainer(FastOptions(), AdaptedModel(torch::kFloat32, /*seed=*/2));
  const absl::Status status = LoadCheckpoint(dir, other.get()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("give it the model that the run began with"));
  const auto whole = MakeTrainer(FastOptions(), TinyModel());
  EXPECT_THAT(std::string(LoadCheckpoint(dir, whole.get()).status().message()), HasSubstr("learner.lora"));
}

// Ranks whose files differ have rank 0's weights and adapters; all end with the same ones.
TEST(LoraRanks, TrainAlike) {
  const auto groups = MakeRollout(*TinyModel(), 90);
  std::mutex mutex;
  std::vector<std::string> digests, bases;
  RunRanks(2, absl::Seconds(60), [&](Collectives& collectives) {
    TrainerOptions options = FastOptions();
    options.loss.kl_coefficient = 0.02;
    auto trainer =
        Trainer::Create(options, AdaptedModel(torch::kFloat32, 1 + collectives.rank()), &collectives);
    ASSERT_TRUE(trainer.ok()) << trainer.status().ToString();
    v1::RankCommand begin;
    begin.mutable_begin_reinforcement();
    ASSERT_TRUE((*trainer)->Execute(begin).ok());
    v1::RankCommand update;
    update.mutable_update()->set_rate_scale(1.0);
    for (const v1::Group& group : groups) *update.mutable_update()->add_groups() = group;
    ASSERT_TRUE((*trainer)->Execute(update).ok());
    const std::lock_guard<std::mutex> lock(mutex);
    digests.push_back(Digest(**trainer));
    bases.push_back((*trainer)->base_digest());
  });
  ASSERT_EQ(digests.size(), 2u);
  EXPECT_EQ(digests[0], digests[1]);
  EXPECT_EQ(bases[0], bases[1]);
  EXPECT_EQ(bases[0], AdaptedModel()->ExportBase()->digest);
}

}  // namespace
}  // namespace drover::learner
