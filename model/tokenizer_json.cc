#include "model/tokenizer_json.h"

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/byte_alphabet.h"
#include "model/json.h"

namespace drover::model {
namespace {

using nlohmann::json;

constexpr JsonLimits kLimits = {.max_bytes = size_t{32} << 20, .max_depth = 16};
// Bounds the table by id: the largest published vocabularies have 262,144 tokens.
constexpr int64_t kMaxId = (int64_t{1} << 21) - 1;
constexpr size_t kMaxAddedBytes = 256;

// Spelled tokens as bytes. Text outside the byte alphabet (only added tokens have any) stands for itself, as in
// tokenizers' ByteLevel decoder.
std::string Decoded(const std::string& content) { return UnspellBytes(content).value_or(content); }

void SetBytes(uint32_t id, std::string bytes, TokenizerParts& parts) {
  if (id >= parts.bytes.size()) parts.bytes.resize(id + 1);
  parts.bytes[id] = std::move(bytes);
}

absl::Status ParseNormalizer(const json& value, const std::string& path, bool& nfc) {
  ASSIGN_OR_RETURN(JsonFields fields, JsonFields::Of(value, path));
  ASSIGN_OR_RETURN(std::string type, fields.String("type"));
  if (type == "NFC") {
    nfc = true;
    return absl::OkStatus();
  }
  const json* list = fields.Find("normalizers");
  if (type != "Sequence" || list == nullptr || !list->is_array()) {
    return fields.Unsupported("type", "\"NFC\", or the normalizer null");
  }
  for (size_t i = 0; i < list->size(); ++i) {
    RETURN_IF_ERROR(ParseNormalizer((*list)[i], absl::StrCat(path, "normalizers[", i, "]."), nfc));
  }
  return absl::OkStatus();
}

absl::Status CheckDecoder(const JsonFields& top) {
  ASSIGN_OR_RETURN(JsonFields decoder, top.Object("decoder"));
  ASSIGN_OR_RETURN(std::string type, decoder.String("type"));
  if (type == "ByteLevel") return absl::OkStatus();
  const json* list = decoder.Find("decoders");
  if (type == "Sequence" && list != nullptr && list->is_array() && list->size() == 1) {
    ASSIGN_OR_RETURN(JsonFields only, JsonFields::Of((*list)[0], "decoder.decoders[0]."));
    ASSIGN_OR_RETURN(std::string inner, only.String("type"));
    if (inner == "ByteLevel") return absl::OkStatus();
    return only.Unsupported("type", "\"ByteLevel\"");
  }
  return decoder.Unsupported("type", "\"ByteLevel\"");
}

// The switches of model that change what BPE does.
absl::Status CheckModelSwitches(const JsonFields& model) {
  ASSIGN_OR_RETURN(std::string type, model.String("type", "BPE"));
  if (type != "BPE") return model.Unsupported("type", "\"BPE\"");
  const json* dropout = model.Find("dropout");
  if (dropout != nullptr && *dropout != 0) return model.Unsupported("dropout", "null");
  for (const char* name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    ASSIGN_OR_RETURN(std::string text, model.String(name, ""));
    if (!text.empty()) return model.Unsupported(name, "null");
  }
  return absl::OkStatus();
}

absl::Status ParseVocab(const JsonFields& model, TokenizerParts& parts) {
  const json* vocab = model.Find("vocab");
  if (vocab == nullptr || !vocab->is_object()) return model.Wrong("vocab", "an object of ids by token");
  absl::flat_hash_set<uint32_t> ids;
  for (const auto& [token, value] : vocab->items()) {
    if (!value.is_number_unsigned() || value > kMaxId) {
      return absl::InvalidArgumentError(absl::StrCat("model.vocab: the id of ", ShowJson(token), " is ",
                                                     ShowJson(value), ", must be an integer from 0 to ",
                                                     kMaxId));
    }
    uint32_t id = value.get<uint32_t>();
    if (!ids.insert(id).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("model.vocab: ", ShowJson(token), " has id ", id, ", as another token has"));
    }
    SetBytes(id, Decoded(token), parts);
    // A token with a character outside the alphabet can come out of no text: it only decodes.
    if (std::optional<std::string> bytes = UnspellBytes(token)) {
      RETURN_IF_ERROR(parts.bpe.AddToken(id, *std::move(bytes)));
    }
  }
  return absl::OkStatus();
}

// A merge is "LEFT RIGHT" (older files) or ["LEFT", "RIGHT"].
std::optional<std::pair<std::string, std::string>> MergeParts(const json& merge) {
  std::string left, right;
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    left = merge[0].get<std::string>();
    right = merge[1].get<std::string>();
  } else if (merge.is_string()) {
    const auto& text = merge.get_ref<const std::string&>();
    size_t space = text.find(' ');
    if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) return std::nullopt;
    left = text.substr(0, space);
    right = text.substr(space + 1);
  }
  if (left.empty() || right.empty()) return std::nullopt;
  return std::make_pair(std::move(left), std::move(right));
}

