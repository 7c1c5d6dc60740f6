// Reading Hugging Face's tokenizer.json.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "model/added_tokens.h"
#include "model/bpe.h"
#include "model/decoder.h"
#include "model/normalizer.h"
#include "model/post_processor.h"
#include "model/pre_tokenizer.h"

namespace drover::model {

// A token of the vocabulary or an added one.
struct TokenEntry {
  std::string content;  // as it is written, where the decoder asks for it
  DecodedToken says;
  bool known = false;  // false where no token has the id
  bool special = false;
};

// A tokenizer.json, checked: what Tokenizer works with.
struct TokenizerParts {
  std::vector<AddedToken> added_tokens;
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  BpeModel bpe;
  PostProcessor post_processor;
  Decoder decoder;
  std::vector<TokenEntry> tokens;  // by id

  // The entry of `id`, whose token is written `content`.
  TokenEntry& Enter(uint32_t id, const std::string& content);
};

// INVALID_ARGUMENT for a broken file, UNIMPLEMENTED for a tokenizer of another kind; both name the field. The
// fields version, truncation and padding are not looked at: they act only in calls that this library does not have.
absl::StatusOr<TokenizerParts> ParseTokenizerJson(std::string_view text);

}  // namespace drover::model
