// Prompt templates: the text around a question, where its response ends, how the answer is read from it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "drover/v1/recipe.pb.h"

namespace drover::data {

struct PromptTemplate {
  std::string name;  // "custom" for a text of the recipe's own
  std::string text;  // contains {question}
  std::vector<std::string> stop;
  bool keep_stop = false;     // the stop text stays in the response
  bool chat = false;          // the model's own chat template: `text` is not used
  std::string reward_format;  // boxed, answer_tag, answer_tag_lenient or plain
};

// recipes/templates.json as it was when this was built: r1, qwen_math, none, prime_zero, open_reasoner_zero.
const std::vector<PromptTemplate>& ShippedTemplates();

// What data.template says for the model's own chat template.
inline constexpr std::string_view kChat = "chat";

// The names of reward formats.
const std::vector<std::string>& RewardFormats();

// A shipped template by name, kChat (no stop texts, reward format boxed), or a custom one: any text with {question}, no stop texts, reward format plain.
// INVALID_ARGUMENT for other texts, with the names that there are.
absl::StatusOr<PromptTemplate> FindTemplate(std::string_view name_or_text);

// The template of a recipe with what the recipe says about stop texts and reward format in place of its own. This
// is what the actors and the verifier are told.
absl::StatusOr<PromptTemplate> ResolveTemplate(const v1::DataSettings& settings);

// The template's text with {question} replaced, wherever it stands; the question is not looked into.
std::string Fill(const PromptTemplate& prompt_template, std::string_view question);

}  // namespace drover::data
