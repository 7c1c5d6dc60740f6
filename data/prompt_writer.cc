#include "data/prompt_writer.h"

#include "base/status.h"

namespace drover::data {

absl::StatusOr<std::string> PromptWriter::Write(const Question& question) const {
  if (!template_.chat) return Fill(template_, question.text);
  if (chat_ == nullptr) {
    return absl::FailedPreconditionError("data.template: chat needs a model with a chat template");
  }
  using model::jinja::Json;
  const Json messages =
      question.messages.empty() ? model::jinja::UserMessage(question.text) : Json::parse(question.messages);
  auto text = chat_->Render(messages);
  if (!text.ok()) return Annotate(text.status(), "the chat template");
  return text;
}

}  // namespace drover::data
