#include "programs/drover/checkpoint/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/file.h"
#include "base/folder_digests.h"
#include "base/testing/temp_folder.h"
#include "model/config.h"
#include "model/float_bits.h"
#include "model/lora_config.h"
#include "model/model_weights.h"
#include "model/safetensors.h"
#include "model/testing/model_directory.h"
#include "services/run/run_folder.h"

namespace drover::cli::checkpoint {
namespace {

using model::Dtype;
using ::testing::HasSubstr;

constexpr char kWeight[] = "model.norm.weight";
// Between two numbers of float16 and two of bfloat16: rounded to the latter first, it becomes another float16.
constexpr float kMaster = 1.0f + 0x1p-8f + 0x1p-11f + 0x1p-20f;

class ExportTest : public ::testing::Test {
 protected:
  ExportTest() : folder_(temporary_.path() + "/run"), out_(temporary_.path() + "/exported") {
    EXPECT_TRUE(folder_.Create().ok());
    for (const uint64_t step : {2, 4}) Save(step);
  }

  // A checkpoint of a bfloat16 model: weights rounded, masters beside them.
  void Save(uint64_t step) {
    const std::string dir = folder_.checkpoint(step);
    model::ModelConfig config = model::testing::TrainingConfig();
    config.dtype = Dtype::kBF16;
    const auto weights = model::testing::FilledWeights(config);
    model::testing::StoredTensors rounded, masters;
    for (auto [name, tensor] : weights) {
      auto* values = reinterpret_cast<float*>(tensor.bytes.data());
      const size_t elements = tensor.bytes.size() / sizeof(float);
      if (name == kWeight) values[0] = kMaster * static_cast<float>(step);
      std::string bits(elements * 2, '\0');
      for (size_t i = 0; i < elements; ++i) {
        const uint16_t bfloat = model::ToBfloat(values[i]);
        std::memcpy(&bits[2 * i], &bfloat, 2);
      }
      rounded[name] = {Dtype::kBF16, tensor.shape, bits};
      masters["weight." + name] = tensor;
    }
    model::testing::WriteModelDirectory(dir, config, rounded);
    std::vector<model::TensorView> views;
    for (const auto& [name, tensor] : masters)
      views.push_back({name, tensor.dtype, tensor.shape, tensor.bytes});
    EXPECT_TRUE(model::WriteSafetensors(dir + "/training_state.safetensors", views).ok());
    EXPECT_TRUE(WriteFileAtomically(dir + "/tokenizer.json", "{}").ok());
    EXPECT_TRUE(WriteFolderDigests(dir).ok());
  }

  absl::Status RunExport(ExportOptions options) {
    if (options.path.empty()) options.path = folder_.path();
    if (options.out.empty()) options.out = out_;
    std::ostringstream said;
    return Export(options, said);
  }

  template <typename T>
  T FirstOf(const std::string& dir) const {
    const auto file = model::SafetensorsFile::Open(dir + "/model.safetensors").value();
    T value;
    std::memcpy(&value, file.Find(kWeight)->bytes.data(), sizeof(T));
    return value;
  }
  std::string DtypeIn(const std::string& dir) const {
    const auto config = nlohmann::json::parse(ReadFile(dir + "/config.json").value());
    return config.contains("dtype") ? config["dtype"] : config["torch_dtype"];
  }

