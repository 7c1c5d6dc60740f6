// From a question to the text that the model is given.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "data/question.h"
#include "data/templates.h"
#include "model/jinja/chat_template.h"

namespace drover::data {

// Thread-safe.
class PromptWriter {
 public:
  // `chat` is the model's, for a template that is it (PromptTemplate::chat); null otherwise.
  PromptWriter(PromptTemplate prompt_template, std::shared_ptr<const model::jinja::ChatTemplate> chat)
      : template_(std::move(prompt_template)), chat_(std::move(chat)) {}

  const PromptTemplate& prompt_template() const { return template_; }

  // The template's text with the question in it; or the question's messages, or it as the one message of a user, as the
  // chat template writes them down. FAILED_PRECONDITION without the chat template that it needs; the errors of rendering.
  absl::StatusOr<std::string> Write(const Question& question) const;

 private:
  PromptTemplate template_;
  std::shared_ptr<const model::jinja::ChatTemplate> chat_;
};

}  // namespace drover::data
