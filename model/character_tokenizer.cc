// The tokenizer.json of an embedded model: one token a character.
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/check.h"
#include "model/byte_alphabet.h"
#include "model/tokenizer.h"

namespace drover::model {
namespace {

using nlohmann::json;

json SpecialToken(const char* content, int id) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

json ByteLevel() {
  return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}};
}

}  // namespace

absl::Status ValidateAlphabet(std::string_view alphabet) {
  if (alphabet.empty()) return absl::InvalidArgumentError("the alphabet is empty");
  bool seen[128] = {};
  for (char c : alphabet) {
    auto byte = static_cast<uint8_t>(c);
    if (byte >= 128) {
      return absl::InvalidArgumentError(
          absl::StrFormat("the alphabet has the byte 0x%02X, must be ASCII", byte));
    }
    if (seen[byte]) {
      return absl::InvalidArgumentError(absl::StrFormat("the alphabet has the character 0x%02X twice", byte));
    }
    seen[byte] = true;
  }
  return absl::OkStatus();
}

std::string CharacterTokenizerJson(std::string_view alphabet) {
  DROVER_CHECK(ValidateAlphabet(alphabet).ok());
  json vocab = {{"<pad>", 0}, {"<eos>", 1}};
  int next = 2;
  for (size_t i = 0; i < alphabet.size(); ++i) vocab[SpellBytes(alphabet.substr(i, 1))] = next++;
  json model = {{"type", "BPE"},
                {"dropout", nullptr},
                {"unk_token", nullptr},
                {"continuing_subword_prefix", nullptr},
                {"end_of_word_suffix", nullptr},
                {"fuse_unk", false},
                {"byte_fallback", false},
                {"ignore_merges", false},
                {"vocab", vocab},
                {"merges", json::array()}};
  json file = {{"version", "1.0"},
               {"truncation", nullptr},
               {"padding", nullptr},
               {"added_tokens", {SpecialToken("<pad>", 0), SpecialToken("<eos>", 1)}},
               {"normalizer", nullptr},
               {"pre_tokenizer", ByteLevel()},
               {"post_processor", nullptr},
               {"decoder", ByteLevel()},
               {"model", model}};
  return file.dump(2) + "\n";
}

}  // namespace drover::model
