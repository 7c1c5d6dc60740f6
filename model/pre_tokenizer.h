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

// Pieces of a text. Views point into the text or into `owned` (pieces that were written anew).
struct Pieces {
  std::vector<std::string_view> views;
  bool at_start = true;  // views[0] begins where the whole text does, of which the cut one may be a part
  std::deque<std::string> owned;
  // What steps write the next views and the matches to, kept for its memory.
  std::vector<std::string_view> next, matches;
};

// One step: cuts each piece into smaller ones. Immutable, thread-safe.
class PreTokenizerStep {
 public:
  virtual ~PreTokenizerStep() = default;
  // Replaces pieces.views; none of the new ones is empty.
  virtual absl::Status Apply(Pieces& pieces) const = 0;
};

// Split, Digits, Metaspace and ByteLevel, alone or in a Sequence, of which only the last step may be ByteLevel. The byte
// alphabet that ByteLevel maps to stays implicit: pieces are bytes of the text, and the vocabulary is read back to bytes
// (byte_alphabet.h). Without steps a text is one piece.
class PreTokenizer {
 public:
  // `value` is the field pre_tokenizer. Errors name the field.
  static absl::StatusOr<PreTokenizer> Parse(const nlohmann::json& value);

  // Whether it ends with ByteLevel.
  bool byte_level() const { return byte_level_; }

  // Cuts `text` (valid UTF-8, outlives the pieces) into words. `at_start`: the whole text begins with it.
  absl::Status Cut(std::string_view text, bool at_start, Pieces& pieces) const;

 private:
  std::vector<std::shared_ptr<const PreTokenizerStep>> steps_;
  bool byte_level_ = false;
};

}  // namespace drover::model
