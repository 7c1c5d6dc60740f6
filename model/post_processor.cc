#include "model/post_processor.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/json.h"

namespace drover::model {
namespace {

using nlohmann::json;
using Ids = std::vector<uint32_t>;

absl::StatusOr<uint32_t> ParseId(const json& value, const std::string& path, int64_t max_id) {
  if (value.is_number_integer() && value >= 0 && value <= max_id) return value.get<uint32_t>();
  return absl::InvalidArgumentError(
      absl::StrCat(path, " is ", ShowJson(value), ", must be an integer from 0 to ", max_id));
}

// special_tokens[NAME].ids
absl::StatusOr<Ids> IdsOf(const JsonFields& fields, const std::string& name, int64_t max_id) {
  ASSIGN_OR_RETURN(const JsonFields table, fields.Object("special_tokens"));
  if (table.Find(name) == nullptr)
    return fields.Wrong("special_tokens", absl::StrCat("an object with ", name));
  ASSIGN_OR_RETURN(const JsonFields token, table.Object(name));
  const json* list = token.Find("ids");
  if (list == nullptr || !list->is_array()) return token.Wrong("ids", "an array of ids");
  Ids ids;
  for (const json& value : *list) {
    ASSIGN_OR_RETURN(const uint32_t id, ParseId(value, token.Path("ids[]"), max_id));
    ids.push_back(id);
  }
  return ids;
}

// A list of {"SpecialToken": {"id": NAME}} with one {"Sequence": {"id": "A"}}, which is the text.
absl::StatusOr<PostProcessor> ParseTemplate(const JsonFields& fields, int64_t max_id) {
  const json* pieces = fields.Find("single");
  if (pieces == nullptr || !pieces->is_array()) return fields.Wrong("single", "an array of pieces");
  PostProcessor processor;
  size_t texts = 0;
  for (size_t i = 0; i < pieces->size(); ++i) {
    const std::string path = absl::StrCat(fields.Path("single["), i, "].");
    ASSIGN_OR_RETURN(const JsonFields piece, JsonFields::Of((*pieces)[i], path));
    if (piece.Find("Sequence") != nullptr) {
      ++texts;
      continue;
    }
    ASSIGN_OR_RETURN(const JsonFields special, piece.Object("SpecialToken"));
    ASSIGN_OR_RETURN(const std::string name, special.String("id"));
    ASSIGN_OR_RETURN(const Ids ids, IdsOf(fields, name, max_id));
    Ids& side = texts == 0 ? processor.before : processor.after;
    side.insert(side.end(), ids.begin(), ids.end());
  }
  if (texts != 1) return fields.Wrong("single", "a template with one Sequence");
  return processor;
}

// `cls` before the text and `sep` behind it, each [TOKEN, ID].
absl::StatusOr<PostProcessor> ParsePair(const JsonFields& fields, int64_t max_id) {
  PostProcessor processor;
  for (const auto& [name, side] : {std::pair{"cls", &processor.before}, {"sep", &processor.after}}) {
    const json* pair = fields.Find(name);
    if (pair == nullptr || !pair->is_array() || pair->size() != 2) return fields.Wrong(name, "[TOKEN, ID]");
    ASSIGN_OR_RETURN(const uint32_t id, ParseId((*pair)[1], fields.Path(name), max_id));
    side->push_back(id);
  }
  return processor;
}

absl::StatusOr<PostProcessor> Parse(const json& value, const std::string& path, int64_t max_id);

// Of which one may add tokens: a second one would take what the first put around the text for texts of their own.
absl::StatusOr<PostProcessor> ParseSequence(const JsonFields& fields, int64_t max_id) {
  const json* list = fields.Find("processors");
  if (list == nullptr || !list->is_array()) return fields.Wrong("processors", "an array");
  PostProcessor all;
  for (size_t i = 0; i < list->size(); ++i) {
    const std::string path = absl::StrCat(fields.Path("processors["), i, "].");
    ASSIGN_OR_RETURN(PostProcessor one, Parse((*list)[i], path, max_id));
    if (one.AddsNothing()) continue;
    if (!all.AddsNothing()) return fields.Unsupported("processors", "ones of which one adds tokens");
    all = std::move(one);
  }
  return all;
}

absl::StatusOr<PostProcessor> Parse(const json& value, const std::string& path, int64_t max_id) {
  ASSIGN_OR_RETURN(const JsonFields fields, JsonFields::Of(value, path));
  ASSIGN_OR_RETURN(const std::string type, fields.String("type"));
  if (type == "ByteLevel") return PostProcessor{};  // it moves offsets, which nobody asks for here
  if (type == "TemplateProcessing") return ParseTemplate(fields, max_id);
  if (type == "BertProcessing" || type == "RobertaProcessing") return ParsePair(fields, max_id);
  if (type == "Sequence") return ParseSequence(fields, max_id);
  return fields.Unsupported(
      "type",
      "\"TemplateProcessing\", \"BertProcessing\", \"RobertaProcessing\", \"ByteLevel\" or "
      "\"Sequence\"");
}

}  // namespace

void PostProcessor::Apply(std::vector<uint32_t>& ids) const {
  const bool begun = ids.size() >= before.size() && std::equal(before.begin(), before.end(), ids.begin());
  const bool ended = ids.size() >= after.size() && std::equal(after.rbegin(), after.rend(), ids.rbegin());
  if (!begun) ids.insert(ids.begin(), before.begin(), before.end());
  if (!ended) ids.insert(ids.end(), after.begin(), after.end());
}

absl::StatusOr<PostProcessor> ParsePostProcessor(const nlohmann::json& value, int64_t max_id) {
  return Parse(value, "post_processor.", max_id);
}

}  // namespace drover::model