  const testing::TempFolder temporary_;
  const run::RunFolder folder_;
  const std::string out_;
};

TEST_F(ExportTest, TheNewestAsItIsStored) {
  const absl::Status exported = RunExport({});
  ASSERT_TRUE(exported.ok()) << exported;
  EXPECT_EQ(ReadFile(out_ + "/model.safetensors").value(),
            ReadFile(folder_.checkpoint(4) + "/model.safetensors").value());
  EXPECT_EQ(ReadFile(out_ + "/tokenizer.json").value(), "{}");
  EXPECT_EQ(DtypeIn(out_), "bfloat16");
  EXPECT_FALSE(std::filesystem::exists(out_ + "/training_state.safetensors"));
  EXPECT_FALSE(std::filesystem::exists(out_ + "/" + kDigestsFile));
  EXPECT_FALSE(std::filesystem::exists(out_ + ".tmp"));
}

// What is rounded is the master weight, once.
TEST_F(ExportTest, AnotherDtypeIsMadeOfTheMasters) {
  for (const auto& [dtype, name] : {std::pair("float32", "f32"), {"float16", "f16"}, {"bfloat16", "bf16"}}) {
    const absl::Status exported = RunExport({.out = out_ + name, .step = 2, .dtype = dtype});
    ASSERT_TRUE(exported.ok()) << exported;
    EXPECT_EQ(DtypeIn(out_ + name), dtype);
    EXPECT_TRUE(model::OpenModelWeights(out_ + name).ok());
  }
  EXPECT_EQ(FirstOf<float>(out_ + "f32"), 2 * kMaster);
  EXPECT_EQ(FirstOf<uint16_t>(out_ + "f16"), model::ToHalf(2 * kMaster));
  EXPECT_NE(model::ToHalf(2 * kMaster), model::ToHalf(model::OfBfloat(model::ToBfloat(2 * kMaster))));
  EXPECT_EQ(FirstOf<uint16_t>(out_ + "bf16"), model::ToBfloat(2 * kMaster));
}

// As ranks that share the weights write it (learner.sharding: WEIGHTS): here every other weight is cut in two.
void SpreadMasters(const std::string& dir, bool leave_a_hole) {
  const std::string path = dir + "/training_state.safetensors";
  const auto state = model::SafetensorsFile::Open(path).value();
  std::vector<model::TensorView> pieces[2];
  model::SafetensorsMetadata metadata[2] = {{{"drover.shards", "2"}}, {{"drover.shards", "2"}}};
  bool cut = true;
  for (const model::TensorView& master : state.tensors()) {
    const size_t elements = master.bytes.size() / sizeof(float), first = cut ? elements / 3 : elements;
    if (!cut) {
      pieces[1].push_back(master);
    } else {
      const auto rest = static_cast<int64_t>(elements - first);
      // The second half comes first: what counts is where a piece begins.
      pieces[0].push_back({master.name, Dtype::kF32, {rest}, master.bytes.substr(first * sizeof(float))});
      metadata[0]["drover.begin." + master.name] = std::to_string(first);
      const bool hole = leave_a_hole && pieces[1].empty();
      const auto kept = static_cast<int64_t>(hole ? first - 1 : first);
      pieces[1].push_back({master.name,
                           Dtype::kF32,
                           {kept},
                           master.bytes.substr(0, static_cast<size_t>(kept) * sizeof(float))});
    }
    cut = !cut;
  }
  for (int rank = 0; rank < 2; ++rank) {
    const std::string shard = dir + "/training_state.shard-0000" + std::to_string(rank) + ".safetensors";
    ASSERT_TRUE(model::WriteSafetensors(shard, pieces[rank], metadata[rank]).ok());
  }
  ASSERT_TRUE(model::WriteSafetensors(path, {}, {{"drover.shards", "2"}}).ok());
  std::filesystem::remove(dir + "/" + kDigestsFile);
  ASSERT_TRUE(WriteFolderDigests(dir).ok());
}

TEST_F(ExportTest, MastersThatRanksShareArePutTogether) {
  for (const char* const dtype : {"float32", "float16"}) {
    ASSERT_TRUE(RunExport({.out = out_ + "_whole_" + dtype, .step = 4, .dtype = dtype}).ok());
  }
  SpreadMasters(folder_.checkpoint(4), /*leave_a_hole=*/false);
  for (const char* const dtype : {"float32", "float16"}) {
    const absl::Status exported = RunExport({.out = out_ + "_spread_" + dtype, .step = 4, .dtype = dtype});
    ASSERT_TRUE(exported.ok()) << exported;
    EXPECT_EQ(ReadFile(out_ + "_spread_" + dtype + "/model.safetensors").value(),
              ReadFile(out_ + "_whole_" + dtype + "/model.safetensors").value());
  }
}

TEST_F(ExportTest, MastersWithAHoleAreNotExported) {
  SpreadMasters(folder_.checkpoint(4), /*leave_a_hole=*/true);
  const absl::Status status = RunExport({.dtype = "float32"});
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("do not add up"));
  EXPECT_FALSE(std::filesystem::exists(out_));
}

TEST_F(ExportTest, ACheckpointByItsFolder) {
  ASSERT_TRUE(RunExport({.path = folder_.checkpoint(2), .dtype = "float32"}).ok());
  EXPECT_EQ(FirstOf<float>(out_), 2 * kMaster);
}

TEST_F(ExportTest, WrongWishesAreRefusedAndNothingIsWritten) {
  const auto refused = [&](ExportOptions options) {
    const absl::Status status = RunExport(std::move(options));
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_FALSE(std::filesystem::exists(out_));
    return std::string(status.message());
  };
  EXPECT_THAT(refused({.step = 3}), HasSubstr("--step: got 3, may be one of 2, 4"));
  EXPECT_THAT(refused({.dtype = "int8"}), HasSubstr("--dtype: got `int8`, may be float32"));
  EXPECT_THAT(refused({.path = folder_.checkpoint(2), .step = 2}), HasSubstr("is one checkpoint"));
  EXPECT_THAT(refused({.out = folder_.path()}), HasSubstr("is there already"));
}

// A checkpoint of a run with adapters of rank 1 on one weight, and the model that they adapt.
class AdapterExportTest : public ExportTest {
 protected:
  static constexpr char kAdapted[] = "model.layers.0.mlp.up_proj";

