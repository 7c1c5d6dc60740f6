#include "programs/model/lines.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/json.h"

namespace drover::model_tool {
namespace {

using nlohmann::json;

absl::Status Wrong(const std::string& key, const json& value, const std::string& rule) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", key, "\" is ", model::ShowJson(value), ", must be ", rule));
}

absl::StatusOr<json> Id(const json& line) {
  const auto id = line.find("id");
  if (id == line.end()) return json();
  if (!id->is_string() && !id->is_number() && !id->is_null())
    return Wrong("id", *id, "a string, a number or null");
  return *id;
}

absl::StatusOr<std::vector<uint32_t>> TokenIds(const json& line, const std::string& key, int64_t vocabulary) {
  const json& value = line.at(key);
  if (!value.is_array()) return Wrong(key, value, "an array of token ids");
  std::vector<uint32_t> ids;
  ids.reserve(value.size());
  for (const json& id : value) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() >= static_cast<uint64_t>(vocabulary)) {
      return absl::InvalidArgumentError(absl::StrCat("element ", ids.size(), " of \"", key, "\" is ",
                                                     model::ShowJson(id), ", must be an integer from 0 to ",
                                                     vocabulary - 1));
    }
    ids.push_back(id.get<uint32_t>());
  }
  return ids;
}

absl::Status ReadSampling(const json& line, PromptLine& prompt) {
  if (const auto n = line.find("response_count"); n != line.end()) {
    constexpr uint64_t kMost = 65536;
    if (!n->is_number_unsigned() || n->get<uint64_t>() < 1 || n->get<uint64_t>() > kMost) {
      return Wrong("response_count", *n, absl::StrCat("an integer from 1 to ", kMost));
    }
    prompt.n = n->get<uint32_t>();
  }
  if (const auto group = line.find("random_group"); group != line.end()) {
    if (!group->is_number_unsigned()) return Wrong("random_group", *group, "an integer from 0 to 2^64 - 1");
    prompt.number = group->get<uint64_t>();
  }
  return absl::OkStatus();
}

nlohmann::ordered_json Text(const v1::Response& response, bool has_text) {
  return has_text ? nlohmann::ordered_json(response.text()) : nlohmann::ordered_json();
}

const char* FinishReason(const v1::Response& response) {
  return response.finish_reason() == v1::FINISH_REASON_STOP ? "stop" : "length";
}

}  // namespace

absl::StatusOr<PromptLine> ParsePromptLine(const json& line) {
  PromptLine prompt;
  ASSIGN_OR_RETURN(prompt.id, Id(line));
  RETURN_IF_ERROR(ReadSampling(line, prompt));
  const bool has_text = line.contains("prompt");
  if (has_text == line.contains("prompt_token_ids")) {
    return absl::InvalidArgumentError("must have either \"prompt\" or \"prompt_token_ids\"");
  }
  if (!has_text) {
    ASSIGN_OR_RETURN(prompt.token_ids,
                     TokenIds(line, "prompt_token_ids", int64_t{std::numeric_limits<uint32_t>::max()} + 1));
    return prompt;
  }
  const json& text = line.at("prompt");
  if (!text.is_string()) return Wrong("prompt", text, "a string");
  prompt.is_text = true;
  prompt.text = text.get<std::string>();
  return prompt;
}

absl::StatusOr<ScoreLine> ParseScoreLine(const json& line, int64_t vocabulary, int64_t context) {
  ScoreLine score;
  ASSIGN_OR_RETURN(score.id, Id(line));
  if (!line.contains("token_ids")) return absl::InvalidArgumentError("\"token_ids\" is missing");
  ASSIGN_OR_RETURN(score.token_ids, TokenIds(line, "token_ids", vocabulary));
  const int64_t tokens = static_cast<int64_t>(score.token_ids.size());
  if (tokens < 1 || tokens > context) {
    return absl::InvalidArgumentError(absl::StrCat("\"token_ids\" has ", tokens, " tokens, must have 1 to ",
                                                   context, " (the model's context)"));
  }
  return score;
}

nlohmann::ordered_json ResponseLine(const json& id, int64_t index, const std::vector<uint32_t>& prompt,
                                    const v1::Response& response, bool has_text) {
  nlohmann::ordered_json line;
  line["id"] = id;
  line["index"] = index;
  line["prompt_token_ids"] = prompt;
  line["token_ids"] = std::vector<uint32_t>(response.token_ids().begin(), response.token_ids().end());
  line["text"] = Text(response, has_text);
  line["logprobs"] = std::vector<float>(response.logprobs().begin(), response.logprobs().end());
  line["finish_reason"] = FinishReason(response);
  return line;
}

nlohmann::ordered_json BriefLine(const json& id, int64_t index, const v1::Response& response, bool has_text) {
  return {{"id", id},
          {"index", index},
          {"text", Text(response, has_text)},
          {"tokens", response.token_ids_size()},
          {"finish_reason", FinishReason(response)}};
}

}  // namespace drover::model_tool
