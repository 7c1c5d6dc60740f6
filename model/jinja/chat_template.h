// The chat template of a Hugging Face directory: how a model wants a chat written down.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "model/jinja/ast.h"
#include "model/jinja/value.h"

namespace drover::model::jinja {

// What transformers' apply_chat_template takes beside the messages.
struct ChatOptions {
  bool add_generation_prompt = true;  // up to where the assistant's answer begins
  Json tools = nullptr;               // a list of JSON schemas
  Json variables = Json::object();    // others that the template may ask for, such as enable_thinking
};

// Thread-safe after Load.
class ChatTemplate {
 public:
  // dir/chat_template.jinja, or chat_template of dir/tokenizer_config.json: a text, or the one called "default" in a list
  // of named ones; of adapters without a tokenizer, their base's (TokenizerFolder). NOT_FOUND where there is none;
  // INVALID_ARGUMENT or UNIMPLEMENTED with the file and the line for one that is not understood.
  static absl::StatusOr<ChatTemplate> Load(const std::string& dir);
  // The template and the texts that it may use beside the messages (bos_token, eos_token, ...).
  static absl::StatusOr<ChatTemplate> Parse(std::string_view source, Json special_tokens);

  // The prompt for the assistant's answer to `messages`, a list of {"role", "content"}: what transformers'
  // apply_chat_template makes, which tells a template of `tools` and `documents` even where there are none. There is no
  // clock in it: where a template asks for the date (strftime_now) it is as if there were none to ask.
  absl::StatusOr<std::string> Render(const Json& messages, const ChatOptions& options = {}) const;

 private:
  std::shared_ptr<const Block> block_;
  Json special_tokens_;
};

// OK for a list of at least one message: dicts whose role and content are texts.
absl::Status CheckMessages(const Json& messages);

// The one message of a user.
Json UserMessage(std::string_view text);

}  // namespace drover::model::jinja