  AdapterExportTest() : base_(temporary_.path() + "/base"), dir_(temporary_.path() + "/adapters") {
    model::ModelConfig config = model::testing::TrainingConfig();
    weights_ = model::testing::FilledWeights(config);
    model::testing::WriteModelDirectory(base_, config, weights_);
    config.dtype = Dtype::kBF16;  // the run's
    EXPECT_TRUE(MakeFolders(dir_).ok());
    EXPECT_TRUE(WriteFileAtomically(dir_ + "/config.json", model::ModelConfigJson(config)).ok());
    model::LoraConfig lora{.rank = 1, .alpha = 0.5, .targets = {"up_proj"}, .base = base_};
    EXPECT_TRUE(WriteFileAtomically(dir_ + "/adapter_config.json", model::LoraConfigJson(lora, config)).ok());
    EXPECT_TRUE(WriteFileAtomically(dir_ + "/tokenizer.json", "{}").ok());
    const auto rows = config.intermediate_size, columns = config.hidden_size;
    for (int64_t i = 0; i < columns; ++i) a_.push_back(0.25f + 0.01f * static_cast<float>(i));
    for (int64_t i = 0; i < rows; ++i) b_.push_back(1.0f - 0.1f * static_cast<float>(i));
    const std::string name = std::string("base_model.model.") + kAdapted;
    const std::vector<model::TensorView> adapters = {
        {name + ".lora_A.weight", Dtype::kF32, {1, columns}, Bytes(a_)},
        {name + ".lora_B.weight", Dtype::kF32, {rows, 1}, Bytes(b_)}};
    EXPECT_TRUE(model::WriteSafetensors(dir_ + "/adapter_model.safetensors", adapters).ok());
    EXPECT_TRUE(model::WriteSafetensors(dir_ + "/training_state.safetensors", {}).ok());
    EXPECT_TRUE(WriteFolderDigests(dir_).ok());
  }

  static std::string_view Bytes(const std::vector<float>& numbers) {
    return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float)};
  }

  const std::string base_, dir_;
  model::testing::StoredTensors weights_;
  std::vector<float> a_, b_;
};

TEST_F(AdapterExportTest, AdaptersAreExportedAsTheyAre) {
  const absl::Status exported = RunExport({.path = dir_});
  ASSERT_TRUE(exported.ok()) << exported;
  for (const char* file :
       {"adapter_model.safetensors", "adapter_config.json", "config.json", "tokenizer.json"}) {
    EXPECT_EQ(ReadFile(out_ + "/" + file).value(), ReadFile(dir_ + "/" + file).value()) << file;
  }
  EXPECT_FALSE(std::filesystem::exists(out_ + "/training_state.safetensors"));
  EXPECT_FALSE(std::filesystem::exists(out_ + "/model.safetensors"));
}

// W rounded to the run's dtype, with alpha / rank B A added and rounded once; other weights are rounded alone.
TEST_F(AdapterExportTest, MergedIsThePolicyOfTheRun) {
  const absl::Status exported = RunExport({.path = dir_, .merge = true});
  ASSERT_TRUE(exported.ok()) << exported;
  EXPECT_EQ(DtypeIn(out_), "bfloat16");
  EXPECT_FALSE(std::filesystem::exists(out_ + "/adapter_config.json"));
  const auto merged = model::OpenModelWeights(out_);
  ASSERT_TRUE(merged.ok()) << merged.status();
  ASSERT_EQ(merged->tensors().size(), weights_.size());
  for (const auto& [name, stored] : weights_) {
    const auto* const from = reinterpret_cast<const float*>(stored.bytes.data());
    const auto* const to = reinterpret_cast<const uint16_t*>(merged->tensors().at(name).bytes.data());
    const bool adapted = name == std::string(kAdapted) + ".weight";
    for (size_t i = 0; i < stored.bytes.size() / sizeof(float); ++i) {
      float expected = model::OfBfloat(model::ToBfloat(from[i]));
      if (adapted) expected += 0.5f * b_[i / a_.size()] * a_[i % a_.size()];
      ASSERT_EQ(to[i], model::ToBfloat(expected)) << name << " " << i;
    }
  }
}

TEST_F(AdapterExportTest, WrongWishesAreRefused) {
  EXPECT_THAT(std::string(RunExport({.merge = true}).message()), HasSubstr("is a whole model already"));
  EXPECT_THAT(std::string(RunExport({.path = dir_, .dtype = "float32"}).message()),
              HasSubstr("give --merge too"));
  EXPECT_THAT(std::string(RunExport({.path = dir_, .base = base_}).message()),
              HasSubstr("for --merge alone"));
  const absl::Status status =
      RunExport({.path = dir_, .merge = true, .base = temporary_.path() + "/nowhere"});
  EXPECT_THAT(std::string(status.message()), HasSubstr("(--base)"));
  EXPECT_FALSE(std::filesystem::exists(out_));
}

TEST_F(ExportTest, ADamagedCheckpointIsNotExported) {
  const std::string path = folder_.checkpoint(4) + "/tokenizer.json";
  ASSERT_TRUE(WriteFileAtomically(path, "{ }").ok());
  const absl::Status status = RunExport({});
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  EXPECT_FALSE(std::filesystem::exists(out_));
}

TEST_F(ExportTest, AnEmptyFolderMayBeFilled) {
  std::filesystem::create_directory(out_);
  EXPECT_TRUE(RunExport({.out = out_ + "/"}).ok());
  EXPECT_TRUE(std::filesystem::exists(out_ + "/config.json"));
}

}  // namespace
}  // namespace drover::cli::checkpoint
