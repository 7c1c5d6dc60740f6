// Reading Hugging Face's tokenizer.json.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/added_tokens.h"
#include "model/bpe.h"
#include "model/post_processor.h"
#include "model/pre_tokenizer.h"

namespace drover::model {

// A tokenizer.json, checked: what Tokenizer works with.
struct TokenizerParts {
  std::vector<AddedToken> added_tokens;
  bool nfc = false;  // the normalizer
  PreTokenizer pre_tokenizer;
  BpeModel bpe;
  PostProcessor post_processor;
  // By id: the bytes that the token decodes to ("" where no token has the id).
  std::vector<std::string> bytes;
};

// INVALID_ARGUMENT for a broken file, UNIMPLEMENTED for a tokenizer of another kind; both name the field. The
// fields version, truncation and padding are not looked at: they act only in calls that this library does not have.
absl::StatusOr<TokenizerParts> ParseTokenizerJson(std::string_view text);

}  // namespace drover::model
