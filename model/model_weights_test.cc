#include "model/model_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/testing/model_directory.h"
#include "model/weight_shapes.h"

namespace drover::model {
namespace {

using ::testing::ElementsAre;
using testing::FilledWeights;
using testing::Floats;
using ::testing::HasSubstr;
using testing::SmallConfig;
using testing::StoredTensor;
using testing::StoredTensors;

std::string Dir() { return ::testing::TempDir() + "/model_weights_test"; }

absl::StatusOr<ModelWeights> Open(const ModelConfig& config, const StoredTensors& tensors,
                                  ModelNotes* notes = nullptr) {
  testing::WriteModelDirectory(Dir(), config, tensors);
  return OpenModelWeights(Dir(), notes);
}

std::string Error(const ModelConfig& config, const StoredTensors& tensors) {
  return std::string(Open(config, tensors).status().message());
}

std::vector<std::string> Names(const ModelWeights& weights) {
  std::vector<std::string> names;
  for (const auto& [name, view] : weights.tensors()) names.push_back(name);
  return names;
}

std::vector<std::string> WantedNames(const ModelConfig& config) {
  std::vector<std::string> names;
  for (const auto& [name, shape] : WeightShapes(config)) names.push_back(name);
  return names;
}

// The bytes of 16-bit numbers.
std::string Bits16(const std::vector<uint16_t>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(uint16_t));
}

TEST(OpenModelWeights, TakesExactlyTheWeightsOfTheConfiguration) {
  const StoredTensors weights = FilledWeights(SmallConfig());
  const auto opened = Open(SmallConfig(), weights).value();
  EXPECT_EQ(Names(opened), WantedNames(SmallConfig()));
  EXPECT_EQ(opened.tensors().at("model.norm.weight").bytes, weights.at("model.norm.weight").bytes);
}

TEST(OpenModelWeights, TheLanguageModelOfAModelOfSeveralParts) {
  const StoredTensors weights = FilledWeights(SmallConfig());  // a tied head
  for (const bool inside : {false, true}) {
    StoredTensors parts;
    for (const auto& [name, tensor] : weights) {
      parts[inside ? "model.language_model." + name.substr(6) : "language_model." + name] = tensor;
    }
    parts[inside ? "model.vision_tower.probe" : "vision_tower.probe"] = Floats({2}, {1, 2});
    parts["multi_modal_projector.weight"] = Floats({2}, {1, 2});
    ModelNotes notes;
    const auto opened = Open(SmallConfig(), parts, &notes);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(Names(*opened), WantedNames(SmallConfig()));
    EXPECT_THAT(notes, ElementsAre(HasSubstr("2 tensors of other parts")));
    parts["audio_tower.probe"] = Floats({2}, {1, 2});
    EXPECT_THAT(Error(SmallConfig(), parts), HasSubstr("tensor audio_tower.probe is not one of"));
  }
}

TEST(OpenModelWeights, NamesMayLackTheirPrefix) {
  ModelConfig config = SmallConfig();
  for (const bool tied : {true, false}) {
    config.tie_word_embeddings = tied;
    StoredTensors stripped;
    for (const auto& [name, tensor] : FilledWeights(config)) {
      stripped[name.rfind("model.", 0) == 0 ? name.substr(6) : name] = tensor;
    }
    stripped["rotary_emb.inv_freq"] = Floats({2}, {1, 1});
    const auto opened = Open(config, stripped);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(Names(*opened), WantedNames(config));
  }
  StoredTensors mixed = FilledWeights(SmallConfig());
  mixed["norm.weight"] = mixed.at("model.norm.weight");
  EXPECT_THAT(Error(SmallConfig(), mixed),
              HasSubstr("tensor norm.weight is not one of a llama of this configuration"));
}

TEST(OpenModelWeights, WhatOtherProgramsKeepIsPassedOver) {
  StoredTensors tensors = FilledWeights(SmallConfig());
  for (const char* name : {"model.layers.0.self_attn.rotary_emb.inv_freq", "model.rotary_emb.inv_freq",
                           "model.layers.0.self_attn.k_scale", "model.layers.0.self_attn.attn.v_scale"}) {
    tensors[name] = Floats({1}, {2});
  }
  EXPECT_EQ(Names(Open(SmallConfig(), tensors).value()), WantedNames(SmallConfig()));
  tensors["model.layers.0.self_attn.q_proj.weight_scale"] = Floats({1}, {2});
  EXPECT_THAT(Error(SmallConfig(), tensors),
              HasSubstr("q_proj.weight_scale is not one of a llama of this configuration"));
}

TEST(OpenModelWeights, AnErrorNamesTheTensor) {
  StoredTensors tensors = FilledWeights(SmallConfig());
  StoredTensors wrong = tensors;
  wrong.erase("model.layers.0.mlp.up_proj.weight");
  EXPECT_THAT(Error(SmallConfig(), wrong), HasSubstr("tensor model.layers.0.mlp.up_proj.weight is missing"));
  wrong = tensors;
  wrong["model.norm.weight"] = Floats({9}, {});
  EXPECT_THAT(Error(SmallConfig(), wrong),
              HasSubstr("tensor model.norm.weight has shape [9], the configuration makes it [8]"));
  wrong = tensors;
  wrong["model.norm.weight"].dtype = Dtype::kI32;
  EXPECT_THAT(Error(SmallConfig(), wrong), HasSubstr("tensor model.norm.weight is I32, weights must be F32"));
  wrong = tensors;
  wrong["model.layers.1.mlp.up_proj.weight"] = Floats({1}, {});
  EXPECT_THAT(Error(SmallConfig(), wrong), HasSubstr("tensor model.layers.1.mlp.up_proj.weight is not one"));
  testing::WriteModelDirectory(Dir(), ModelConfigJson(SmallConfig()), nullptr);
  EXPECT_EQ(OpenModelWeights(Dir()).status().code(), absl::StatusCode::kNotFound);
}

// Those of one head, tied by the configuration.
absl::StatusOr<ModelWeights> OpenWithHead(const StoredTensor& head, ModelNotes* notes) {
  StoredTensors tensors = FilledWeights(SmallConfig());
  tensors["lm_head.weight"] = head;
  return Open(SmallConfig(), tensors, notes);
}

TEST(OpenModelWeights, AHeadThatIsTheEmbeddingIsTied) {
  ModelNotes notes;
  const StoredTensor embedding = FilledWeights(SmallConfig()).at("model.embed_tokens.weight");
  EXPECT_TRUE(OpenWithHead(embedding, &notes).value().config().tie_word_embeddings);
  StoredTensor wide{.dtype = Dtype::kF64, .shape = embedding.shape, .bytes = {}};
  for (size_t i = 0; i < embedding.bytes.size() / sizeof(float); ++i) {
    float value;
    std::memcpy(&value, embedding.bytes.data() + i * sizeof(float), sizeof(value));
    const double same = value;
    wide.bytes.append(reinterpret_cast<const char*>(&same), sizeof(same));
  }
  EXPECT_TRUE(OpenWithHead(wide, &notes).value().config().tie_word_embeddings);
  EXPECT_THAT(notes, ElementsAre());
}

TEST(OpenModelWeights, AHeadThatDiffersIsUsedWithANote) {
  StoredTensor head = FilledWeights(SmallConfig()).at("model.embed_tokens.weight");
  head.bytes.back() ^= 1;
  ModelNotes notes;
  const auto opened = OpenWithHead(head, &notes).value();
  EXPECT_FALSE(opened.config().tie_word_embeddings);
  EXPECT_EQ(opened.tensors().at("lm_head.weight").bytes, head.bytes);
  EXPECT_THAT(notes, ElementsAre(HasSubstr("lm_head.weight that differs from model.embed_tokens.weight")));
  EXPECT_THAT(std::string(OpenWithHead(Floats({31, 8}, {}), nullptr).status().message()),
              HasSubstr("tensor lm_head.weight has shape [31, 8]"));
}

TEST(CheckFinite, NamesTheFirstElementThatIsNot) {
  const auto check = [](const StoredTensor& tensor, Dtype dtype) {
    return CheckFinite({.name = "w", .dtype = tensor.dtype, .shape = tensor.shape, .bytes = tensor.bytes},
                       dtype);
  };
  const float largest = std::numeric_limits<float>::max(), inf = INFINITY;
  EXPECT_TRUE(check(Floats({4}, {0.0f, -largest, 1e-45f, largest}), Dtype::kF32).ok());
  for (const float bad : {inf, -inf, std::nanf(""), -std::nanf("")}) {
    for (const Dtype dtype : {Dtype::kF32, Dtype::kBF16, Dtype::kF16}) {
      const absl::Status status = check(Floats({3}, {1, bad, inf}), dtype);
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(std::string(status.message()), HasSubstr("tensor w: element 1 is "));
    }
  }
  // What rounds to infinity is infinite where it is used.
  EXPECT_THAT(std::string(check(Floats({1}, {largest}), Dtype::kBF16).message()),
              HasSubstr("which is no finite number in BF16"));
  EXPECT_TRUE(check(Floats({1}, {std::ldexp(511.0f, 119) * 0.999f}), Dtype::kBF16).ok());
  EXPECT_FALSE(check(Floats({1}, {65520.0f}), Dtype::kF16).ok());
  EXPECT_TRUE(check(Floats({1}, {65519.0f}), Dtype::kF16).ok());

  const StoredTensor halves{.dtype = Dtype::kF16, .shape = {3}, .bytes = Bits16({0x7BFF, 0x0001, 0xFC00})};
  EXPECT_THAT(std::string(check(halves, Dtype::kF32).message()), HasSubstr("element 2 is -inf"));
  const StoredTensor bfloats{.dtype = Dtype::kBF16, .shape = {3}, .bytes = Bits16({0x7F7F, 0xFF7F, 0x7FC0})};
  EXPECT_THAT(std::string(check(bfloats, Dtype::kBF16).message()), HasSubstr("element 2 is nan"));
  EXPECT_THAT(std::string(check(bfloats, Dtype::kF16).message()), HasSubstr("element 0 is "));
  // Long ones are looked at in blocks.
  for (const size_t bad : {size_t{0}, size_t{1023}, size_t{1024}, size_t{3071}, size_t{3080}}) {
    std::vector<float> values(3081, -largest);
    EXPECT_TRUE(check(Floats({3081}, values), Dtype::kF32).ok());
    values[bad] = -inf;
    values.back() = inf;
    const absl::Status status = check(Floats({3081}, values), Dtype::kF32);
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("element ", bad, " is ")));
  }
  const double huge = 1e300;
  const StoredTensor doubles{.dtype = Dtype::kF64,
                             .shape = {1},
                             .bytes = std::string(reinterpret_cast<const char*>(&huge), sizeof(huge))};
  EXPECT_FALSE(check(doubles, Dtype::kF32).ok());
}

}  // namespace
}  // namespace drover::model
