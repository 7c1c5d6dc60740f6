#include "learner/checkpoint.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/folder_digests.h"
#include "learner/testing/support.h"
#include "model/safetensors.h"

namespace drover::learner {
namespace {

using testing::HasSubstr;
using testing_support::CopyWeights;
using testing_support::FreshFolder;
using testing_support::LargestDifference;
using testing_support::MakeRollout;
using testing_support::SameBits;
using testing_support::TinyModel;
using testing_support::TinyOptions;

std::unique_ptr<Trainer> MakeTrainer(const TrainerOptions& options, uint64_t seed = 1,
                                     torch::ScalarType dtype = torch::kFloat32) {
  static Collectives* const alone = LocalCollectives().release();
  auto trainer = Trainer::Create(options, TinyModel(seed, dtype), alone);
  EXPECT_TRUE(trainer.ok()) << trainer.status().ToString();
  return *std::move(trainer);
}

const model::CompanionFiles kFiles = {{"tokenizer.json", "{}"}};

CheckpointMeta Meta(uint64_t rollouts) {
  CheckpointMeta meta;
  meta.rollouts = rollouts;
  meta.version = rollouts;
  return meta;
}

class RoundTrip : public testing::TestWithParam<torch::ScalarType> {};

TEST_P(RoundTrip, AResumedRunGoesOnBitForBit) {
  TrainerOptions options = TinyOptions();
  options.loss.kl_coefficient = 0.01;
  options.warmup_steps = 3;
  const std::string dir = FreshFolder("round_trip") + "/checkpoint";
  const auto groups = MakeRollout(*TinyModel(), 71);
  const auto straight = MakeTrainer(options, 1, GetParam());
  ASSERT_TRUE(straight->SupervisedStep({{{2}, {3}}}, {.learning_rate = 1e-3}).ok());
  ASSERT_TRUE(straight->BeginReinforcement().ok());
  ASSERT_TRUE(straight->Update(groups, 0, 0).ok());
  absl::Status saved = SaveCheckpoint(dir, *straight, Meta(1), kFiles);
  ASSERT_TRUE(saved.ok()) << saved.ToString();

  // Other weights: all come from the folder.
  const auto resumed = MakeTrainer(options, /*seed=*/99, GetParam());
  const auto meta = LoadCheckpoint(dir, resumed.get());
  ASSERT_TRUE(meta.ok()) << meta.status().ToString();
  EXPECT_EQ(meta->rollouts, 1u);
  EXPECT_EQ(meta->version, 1u);
  EXPECT_EQ(meta->counters.optimizer_steps, 2u);
  EXPECT_EQ(resumed->optimizer_steps(), 2u);
  EXPECT_EQ(straight->model().Export()->digest, resumed->model().Export()->digest);
  for (uint64_t rollout = 1; rollout < 4; ++rollout) {
    const auto a = straight->Update(groups, rollout, rollout);
    const auto b = resumed->Update(groups, rollout, rollout);
    ASSERT_TRUE(a.ok() && b.ok());
    for (size_t step = 0; step < a->steps.size(); ++step) {
      EXPECT_EQ(a->steps[step].loss, b->steps[step].loss);
      EXPECT_EQ(a->steps[step].grad_norm, b->steps[step].grad_norm);
    }
    EXPECT_EQ(a->kl_reference, b->kl_reference);
    EXPECT_EQ(a->last_step, b->last_step);
  }
  EXPECT_TRUE(SameBits(CopyWeights(straight->model()), CopyWeights(resumed->model())));
}

INSTANTIATE_TEST_SUITE_P(Dtypes, RoundTrip, testing::Values(torch::kFloat32, torch::kBFloat16));

TEST(Checkpoint, ASnapshotStaysAsItWasWhileTrainingGoesOn) {
  for (const torch::ScalarType dtype : {torch::kFloat32, torch::kBFloat16}) {
    const std::string dir = FreshFolder("snapshot") + "/checkpoint";
    TrainerOptions options = TinyOptions();
    options.loss.kl_coefficient = 0.01;
    const auto groups = MakeRollout(*TinyModel(), 71);
    const auto trainer = MakeTrainer(options, 1, dtype);
    ASSERT_TRUE(trainer->BeginReinforcement().ok());
    ASSERT_TRUE(trainer->Update(groups, 0, 0).ok());
    const auto snapshot = TakeSnapshot(*trainer, Meta(1), kFiles);
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    ASSERT_TRUE(trainer->Update(groups, 1, 1).ok());
    ASSERT_TRUE(WriteCheckpoint(dir, *snapshot).ok());

    const auto straight = MakeTrainer(options, 1, dtype);
    ASSERT_TRUE(straight->BeginReinforcement().ok());
    ASSERT_TRUE(straight->Update(groups, 0, 0).ok());
    const auto read = MakeTrainer(options, 99, dtype);
    const auto meta = LoadCheckpoint(dir, read.get());
    ASSERT_TRUE(meta.ok()) << meta.status();
    EXPECT_EQ(meta->counters.optimizer_steps, 2u);
    const auto a = straight->Update(groups, 1, 1);
    const auto b = read->Update(groups, 1, 1);
    ASSERT_TRUE(a.ok() && b.ok());
    EXPECT_EQ(a->kl_reference, b->kl_reference);
    EXPECT_TRUE(SameBits(CopyWeights(straight->model()), CopyWeights(read->model())));
  }
}

// What is published already is not made again: the snapshot has the very bytes, and its files are those of one without.
TEST(Checkpoint, ASnapshotSharesWhatIsPublished) {
  for (const torch::ScalarType dtype : {torch::kFloat32, torch::kBFloat16}) {
    const std::string shared = FreshFolder("shared") + "/checkpoint",
                      alone = FreshFolder("alone") + "/checkpoint";
    const auto trainer = MakeTrainer(TinyOptions(), 1, dtype);
    const auto published = trainer->ExportWeights();
    ASSERT_TRUE(published.ok()) << published.status();
    const auto snapshot = TakeSnapshot(*trainer, Meta(1), kFiles, *published);
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    ASSERT_EQ(snapshot->weights.tensors.size(), published->tensors.size());
    for (size_t i = 0; i < published->tensors.size(); ++i) {
      EXPECT_EQ(snapshot->weights.tensors[i].data, published->tensors[i].data);
    }
    ASSERT_TRUE(WriteCheckpoint(shared, *snapshot).ok());
    ASSERT_TRUE(SaveCheckpoint(alone, *trainer, Meta(1), kFiles).ok());
    for (const char* const file : {"model.safetensors", "training_state.safetensors"}) {
      const auto one = FileDigest(shared + "/" + file), other = FileDigest(alone + "/" + file);
      ASSERT_TRUE(one.ok() && other.ok());
      EXPECT_EQ(*one, *other) << file;
    }
  }
}

TEST(Checkpoint, IsAHuggingFaceDirectory) {
  const std::string dir = FreshFolder("hf") + "/checkpoint";
  const auto trainer = MakeTrainer(TinyOptions(), 1, torch::kBFloat16);
  ASSERT_TRUE(SaveCheckpoint(dir, *trainer, Meta(0), kFiles).ok());
  model::TransformerOptions options;
  options.dtype = torch::kBFloat16;
  const auto loaded = model::Transformer::Load(dir, options);
  ASSERT_TRUE(loaded.ok()) << loaded.status().ToString();
  EXPECT_EQ((*loaded)->Export()->digest, trainer->model().Export()->digest);
  EXPECT_EQ((*loaded)->config().eos_token_ids, trainer->model().config().eos_token_ids);
  const auto files = model::ReadCompanionFiles(dir);
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(files->at("tokenizer.json"), "{}");
  EXPECT_FALSE(std::filesystem::exists(dir + ".tmp"));
}

// Other programs round what they load to the dtype that config.json names.
TEST(Checkpoint, ConfigSaysWhatTheTensorsAre) {
  for (const auto& [stored, name] : {std::pair(torch::kFloat32, "float32"), {torch::kBFloat16, "bfloat16"}}) {
    const std::string dir = FreshFolder("dtype") + "/checkpoint";
    const auto trainer = MakeTrainer(TinyOptions(), 1, stored);
    model::ModelConfig source = trainer->model().config();
    for (const model::Dtype original : {model::Dtype::kBF16, model::Dtype::kF16, model::Dtype::kF32}) {
      source.dtype = original;
      auto config = nlohmann::json::parse(model::ModelConfigJson(source));
      config["transformers_version"] = "4.51.0";
      ASSERT_TRUE(SaveCheckpoint(dir, *trainer, Meta(0), {{"config.json", config.dump()}}).ok());
      config["torch_dtype"] = name;
      EXPECT_EQ(nlohmann::json::parse(ReadFile(dir + "/config.json").value()), config);
      const auto weights = model::SafetensorsFile::Open(dir + "/model.safetensors").value();
      EXPECT_EQ(weights.tensors()[0].dtype,
                stored == torch::kFloat32 ? model::Dtype::kF32 : model::Dtype::kBF16);
    }
  }
}

TEST(Checkpoint, CarriesTheFilesOfItsModel) {
  const std::string dir = FreshFolder("carried") + "/checkpoint";
  const auto trainer = MakeTrainer(TinyOptions());
  const model::CompanionFiles files = {{"chat_template.jinja", "{{ messages }}"},
                                       {"generation_config.json", R"({"eos_token_id":[1],"top_p":0.9})"},
                                       {"special_tokens_map.json", "{}"},
                                       {"tokenizer.json", "{}"}};
  ASSERT_TRUE(SaveCheckpoint(dir, *trainer, Meta(0), files).ok());
  model::CompanionFiles read = model::ReadCompanionFiles(dir).value();
  EXPECT_EQ(read.erase("config.json"), 1u);
  EXPECT_EQ(read, files);
}

TEST(Checkpoint, AnInterruptedSaveLeavesThePreviousOneWhole) {
  const std::string dir = FreshFolder("interrupted") + "/checkpoint";
  TrainerOptions options = TinyOptions();
  const auto trainer = MakeTrainer(options);
  ASSERT_TRUE(SaveCheckpoint(dir, *trainer, Meta(1), kFiles).ok());
  const auto before = CopyWeights(trainer->model());
  ASSERT_TRUE(trainer->Update(MakeRollout(*TinyModel(), 72), 1, 0).ok());

  // What a crash in the middle leaves: part of the files in the folder under construction.
  std::filesystem::create_directories(dir + ".tmp");
  std::ofstream(dir + ".tmp/model.safetensors") << "half";
  // A save that fails on the way: a file cannot be written because its folder is missing.
  EXPECT_FALSE(SaveCheckpoint(dir, *trainer, Meta(2), {{"no/such/folder.json", "{}"}}).ok());
  const auto reader = MakeTrainer(options, 5);
  auto meta = LoadCheckpoint(dir, reader.get());
  ASSERT_TRUE(meta.ok()) << meta.status().ToString();
  EXPECT_EQ(meta->rollouts, 1u);
  EXPECT_TRUE(SameBits(before, CopyWeights(reader->model())));

  // And the next one takes its place.
  ASSERT_TRUE(SaveCheckpoint(dir, *trainer, Meta(3), kFiles).ok());
  meta = LoadCheckpoint(dir, reader.get());
  ASSERT_TRUE(meta.ok()) << meta.status().ToString();
  EXPECT_EQ(meta->rollouts, 3u);
  EXPECT_TRUE(SameBits(CopyWeights(trainer->model()), CopyWeights(reader->model())));
  EXPECT_FALSE(std::filesystem::exists(dir + ".tmp"));
}

void Truncate(const std::string& path) {
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
}

void FlipLastByte(const std::string& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(-1, std::ios::end);
  const char last = static_cast<char>(file.get());
  file.seekp(-1, std::ios::end);
  file.put(static_cast<char>(last ^ 1));
}

struct Damage {
  const char* name;
  std::function<void(const std::string& dir)> spoil;
  const char* file;
  const char* why;
};

class LoadRefuses : public testing::TestWithParam<Damage> {};

TEST_P(LoadRefuses, NamingTheFile) {
  const std::string dir = FreshFolder("damaged") + "/checkpoint";
  const auto trainer = MakeTrainer(TinyOptions());
  ASSERT_TRUE(SaveCheckpoint(dir, *trainer, Meta(1), kFiles).ok());
  GetParam().spoil(dir);
  const auto reader = MakeTrainer(TinyOptions(), 5);
  const auto before = CopyWeights(reader->model());
  const auto meta = LoadCheckpoint(dir, reader.get());
  ASSERT_FALSE(meta.ok());
  EXPECT_THAT(std::string(meta.status().message()), HasSubstr(GetParam().file));
  EXPECT_THAT(std::string(meta.status().message()), HasSubstr(GetParam().why));
  EXPECT_TRUE(SameBits(before, CopyWeights(reader->model())));
}

// Writes the state again with `change` applied to its tensors and metadata.
void Rewrite(
    const std::string& dir,
    const std::function<void(std::vector<model::TensorView>&, model::SafetensorsMetadata&)>& change) {
  const std::string path = dir + "/training_state.safetensors";
  auto file = model::SafetensorsFile::Open(path);
  ASSERT_TRUE(file.ok());
  std::vector<model::TensorView> tensors = file->tensors();
  model::SafetensorsMetadata metadata = file->metadata();
  change(tensors, metadata);
  ASSERT_TRUE(model::WriteSafetensors(path, tensors, metadata).ok());
  std::filesystem::remove(dir + "/" + kDigestsFile);  // as in a checkpoint of an earlier release
}

constexpr char kState[] = "training_state.safetensors";

INSTANTIATE_TEST_SUITE_P(
    All, LoadRefuses,
    testing::Values(
        Damage{"missing", [](const std::string& dir) { std::filesystem::remove(dir + "/" + kState); }, kState,
               ""},
        Damage{"truncated", [](const std::string& dir) { Truncate(dir + "/" + kState); }, kState, ""},
        Damage{"noweights",
               [](const std::string& dir) { std::filesystem::remove(dir + "/model.safetensors"); },
               "model.safetensors", ""},
        Damage{"moment", [](const std::string& dir) { FlipLastByte(dir + "/" + kState); }, kState, "damaged"},
        Damage{"config", [](const std::string& dir) { FlipLastByte(dir + "/config.json"); }, "config.json",
               "damaged"},
        Damage{"tokenizer", [](const std::string& dir) { std::filesystem::remove(dir + "/tokenizer.json"); },
               "tokenizer.json", "is missing"},
        Damage{"empty",
               [](const std::string& dir) {
                 std::filesystem::remove_all(dir);
                 std::filesystem::create_directory(dir);
               },
               kState, ""},
        Damage{"flipped", [](const std::string& dir) { FlipLastByte(dir + "/model.safetensors"); },
               "model.safetensors", "digest"},
        Damage{"format",
               [](const std::string& dir) {
                 Rewrite(dir, [](auto&, auto& metadata) {
                   metadata["drover.format"] = "drover.training_state.v9";
                 });
               },
               kState, "drover.training_state.v9"},
        Damage{"count",
               [](const std::string& dir) {
                 Rewrite(dir, [](auto&, auto& metadata) { metadata["drover.rollouts"] = "-1"; });
               },
               kState, "drover.rollouts"},
        Damage{"lost",
               [](const std::string& dir) {
                 Rewrite(dir, [](auto& tensors, auto&) { tensors.erase(tensors.begin()); });
               },
               kState, "is missing"},
        Damage{"unknown",
               [](const std::string& dir) {
                 Rewrite(dir, [](auto& tensors, auto&) { tensors[0].name = "third.x"; });
               },
               kState, "third.x"},
        Damage{"shape",
               [](const std::string& dir) {
                 Rewrite(dir, [](auto& tensors, auto&) { tensors[0].shape = {1, 1, 23 * 16}; });
               },
               kState, "the model needs"}),
    [](const testing::TestParamInfo<Damage>& info) { return info.param.name; });

TEST(Checkpoint, AKlTermNeedsItsReference) {
  const std::string dir = FreshFolder("reference") + "/checkpoint";
  ASSERT_TRUE(SaveCheckpoint(dir, *MakeTrainer(TinyOptions()), Meta(1), kFiles).ok());
  TrainerOptions options = TinyOptions();
  options.loss.kl_coefficient = 0.1;
  const auto meta = LoadCheckpoint(dir, MakeTrainer(options).get());
  EXPECT_THAT(std::string(meta.status().message()), HasSubstr("kl_coefficient"));
}

TEST(ReadCheckpointMeta, ReadsTheCounters) {
  const std::string dir = FreshFolder("meta") + "/checkpoint";
  ASSERT_TRUE(SaveCheckpoint(dir, *MakeTrainer(TinyOptions()), Meta(12), kFiles).ok());
  const auto meta = ReadCheckpointMeta(dir);
  ASSERT_TRUE(meta.ok()) << meta.status().ToString();
  EXPECT_EQ(meta->rollouts, 12u);
  EXPECT_EQ(ReadCheckpointMeta(dir + "x").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace drover::learner
