// 'drover tokenize' and 'drover detokenize': a JSON value per line in, one per line out.
#pragma once

#include <iosfwd>
#include <string>

#include "absl/status/status.h"
#include "model/tokenizer.h"

namespace drover::text {

// Each line of `in` is a JSON string; writes the array of its token ids by model_dir/tokenizer.json, as compact
// JSON. Special tokens in the text are recognised, none is added unless `options` say so. Lines of white space are an error, as anything
// else that is no string is; errors name the line, and the lines before it have been written.
absl::Status Tokenize(const std::string& model_dir, const model::EncodeOptions& options, std::istream& in,
                      std::ostream& out);

// The way back: each line is a JSON array of token ids, special tokens are written as they are spelled. Ids that are
// no tokens are an error. Bytes that are not UTF-8 (a character cut between tokens) become U+FFFD, because a JSON
// string cannot hold them.
absl::Status Detokenize(const std::string& model_dir, std::istream& in, std::ostream& out);

}  // namespace drover::text
