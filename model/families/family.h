// The families of models, one file each in this folder: what is particular to a `model_type` in a config.json.
//
//   config.json ──▶ config.cc: sizes, special ids, dtype ──▶ Family::read ──▶ ModelConfig ──▶ architecture.h
//   config.json ◀── config.cc                            ◀── Family::write ◀─┘
//
// A family decides nothing that is computed: what it is made of stands in the ModelConfig, from which the architecture
// is described. docs/guides/add-a-model.md adds one.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "model/json.h"
#include "model/model_config.h"

namespace drover::model {

// Hugging Face's values of fields that a file leaves out; sizes that are 0 here must be given.
struct FamilyDefaults {
  int64_t vocab_size = 0;
  int64_t num_heads = 0;
  int64_t num_kv_heads = 0;  // 0: as many as num_heads
  int64_t head_dim = 0;      // 0: hidden_size / num_attention_heads
  int64_t max_positions = 0;
  double rms_norm_eps = 1e-6;
  double rope_theta = 10000.0;
  bool tie_word_embeddings = false;
};

struct Family {
  std::string_view model_type;
  std::string_view whole;     // the class that `architectures` must list, perhaps among others
  std::string_view headless;  // or this: the same without its head, which is then the embedding
  FamilyDefaults defaults;
  // Reads what is particular into `config`, which has its sizes already. INVALID_ARGUMENT and UNIMPLEMENTED name the
  // field.
  absl::Status (*read)(const JsonFields& fields, ModelConfig& config);
  // Adds the fields that `read` reads, the rope's apart from it.
  void (*write)(const ModelConfig& config, nlohmann::json& value);
  // Models of several parts, of which the language model is used alone: their `model_type` and class. Their text_config
  // is of this family.
  std::string_view composite = {};
  std::string_view composite_class = {};
};

extern const Family kLlama;
extern const Family kMistral;
extern const Family kQwen2;
extern const Family kQwen3;
extern const Family kSmolLm3;
extern const Family kGemma2;
extern const Family kGemma3Text;
extern const Family kPhi3;
extern const Family kOlmo2;

// Null for an unknown one.
const Family* FindFamily(std::string_view model_type);
// The family of the language model in models of several parts; null for other model types.
const Family* FindComposite(std::string_view model_type);
// "a, b or c", for messages.
std::string FamilyNames();

}  // namespace drover::model
