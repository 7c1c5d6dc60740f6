// The field model of a tokenizer.json: vocabulary and merges.
#pragma once

#include "absl/status/statusor.h"
#include "model/bpe.h"
#include "model/json.h"

namespace drover::model {

// Bounds tables by id: the largest published vocabularies have 262,144 tokens.
inline constexpr int64_t kMaxTokenId = (int64_t{1} << 21) - 1;

// `model` is the field. INVALID_ARGUMENT for a broken one, UNIMPLEMENTED for another kind than BPE; both name the field
// in it. model.vocab is an object of ids then.
absl::StatusOr<BpeModel> ParseBpe(const JsonFields& model, BpeModel::Alphabet alphabet);

}  // namespace drover::model
