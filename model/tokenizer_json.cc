#include "model/tokenizer_json.h"

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/bpe_json.h"
#include "model/json.h"

namespace drover::model {
namespace {

using nlohmann::json;

constexpr JsonLimits kLimits = {.max_bytes = size_t{64} << 20, .max_depth = 16};
constexpr size_t kMaxAddedBytes = 256;

absl::Status ParseDecoder(const JsonFields& top, TokenizerParts& parts) {
  const json* decoder = top.Find("decoder");
  if (decoder == nullptr) return top.Unsupported("decoder", "one: without it tokens have no text");
  ASSIGN_OR_RETURN(parts.decoder, Decoder::Parse(*decoder));
  if (parts.decoder.byte_level() == parts.pre_tokenizer.byte_level()) return absl::OkStatus();
  return top.Unsupported(
      "decoder", parts.decoder.byte_level()
                     ? "another one than ByteLevel where the pre_tokenizer does not end with ByteLevel"
                     : "ByteLevel where the pre_tokenizer ends with ByteLevel");
}

absl::Status ParseModel(const JsonFields& top, TokenizerParts& parts) {
  ASSIGN_OR_RETURN(const JsonFields model, top.Object("model"));
  ASSIGN_OR_RETURN(parts.bpe,
                   ParseBpe(model, parts.pre_tokenizer.byte_level() ? BpeModel::Alphabet::kBytes
                                                                    : BpeModel::Alphabet::kCharacters));
  for (const auto& [token, id] : model.Find("vocab")->items()) parts.Enter(id.get<uint32_t>(), token);
  return absl::OkStatus();
}

absl::StatusOr<AddedToken> ParseAddedToken(const JsonFields& fields) {
  AddedToken token;
  ASSIGN_OR_RETURN(int64_t id, fields.Int("id", 0, kMaxTokenId));
  token.id = static_cast<uint32_t>(id);
  ASSIGN_OR_RETURN(token.content, fields.String("content"));
  if (token.content.empty() || token.content.size() > kMaxAddedBytes) {
    return fields.Wrong("content", absl::StrCat("1 to ", kMaxAddedBytes, " bytes"));
  }
  ASSIGN_OR_RETURN(token.single_word, fields.Bool("single_word", false));
  ASSIGN_OR_RETURN(token.lstrip, fields.Bool("lstrip", false));
  ASSIGN_OR_RETURN(token.rstrip, fields.Bool("rstrip", false));
  ASSIGN_OR_RETURN(token.special, fields.Bool("special", false));
  ASSIGN_OR_RETURN(token.normalized, fields.Bool("normalized", !token.special));
  return token;
}

// An added token either repeats a token of the vocabulary, with its id, or has an id of its own. (tokenizers
// silently gives it another id then.)
absl::Status CheckAddedId(const AddedToken& token, const JsonFields& fields, const json& vocab,
                          const TokenizerParts& parts, absl::flat_hash_set<uint32_t>& ids) {
  auto in_vocab = vocab.find(token.content);
  if (in_vocab != vocab.end()) {
    if (*in_vocab != token.id)
      return fields.Wrong("id", absl::StrCat(in_vocab->get<uint32_t>(), ", as in model.vocab"));
  } else if (token.id < parts.tokens.size() && parts.tokens[token.id].known && !ids.contains(token.id)) {
    return fields.Wrong("id", "one that model.vocab does not give to another token");
  }
  if (!ids.insert(token.id).second) return fields.Wrong("id", "one that no other added token has");
  return absl::OkStatus();
}

absl::Status ParseAddedTokens(const JsonFields& top, const json& vocab, TokenizerParts& parts) {
  const json* list = top.Find("added_tokens");
  if (list == nullptr) return absl::OkStatus();
  if (!list->is_array()) return top.Wrong("added_tokens", "an array");
  absl::flat_hash_set<uint32_t> ids;
  absl::flat_hash_set<std::string> contents;
  for (size_t i = 0; i < list->size(); ++i) {
    ASSIGN_OR_RETURN(JsonFields fields, JsonFields::Of((*list)[i], absl::StrCat("added_tokens[", i, "].")));
    ASSIGN_OR_RETURN(AddedToken token, ParseAddedToken(fields));
    RETURN_IF_ERROR(CheckAddedId(token, fields, vocab, parts, ids));
    if (!contents.insert(token.content).second)
      return fields.Wrong("content", "one that no other added token has");
    parts.Enter(token.id, token.content).special = token.special;
    parts.added_tokens.push_back(std::move(token));
  }
  return absl::OkStatus();
}

}  // namespace

TokenEntry& TokenizerParts::Enter(uint32_t id, const std::string& content) {
  if (id >= tokens.size()) tokens.resize(id + 1);
  TokenEntry& entry = tokens[id];
  entry.known = true;
  entry.says = decoder.Token(content);
  if (decoder.first_differs()) entry.content = content;
  return entry;
}

absl::StatusOr<TokenizerParts> ParseTokenizerJson(std::string_view text) {
  ASSIGN_OR_RETURN(json value, ParseJson(text, kLimits));
  ASSIGN_OR_RETURN(JsonFields top, JsonFields::Of(value, ""));
  TokenizerParts parts;
  if (const json* normalizer = top.Find("normalizer")) {
    ASSIGN_OR_RETURN(parts.normalizer, Normalizer::Parse(*normalizer));
  }
  if (const json* pre_tokenizer = top.Find("pre_tokenizer")) {
    ASSIGN_OR_RETURN(parts.pre_tokenizer, PreTokenizer::Parse(*pre_tokenizer));
  }
  RETURN_IF_ERROR(ParseDecoder(top, parts));
  RETURN_IF_ERROR(ParseModel(top, parts));
  RETURN_IF_ERROR(ParseAddedTokens(top, value["model"]["vocab"], parts));
  if (const json* post_processor = top.Find("post_processor")) {
    ASSIGN_OR_RETURN(parts.post_processor, ParsePostProcessor(*post_processor, kMaxTokenId));
  }
  return parts;
}

}  // namespace drover::model
