// What supervised learning learns from, as token ids: a recipe's files, read, encoded, split and cut.
//
//   records ── SupervisedReader ──▶ parts ── tokenizer ──▶ ids with a mark each ──▶ train | held-out
//                                                          a text over sft.max_tokens: pieces that share one token
//                                                          a longer pair or chat: left out, and counted
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "data/supervised_file.h"
#include "drover/v1/recipe.pb.h"
#include "model/tokenizer.h"

namespace drover::data {

// Sequences of ids, at least 2 long, each with a mark: whether it is learned. The first of a sequence never is, since
// nothing precedes it; at least one is. 5 bytes a token.
class SupervisedSet {
 public:
  size_t size() const { return begins_.size() - 1; }
  absl::Span<const uint32_t> ids(size_t i) const { return Of(ids_, i); }
  absl::Span<const uint8_t> learned(size_t i) const { return Of(learned_, i); }  // 0 or 1
  size_t length(size_t i) const { return begins_[i + 1] - begins_[i]; }
  uint64_t tokens() const { return ids_.size(); }
  uint64_t learned_tokens() const;

  void Add(absl::Span<const uint32_t> ids, absl::Span<const uint8_t> learned);
  // Only the first `count` stay.
  void KeepFirst(size_t count);
  // XXH3-128 over ids, marks and where sequences begin.
  std::string Digest() const;

 private:
  template <typename T>
  absl::Span<const T> Of(const std::vector<T>& all, size_t i) const {
    return absl::MakeConstSpan(all).subspan(begins_[i], begins_[i + 1] - begins_[i]);
  }
  std::vector<uint32_t> ids_;
  std::vector<uint8_t> learned_;
  std::vector<uint64_t> begins_ = {0};
};

// What the model can read. The tokenizer outlives it.
struct SupervisedVocabulary {
  const model::Tokenizer* tokenizer = nullptr;
  std::shared_ptr<const model::jinja::ChatTemplate> chat = nullptr;  // null: the model has none
  uint64_t size = 0;                                                 // ids that it has embeddings for
  uint64_t positions = 0;
  std::vector<uint32_t> eos = {};  // the first is the one that is appended
};

struct SupervisedData {
  SupervisedSet train;           // not empty
  SupervisedSet heldout;         // at most sft.heldout_examples; may be empty
  uint64_t records = 0;          // of both files
  uint64_t blank = 0;            // records left out: nothing to learn in them
  uint64_t too_long = 0;         // over sft.max_tokens
  std::string too_long_example;  // "PATH:LINE: ..." of the first

  // What was left out, for the run's owner.
  std::vector<std::string> Warnings() const;
};

// The chat template of the model in the folder `model`, where the recipe's examples are written in it, else null.
// INVALID_ARGUMENT for one that is not understood or not there.
absl::StatusOr<std::shared_ptr<const model::jinja::ChatTemplate>> ChatTemplateFor(const v1::Recipe& recipe,
                                                                                  const std::string& model);

// Of an effective recipe with sft.train. Errors are bad input and name the field, or the file and the line: INVALID_ARGUMENT,
// NOT_FOUND, FAILED_PRECONDITION (tokenizer and model do not belong together; append_eos without an end-of-sequence
// token), RESOURCE_EXHAUSTED.
absl::StatusOr<SupervisedData> LoadSupervisedData(const v1::Recipe& recipe,
                                                  const SupervisedVocabulary& vocabulary);

}  // namespace drover::data
