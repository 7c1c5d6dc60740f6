#include "model/jinja/chat_template.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "model/jinja/parser.h"
#include "model/jinja/renderer.h"
#include "model/json.h"
#include "model/lora_files.h"
#include "model/utf8.h"

namespace drover::model::jinja {
namespace {

constexpr uint64_t kMaxTemplate = uint64_t{1} << 20;

// The special tokens of tokenizer_config.json: texts, or objects with a content.
Json SpecialTokens(const nlohmann::json& config) {
  Json tokens = Json::object();
  for (const auto& [name, value] : config.items()) {
    if (!absl::EndsWith(name, "_token")) continue;
    const nlohmann::json& text = value.is_object() && value.contains("content") ? value["content"] : value;
    if (text.is_string()) tokens[name] = text.get<std::string>();
  }
  return tokens;
}

// chat_template of tokenizer_config.json.
absl::StatusOr<std::string> SourceIn(const nlohmann::json& config) {
  const auto found = config.find("chat_template");
  if (found == config.end() || found->is_null()) return absl::NotFoundError("no chat_template is there");
  if (found->is_string()) return found->get<std::string>();
  if (found->is_array()) {
    for (const auto& entry : *found) {
      if (!entry.is_object() || entry.value("name", nlohmann::json()) != "default") continue;
      const auto text = entry.find("template");
      if (text != entry.end() && text->is_string()) return text->get<std::string>();
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("chat_template is ", ShowJson(*found),
                                                 ", must be a text or a list with one named default"));
}

}  // namespace

absl::StatusOr<ChatTemplate> ChatTemplate::Parse(std::string_view source, Json special_tokens) {
  if (const auto byte = FirstInvalidUtf8(source)) {
    return absl::InvalidArgumentError(absl::StrCat("the template is not UTF-8 at byte ", *byte));
  }
  ASSIGN_OR_RETURN(Block block, jinja::Parse(source));
  ChatTemplate made;
  made.block_ = std::make_shared<const Block>(std::move(block));
  made.special_tokens_ = std::move(special_tokens);
  return made;
}

absl::StatusOr<ChatTemplate> ChatTemplate::Load(const std::string& dir) {
  ASSIGN_OR_RETURN(const std::string folder, TokenizerFolder(dir));
  const std::string config_file = folder + "/tokenizer_config.json";
  nlohmann::json config = nlohmann::json::object();
  const auto text = ReadFile(config_file, JsonLimits{}.max_bytes);
  if (text.ok()) {
    auto parsed = ParseJson(*text);
    if (!parsed.ok()) return Annotate(parsed.status(), config_file);
    if (parsed->is_object()) config = *std::move(parsed);
  } else if (!absl::IsNotFound(text.status())) {
    return text.status();
  }
  std::string file = folder + "/chat_template.jinja";
  absl::StatusOr<std::string> source = ReadFile(file, kMaxTemplate);
  if (absl::IsNotFound(source.status())) {
    file = config_file;
    source = SourceIn(config);
    if (absl::IsNotFound(source.status())) {
      return absl::NotFoundError(
          absl::StrCat(dir, " has no chat template (chat_template.jinja, or one in tokenizer_config.json)"));
    }
  }
  if (!source.ok()) return Annotate(source.status(), file);
  auto made = Parse(*source, SpecialTokens(config));
  if (!made.ok()) return Annotate(made.status(), file);
  return made;
}

absl::StatusOr<std::string> ChatTemplate::Render(const Json& messages, const ChatOptions& options) const {
  Json context = special_tokens_;
  context["messages"] = messages;
  context["tools"] = options.tools;
  context["documents"] = nullptr;
  context["add_generation_prompt"] = options.add_generation_prompt;
  for (const auto& [name, value] : options.variables.items()) context[name] = value;
  return jinja::Render(*block_, context);
}

absl::Status CheckMessages(const Json& messages) {
  if (!messages.is_array() || messages.empty()) return absl::InvalidArgumentError("is no list of messages");
  for (const Json& message : messages) {
    for (const char* key : {"role", "content"}) {
      if (message.is_object() && message.contains(key) && message.at(key).is_string()) continue;
      return absl::InvalidArgumentError(absl::StrCat("has a message without a text as its ", key));
    }
  }
  return absl::OkStatus();
}

Json UserMessage(std::string_view text) {
  return Json::array({{{"role", "user"}, {"content", std::string(text)}}});
}

}  // namespace drover::model::jinja
