#include "data/supervised_file.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/file.h"
#include "base/status.h"
#include "data/flat_json.h"
#include "data/nested_key.h"
#include "data/records.h"
#include "data/templates.h"

namespace drover::data {
namespace {

using model::jinja::Json;

constexpr uint64_t kMaxSupervisedFileBytes = uint64_t{32} << 30;
constexpr char kResponse[] = "{response}";

bool Blank(const std::string& text) { return absl::StripAsciiWhitespace(text).empty(); }

// A text, or a number as it is written.
absl::StatusOr<std::string> Scalar(const FlatJson& record, const std::string& key) {
  const JsonLeaf* leaf = record.Find(key);
  if (leaf == nullptr) {
    return absl::InvalidArgumentError(
        record.Has(key) ? absl::StrCat("has a list or an object as `", key, "`, must be a text")
                        : absl::StrCat("has no `", key, "`"));
  }
  if (leaf->kind == JsonLeaf::Kind::kOther) {
    return absl::InvalidArgumentError(absl::StrCat("has ", leaf->text, " as `", key, "`, must be a text"));
  }
  return leaf->text;
}

absl::StatusOr<std::string> Rendered(const model::jinja::ChatTemplate& chat, const Json& messages,
                                     bool prompt) {
  model::jinja::ChatOptions options;
  options.add_generation_prompt = prompt;
  auto text = chat.Render(messages, options);
  if (text.ok()) return text;
  return absl::InvalidArgumentError(
      absl::StrCat("is refused by the chat template: ", text.status().message()));
}

void AddPart(std::string_view text, bool learned, std::vector<TextPart>& parts) {
  if (!text.empty()) parts.push_back({std::string(text), learned});
}

}  // namespace

absl::StatusOr<std::vector<TextPart>> ChatParts(const model::jinja::ChatTemplate& chat,
                                                const Json& messages) {
  std::vector<TextPart> parts;
  std::string written;  // that the parts so far make
  Json turns = Json::array();
  for (const Json& message : messages) {
    if (message.at("role") != "assistant") {
      turns.push_back(message);
      continue;
    }
    ASSIGN_OR_RETURN(const std::string prompt, Rendered(chat, turns, /*prompt=*/true));
    turns.push_back(message);
    ASSIGN_OR_RETURN(std::string whole, Rendered(chat, turns, /*prompt=*/false));
    if (!prompt.starts_with(written) || !whole.starts_with(prompt)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "is a conversation whose beginning the model's chat template writes otherwise once message ",
          turns.size(), " follows; make each answer a record of its own, with the messages before it"));
    }
    AddPart(std::string_view(prompt).substr(written.size()), /*learned=*/false, parts);
    AddPart(std::string_view(whole).substr(prompt.size()), /*learned=*/true, parts);
    written = std::move(whole);
  }
  return parts;
}

absl::StatusOr<SupervisedReader> SupervisedReader::Create(
    const v1::Recipe& recipe, std::shared_ptr<const model::jinja::ChatTemplate> chat) {
  SupervisedReader reader;
  reader.settings_ = recipe.sft();
  const bool pairs = recipe.sft().format() == v1::PAIRS;
  bool needs_chat = recipe.sft().format() == v1::CHATS;
  if (pairs) {
    ASSIGN_OR_RETURN(const PromptTemplate around, FindTemplate(recipe.data().template_()));
    needs_chat = around.chat;
    if (!around.chat) reader.template_ = around.text;
    if (recipe.sft().response_text().find(kResponse) == std::string::npos) {
      return absl::InvalidArgumentError(absl::StrCat("sft.response_text: got `", recipe.sft().response_text(),
                                                     "`, which has no {response}"));
    }
  }
  if (needs_chat && chat == nullptr) {
    return absl::FailedPreconditionError("a chat needs a model with a chat template");
  }
  reader.chat_ = std::move(chat);
  return reader;
}

absl::StatusOr<SupervisedText> SupervisedReader::Read(std::string_view record) const {
  if (record.size() > kMaxRecordBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("is ", record.size(), " bytes long, may be at most ", kMaxRecordBytes));
  }
  if (settings_.format() == v1::CHATS) return ReadChat(record);
  if (settings_.format() == v1::PAIRS) return ReadPair(record);
  ASSIGN_OR_RETURN(const FlatJson flat, FlatJson::Parse(record));
  SupervisedText text;
  ASSIGN_OR_RETURN(text.key, Scalar(flat, settings_.text_key()));
  if (!Blank(text.key)) AddPart(text.key, /*learned=*/true, text.parts);
  return text;
}

absl::StatusOr<SupervisedText> SupervisedReader::ReadPair(std::string_view record) const {
  ASSIGN_OR_RETURN(const FlatJson flat, FlatJson::Parse(record));
  SupervisedText text;
  ASSIGN_OR_RETURN(text.key, Scalar(flat, settings_.prompt_key()));
  ASSIGN_OR_RETURN(const std::string given, Scalar(flat, settings_.response_key()));
  if (Blank(text.key) || Blank(given)) return text;
  const std::string response = absl::StrReplaceAll(settings_.response_text(), {{kResponse, given}});
  if (template_.empty()) {
    Json messages = model::jinja::UserMessage(text.key);
    messages.push_back({{"role", "assistant"}, {"content", response}});
    ASSIGN_OR_RETURN(text.parts, ChatParts(*chat_, messages));
    return text;
  }
  AddPart(absl::StrReplaceAll(template_, {{"{question}", text.key}}), /*learned=*/false, text.parts);
  AddPart(response, /*learned=*/true, text.parts);
  return text;
}

absl::StatusOr<SupervisedText> SupervisedReader::ReadChat(std::string_view record) const {
  const Json whole = Json::parse(record.begin(), record.end(), nullptr, /*allow_exceptions=*/false);
  if (whole.is_discarded()) return absl::InvalidArgumentError("is not JSON");
  if (!whole.is_object()) return absl::InvalidArgumentError("must be an object");
  const Json* messages = ValueAt(whole, settings_.messages_key());
  if (messages == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("has no `", settings_.messages_key(), "`"));
  }
  const absl::Status valid = model::jinja::CheckMessages(*messages);
  if (!valid.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("`", settings_.messages_key(), "` ", valid.message()));
  }
  SupervisedText text;
  for (const Json& message : *messages) {
    if (message.at("role") == "user")
      absl::StrAppend(&text.key, message.at("content").get<std::string>(), "\n");
  }
  ASSIGN_OR_RETURN(text.parts, ChatParts(*chat_, *messages));
  return text;
}

absl::Status ReadSupervisedFile(const std::string& path, const SupervisedReader& reader,
                                const std::function<absl::Status(SupervisedText text)>& visit) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kMaxSupervisedFileBytes));
  const absl::Status status = ForEachRecord(bytes, {}, [&](const Record& record) -> absl::Status {
    absl::StatusOr<SupervisedText> text = reader.Read(record.text);
    if (!text.ok()) {
      return absl::Status(text.status().code(), absl::StrCat("the record ", text.status().message()));
    }
    text->line = record.line;
    return visit(*std::move(text));
  });
  if (status.ok()) return status;
  const std::string message(status.message());
  const bool has_line = !message.empty() && absl::ascii_isdigit(static_cast<unsigned char>(message[0]));
  return absl::Status(status.code(), absl::StrCat(path, has_line ? ":" : ": ", message));
}

}  // namespace drover::data
