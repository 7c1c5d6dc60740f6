// The pre_tokenizer of a tokenizer.json: how text is cut into words before byte-pair encoding.
#pragma once

#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace drover::model {

// Pieces of a text. Views point into the text or into `owned` (pieces that got a space in front).
struct Pieces {
  std::vector<std::string_view> views;
  std::deque<std::string> owned;
};

// One step: cuts each piece into smaller ones. Immutable, thread-safe.
class PreTokenizerStep {
 public:
  virtual ~PreTokenizerStep() = default;
  // Replaces pieces.views; none of the new ones is empty.
  virtual absl::Status Apply(Pieces& pieces) const = 0;
};

// Split (Regex or String; Isolated, Removed or Contiguous; inverted or not), Digits and ByteLevel, alone or in a
// Sequence that ends with its only ByteLevel. The byte alphabet that ByteLevel maps to stays implicit: pieces are
// bytes of the text, and the vocabulary is read back to bytes (byte_alphabet.h).
class PreTokenizer {
 public:
  // `value` is the field pre_tokenizer. Errors name the field.
  static absl::StatusOr<PreTokenizer> Parse(const nlohmann::json& value);

  // Cuts `text` (valid UTF-8, outlives the pieces) into words.
  absl::Status Cut(std::string_view text, Pieces& pieces) const;

 private:
  std::vector<std::shared_ptr<const PreTokenizerStep>> steps_;
};

}  // namespace drover::model
