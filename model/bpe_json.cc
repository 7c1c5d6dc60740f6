#include "model/bpe_json.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/byte_alphabet.h"

namespace drover::model {
namespace {

using nlohmann::json;

// The switches of model that change what BPE does.
absl::Status CheckSwitches(const JsonFields& model) {
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

// What the token written `content` spells; nullopt for one that can come out of no text: it has a character outside the
// byte alphabet, and only decodes.
std::optional<std::string> Spelled(const std::string& content, BpeModel::Alphabet alphabet) {
  return alphabet == BpeModel::Alphabet::kBytes ? UnspellBytes(content) : content;
}

absl::Status ParseVocab(const JsonFields& model, BpeModel::Alphabet alphabet, BpeModel& bpe) {
  const json* vocab = model.Find("vocab");
  if (vocab == nullptr || !vocab->is_object()) return model.Wrong("vocab", "an object of ids by token");
  absl::flat_hash_set<uint32_t> ids;
  for (const auto& [token, value] : vocab->items()) {
    if (!value.is_number_unsigned() || value > kMaxTokenId) {
      return absl::InvalidArgumentError(absl::StrCat("model.vocab: the id of ", ShowJson(token), " is ",
                                                     ShowJson(value), ", must be an integer from 0 to ",
                                                     kMaxTokenId));
    }
    const uint32_t id = value.get<uint32_t>();
    if (!ids.insert(id).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("model.vocab: ", ShowJson(token), " has id ", id, ", as another token has"));
    }
    if (std::optional<std::string> text = Spelled(token, alphabet)) {
      RETURN_IF_ERROR(bpe.AddToken(id, *std::move(text)));
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

absl::Status ParseMerges(const JsonFields& model, BpeModel::Alphabet alphabet, BpeModel& bpe) {
  const json* merges = model.Find("merges");
  if (merges == nullptr || !merges->is_array()) return model.Wrong("merges", "an array of merges");
  for (size_t i = 0; i < merges->size(); ++i) {
    const json& merge = (*merges)[i];
    const auto where = [i] { return absl::StrCat("model.merges[", i, "]"); };
    const auto pair = MergeParts(merge);
    if (!pair) {
      return absl::InvalidArgumentError(absl::StrCat(where(), " is ", ShowJson(merge),
                                                     ", must be \"LEFT RIGHT\" or [\"LEFT\", \"RIGHT\"]"));
    }
    const auto left = Spelled(pair->first, alphabet), right = Spelled(pair->second, alphabet);
    if (!left || !right) {
      return absl::InvalidArgumentError(absl::StrCat(where(), " is ", ShowJson(merge),
                                                     ", which has a character outside the byte alphabet"));
    }
    absl::Status added = bpe.AddMerge(*left, *right);
    if (!added.ok()) return Annotate(added, where());
  }
  return absl::OkStatus();
}

// unk_token, fuse_unk and byte_fallback: what becomes of bytes and characters without a token.
absl::Status ParseUnknown(const JsonFields& model, BpeModel::Alphabet alphabet, BpeModel& bpe) {
  ASSIGN_OR_RETURN(const bool fuse, model.Bool("fuse_unk", false));
  ASSIGN_OR_RETURN(const bool fallback, model.Bool("byte_fallback", false));
  if (fallback && alphabet == BpeModel::Alphabet::kBytes && !bpe.has_all_bytes()) {
    return model.Unsupported("byte_fallback", "false where the vocabulary lacks some of the 256 bytes");
  }
  bpe.set_byte_fallback(fallback);
  bpe.set_unknown(std::nullopt, fuse);
  if (model.Find("unk_token") == nullptr) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string token, model.String("unk_token"));
  const json& vocab = *model.Find("vocab");
  const auto found = vocab.find(token);
  if (found == vocab.end()) return model.Wrong("unk_token", "a token of model.vocab");
  bpe.set_unknown(found->get<uint32_t>(), fuse);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BpeModel> ParseBpe(const JsonFields& model, BpeModel::Alphabet alphabet) {
  RETURN_IF_ERROR(CheckSwitches(model));
  BpeModel bpe(alphabet);
  RETURN_IF_ERROR(ParseVocab(model, alphabet, bpe));
  RETURN_IF_ERROR(ParseMerges(model, alphabet, bpe));
  ASSIGN_OR_RETURN(const bool ignore_merges, model.Bool("ignore_merges", false));
  bpe.set_ignore_merges(ignore_merges);
  RETURN_IF_ERROR(ParseUnknown(model, alphabet, bpe));
  return bpe;
}

}  // namespace drover::model
