#include "data/templates.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "data/templates_json.h"
#include "nlohmann/json.hpp"

namespace drover::data {
namespace {

constexpr char kPlaceholder[] = "{question}";

std::vector<PromptTemplate> ParseShipped() {
  std::vector<PromptTemplate> templates;
  const auto file = nlohmann::ordered_json::parse(kTemplatesJson);
  for (const auto& [name, entry] : file.items()) {
    templates.push_back({.name = name,
                         .text = entry.at("text").get<std::string>(),
                         .stop = entry.at("stop").get<std::vector<std::string>>(),
                         .keep_stop = entry.at("keep_stop").get<bool>(),
                         .reward_format = entry.at("reward").get<std::string>()});
  }
  return templates;
}

std::string ShippedNames() {
  return absl::StrJoin(ShippedTemplates(), ", ",
                       [](std::string* out, const PromptTemplate& t) { out->append(t.name); });
}

// A text as an error shows it: short.
std::string Excerpt(std::string_view text) {
  constexpr size_t kLongest = 60;
  if (text.size() <= kLongest) return std::string(text);
  return absl::StrCat(ToAbsl(text.substr(0, kLongest)), "...");
}

}  // namespace

const std::vector<PromptTemplate>& ShippedTemplates() {
  static const auto& templates = *new std::vector<PromptTemplate>(ParseShipped());
  return templates;
}

const std::vector<std::string>& RewardFormats() {
  static const auto& formats =
      *new std::vector<std::string>{"boxed", "answer_tag", "answer_tag_lenient", "plain"};
  return formats;
}

absl::StatusOr<PromptTemplate> FindTemplate(std::string_view name_or_text) {
  for (const PromptTemplate& shipped : ShippedTemplates()) {
    if (shipped.name == name_or_text) return shipped;
  }
  if (name_or_text == kChat) {
    return PromptTemplate{
        .name = std::string(kChat), .text = kPlaceholder, .chat = true, .reward_format = "boxed"};
  }
  if (name_or_text.find(kPlaceholder) == std::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("got `", Excerpt(name_or_text), "`, may be a shipped template (", ShippedNames(),
                     "), chat (the model's own) or a text that contains ", kPlaceholder));
  }
  return PromptTemplate{.name = "custom", .text = std::string(name_or_text), .reward_format = "plain"};
}

absl::StatusOr<PromptTemplate> ResolveTemplate(const v1::DataSettings& settings) {
  ASSIGN_OR_RETURN(PromptTemplate resolved, FindTemplate(settings.template_()));
  if (settings.stop_size() > 0) resolved.stop = {settings.stop().begin(), settings.stop().end()};
  if (settings.has_keep_stop()) resolved.keep_stop = settings.keep_stop();
  if (!settings.reward_format().empty()) resolved.reward_format = settings.reward_format();
  return resolved;
}

std::string Fill(const PromptTemplate& prompt_template, std::string_view question) {
  return absl::StrReplaceAll(prompt_template.text, {{kPlaceholder, ToAbsl(question)}});
}

}  // namespace drover::data
