// From a question of a suite to what a responder is asked: the template, and worked examples before it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/templates.h"
#include "evaluation/responder.h"
#include "evaluation/suite.h"
#include "model/jinja/chat_template.h"

namespace drover::evaluation {

// A worked example that stands before the question: a problem with its solution, or a text as it is.
struct FewShotExample {
  std::string problem, solution;
  std::string text;  // not empty: problem and solution are
};

// A JSONL file of {"problem", "solution"} or {"text"} a line. NOT_FOUND, or INVALID_ARGUMENT "FILE:LINE: ...".
absl::StatusOr<std::vector<FewShotExample>> ReadFewShot(const std::string& path);

// Writes the prompts of an evaluation. Examples stand before the question, each followed by an empty line: a text as it is;
// a problem and its solution as the template's text with the problem in it and the solution behind that, after a line break
// where the template ends in {question}, else after a space (neither where white space is there already). Under the model's
// chat template they are turns of the user and the assistant. Thread-safe.
class PromptBuilder {
 public:
  // `chat` is the model's, for a template that is it (PromptTemplate::chat). Null for one that is applied elsewhere (an
  // endpoint's model): then asks have messages and no prompt. INVALID_ARGUMENT for examples that cannot be turns of a chat.
  static absl::StatusOr<PromptBuilder> Create(data::PromptTemplate prompt_template,
                                              std::shared_ptr<const model::jinja::ChatTemplate> chat,
                                              std::vector<FewShotExample> examples);

  // An ask for `n` responses. INVALID_ARGUMENT when a question that is a chat meets a template that is a text, or when the
  // chat template refuses it.
  absl::StatusOr<Ask> Build(const SuiteQuestion& question, uint32_t n) const;

 private:
  PromptBuilder(data::PromptTemplate prompt_template, std::shared_ptr<const model::jinja::ChatTemplate> chat)
      : template_(std::move(prompt_template)), chat_(std::move(chat)) {}

  absl::Status BuildChat(const data::Question& question, Ask& ask) const;

  data::PromptTemplate template_;
  std::shared_ptr<const model::jinja::ChatTemplate> chat_;
  std::string before_;                                      // the examples, of a template that is a text
  model::jinja::Json turns_ = model::jinja::Json::array();  // of a chat
};

}  // namespace drover::evaluation