absl::Status ParseMerges(const JsonFields& model, TokenizerParts& parts) {
  const json* merges = model.Find("merges");
  if (merges == nullptr || !merges->is_array()) return model.Wrong("merges", "an array of merges");
  for (size_t i = 0; i < merges->size(); ++i) {
    auto pair = MergeParts((*merges)[i]);
    std::string where = absl::StrCat("model.merges[", i, "]");
    if (!pair) {
      return absl::InvalidArgumentError(absl::StrCat(where, " is ", ShowJson((*merges)[i]),
                                                     ", must be \"LEFT RIGHT\" or [\"LEFT\", \"RIGHT\"]"));
    }
    std::optional<std::string> left = UnspellBytes(pair->first), right = UnspellBytes(pair->second);
    if (!left || !right) {
      return absl::InvalidArgumentError(absl::StrCat(where, " is ", ShowJson((*merges)[i]),
                                                     ", which has a character outside the byte alphabet"));
    }
    absl::Status added = parts.bpe.AddMerge(*left, *right);
    if (!added.ok()) return Annotate(added, where);
  }
  return absl::OkStatus();
}

// unk_token, fuse_unk and byte_fallback: what becomes of bytes without a token.
absl::Status ParseUnknown(const JsonFields& model, BpeModel& bpe) {
  ASSIGN_OR_RETURN(bool fuse, model.Bool("fuse_unk", false));
  ASSIGN_OR_RETURN(bool fallback, model.Bool("byte_fallback", false));
  if (fallback && !bpe.has_all_bytes()) {
    return model.Unsupported("byte_fallback", "false where the vocabulary lacks some of the 256 bytes");
  }
  if (model.Find("unk_token") == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::string token, model.String("unk_token"));
  const json& vocab = *model.Find("vocab");
  auto found = vocab.find(token);
  if (found == vocab.end()) return model.Wrong("unk_token", "a token of model.vocab");
  bpe.set_unknown(found->get<uint32_t>(), fuse);
  return absl::OkStatus();
}

absl::Status ParseModel(const JsonFields& top, TokenizerParts& parts) {
  ASSIGN_OR_RETURN(JsonFields model, top.Object("model"));
  RETURN_IF_ERROR(CheckModelSwitches(model));
  RETURN_IF_ERROR(ParseVocab(model, parts));
  RETURN_IF_ERROR(ParseMerges(model, parts));
  ASSIGN_OR_RETURN(bool ignore_merges, model.Bool("ignore_merges", false));
  parts.bpe.set_ignore_merges(ignore_merges);
  return ParseUnknown(model, parts.bpe);
}

absl::StatusOr<AddedToken> ParseAddedToken(const JsonFields& fields) {
  AddedToken token;
  ASSIGN_OR_RETURN(int64_t id, fields.Int("id", 0, kMaxId));
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
  } else if (token.id < parts.bytes.size() && !parts.bytes[token.id].empty() && !ids.contains(token.id)) {
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
    SetBytes(token.id, Decoded(token.content), parts);
    parts.added_tokens.push_back(std::move(token));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TokenizerParts> ParseTokenizerJson(std::string_view text) {
  ASSIGN_OR_RETURN(json value, ParseJson(text, kLimits));
  ASSIGN_OR_RETURN(JsonFields top, JsonFields::Of(value, ""));
  TokenizerParts parts;
  if (const json* normalizer = top.Find("normalizer")) {
    RETURN_IF_ERROR(ParseNormalizer(*normalizer, "normalizer.", parts.nfc));
  }
  const json* pre_tokenizer = top.Find("pre_tokenizer");
  if (pre_tokenizer == nullptr) return top.Unsupported("pre_tokenizer", "one that ends with ByteLevel");
  ASSIGN_OR_RETURN(parts.pre_tokenizer, PreTokenizer::Parse(*pre_tokenizer));
  RETURN_IF_ERROR(CheckDecoder(top));
  RETURN_IF_ERROR(ParseModel(top, parts));
  RETURN_IF_ERROR(ParseAddedTokens(top, value["model"]["vocab"], parts));
  if (const json* post_processor = top.Find("post_processor")) {
    ASSIGN_OR_RETURN(parts.post_processor, ParsePostProcessor(*post_processor, kMaxId));
  }
  return parts;
}

}  // namespace drover::model
