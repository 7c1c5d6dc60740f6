// The lines of `drover generate` and `drover score` (docs/reference/cli.md). Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "drover/v1/group.pb.h"

namespace drover::model_tool {

// {"id", "prompt"} or {"id", "prompt_token_ids"}, perhaps with "response_count" and "random_group"; other keys are not looked at.
struct PromptLine {
  nlohmann::json id;                // a text, a number or null, kept as it was
  bool is_text = false;             // which of the two below counts
  std::string text;                 // the question that the template is put around
  std::vector<uint32_t> token_ids;  // the whole prompt
  std::optional<uint32_t> n;        // responses to this prompt; else as the command says
  std::optional<uint64_t> number;   // the group whose random numbers it draws; else its place in the file
};
absl::StatusOr<PromptLine> ParsePromptLine(const nlohmann::json& line);

// {"id", "token_ids"}.
struct ScoreLine {
  std::string where;  // "FILE:LINE", which its reader knows
  nlohmann::json id;
  std::vector<uint32_t> token_ids;
};
// `vocabulary` and `context` bound the ids and their number.
absl::StatusOr<ScoreLine> ParseScoreLine(const nlohmann::json& line, int64_t vocabulary, int64_t context);

// {"id","index","prompt_token_ids","token_ids","text","logprobs","finish_reason"}; text is null without a tokenizer.
nlohmann::ordered_json ResponseLine(const nlohmann::json& id, int64_t index,
                                    const std::vector<uint32_t>& prompt, const v1::Response& response,
                                    bool has_text);

// {"id","index","text","tokens","finish_reason"}.
nlohmann::ordered_json BriefLine(const nlohmann::json& id, int64_t index, const v1::Response& response,
                                 bool has_text);

}  // namespace drover::model_tool
