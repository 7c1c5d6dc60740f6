#include "evaluation/prompts.h"

#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/status.h"
#include "model/json.h"

namespace drover::evaluation {
namespace {

using model::jinja::Json;

constexpr uint64_t kMaxFewShotBytes = uint64_t{16} << 20;

absl::StatusOr<FewShotExample> ParseExample(std::string_view line) {
  ASSIGN_OR_RETURN(const nlohmann::json value, model::ParseJson(line));
  ASSIGN_OR_RETURN(const model::JsonFields fields, model::JsonFields::Of(value, ""));
  FewShotExample example;
  if (fields.Contains("text") == (fields.Contains("problem") || fields.Contains("solution"))) {
    return absl::InvalidArgumentError("must have either \"text\" or \"problem\" and \"solution\"");
  }
  if (fields.Contains("text")) {
    ASSIGN_OR_RETURN(example.text, fields.String("text"));
    if (example.text.empty()) return absl::InvalidArgumentError("\"text\" is empty");
    return example;
  }
  ASSIGN_OR_RETURN(example.problem, fields.String("problem"));
  ASSIGN_OR_RETURN(example.solution, fields.String("solution"));
  if (example.problem.empty() || example.solution.empty()) {
    return absl::InvalidArgumentError("\"problem\" or \"solution\" is empty");
  }
  return example;
}

bool EndsInSpace(std::string_view text) {
  return !text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.back()));
}

std::string Worked(const data::PromptTemplate& prompt_template, const FewShotExample& example) {
  std::string text = data::Fill(prompt_template, example.problem);
  const bool parted =
      EndsInSpace(text) || absl::ascii_isspace(static_cast<unsigned char>(example.solution.front()));
  if (!parted) absl::StrAppend(&text, absl::EndsWith(prompt_template.text, "{question}") ? "\n" : " ");
  return absl::StrCat(text, example.solution);
}

Json Turn(const char* role, const std::string& content) { return {{"role", role}, {"content", content}}; }

}  // namespace

absl::StatusOr<std::vector<FewShotExample>> ReadFewShot(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string file, ReadFile(path, kMaxFewShotBytes));
  std::vector<FewShotExample> examples;
  size_t number = 0;
  for (const absl::string_view line : absl::StrSplit(file, '\n')) {
    ++number;
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    auto example = ParseExample(ToStd(line));
    if (!example.ok()) return AsBadInput(Annotate(example.status(), absl::StrCat(path, ":", number)));
    examples.push_back(*std::move(example));
  }
  if (examples.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": has no example"));
  return examples;
}

absl::StatusOr<PromptBuilder> PromptBuilder::Create(data::PromptTemplate prompt_template,
                                                    std::shared_ptr<const model::jinja::ChatTemplate> chat,
                                                    std::vector<FewShotExample> examples) {
  PromptBuilder builder(std::move(prompt_template), std::move(chat));
  for (const FewShotExample& example : examples) {
    if (!builder.template_.chat) {
      absl::StrAppend(&builder.before_,
                      example.text.empty() ? Worked(builder.template_, example) : example.text, "\n\n");
      continue;
    }
    if (!example.text.empty()) {
      return absl::InvalidArgumentError(
          "an example is a text; under a chat template examples are \"problem\" and \"solution\"");
    }
    builder.turns_.push_back(Turn("user", example.problem));
    builder.turns_.push_back(Turn("assistant", example.solution));
  }
  return builder;
}

absl::StatusOr<Ask> PromptBuilder::Build(const SuiteQuestion& question, uint32_t n) const {
  Ask ask = {.id = question.id, .number = question.number, .n = n};
  if (template_.chat) {
    RETURN_IF_ERROR(Annotate(BuildChat(question.question, ask), absl::StrCat("question ", question.id)));
    return ask;
  }
  if (!question.question.messages.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("question ", question.id,
                     ": is a chat, which the template cannot write down; use the template chat"));
  }
  ask.prompt = absl::StrCat(before_, data::Fill(template_, question.question.text));
  return ask;
}

// The examples come behind the system's message, where the question begins with one.
absl::Status PromptBuilder::BuildChat(const data::Question& question, Ask& ask) const {
  const Json asked =
      question.messages.empty() ? model::jinja::UserMessage(question.text) : Json::parse(question.messages);
  Json messages = Json::array();
  auto next = asked.begin();
  if (next->at("role") == "system") messages.push_back(*next++);
  for (const Json& turn : turns_) messages.push_back(turn);
  for (; next != asked.end(); ++next) messages.push_back(*next);
  ask.messages = messages.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (chat_ == nullptr) return absl::OkStatus();
  auto prompt = chat_->Render(messages);
  if (!prompt.ok()) return AsBadInput(Annotate(prompt.status(), "the chat template"));
  ask.prompt = *std::move(prompt);
  return absl::OkStatus();
}

}  // namespace drover::evaluation
