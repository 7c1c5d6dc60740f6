#include "programs/model/serve/api_response.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/utf8.h"

namespace drover::serve {
namespace {

using Json = nlohmann::ordered_json;

// JSON has no infinities: this is what the API says of a token that has no probability.
constexpr float kNoProbability = -9999.0F;

float Finite(float logprob) { return std::isfinite(logprob) ? logprob : kNoProbability; }

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

std::string Event(const Json& json) { return absl::StrCat("data: ", Dump(json), "\n\n"); }

// How a completion writes a token: one that is not whole characters by its bytes, so that it differs from others.
std::string Spelled(const std::string& bytes) {
  if (!model::FirstInvalidUtf8(bytes)) return bytes;
  std::string text = "bytes:";
  for (const char byte : bytes) absl::StrAppendFormat(&text, "\\x%02x", static_cast<unsigned char>(byte));
  return text;
}

Json CompletionLogprobs(const ChoicePart& part) {
  Json tokens = Json::array(), logprobs = Json::array(), top = Json::array(), offsets = Json::array();
  for (const ScoredToken& token : part.tokens) {
    tokens.push_back(Spelled(token.bytes));
    logprobs.push_back(Finite(token.logprob));
    offsets.push_back(token.offset);
    Json alternatives = Json::object();
    for (const auto& [bytes, logprob] : token.top) alternatives[Spelled(bytes)] = Finite(logprob);
    alternatives[Spelled(token.bytes)] = Finite(token.logprob);  // the token itself is always among them
    top.push_back(std::move(alternatives));
  }
  if (!part.tokens.empty() && part.tokens[0].top.empty()) top = nullptr;  // none were asked for
  return {{"tokens", std::move(tokens)},
          {"token_logprobs", std::move(logprobs)},
          {"top_logprobs", std::move(top)},
          {"text_offset", std::move(offsets)}};
}

Json ChatToken(const std::string& bytes, float logprob) {
  Json numbers = Json::array();
  for (const char byte : bytes) numbers.push_back(static_cast<unsigned char>(byte));
  return {{"token", Lossy(bytes)}, {"logprob", Finite(logprob)}, {"bytes", std::move(numbers)}};
}

Json ChatLogprobs(const ChoicePart& part) {
  Json content = Json::array();
  for (const ScoredToken& token : part.tokens) {
    Json one = ChatToken(token.bytes, token.logprob);
    one["top_logprobs"] = Json::array();
    for (const auto& [bytes, logprob] : token.top) one["top_logprobs"].push_back(ChatToken(bytes, logprob));
    content.push_back(std::move(one));
  }
  return {{"content", std::move(content)}, {"refusal", nullptr}};
}

Json Logprobs(const AnswerHead& head, const ChoicePart& part) {
  if (!part.logprobs) return Json();
  return head.endpoint == ApiEndpoint::kChat ? ChatLogprobs(part) : CompletionLogprobs(part);
}

// {"index", WHAT: content, "logprobs", "finish_reason"}.
Json Choice(const AnswerHead& head, const ChoicePart& part, const char* what, Json content) {
  Json choice = Json::object({{"index", part.index}});
  choice[what] = std::move(content);
  choice["logprobs"] = Logprobs(head, part);
  choice["finish_reason"] = part.finish_reason == nullptr ? Json() : Json(part.finish_reason);
  if (part.stop_text) choice["stop_reason"] = *part.stop_text;
  return choice;
}

Json Body(const AnswerHead& head, bool chunk, Json choices) {
  const char* const object = head.endpoint == ApiEndpoint::kCompletions ? "text_completion"
                             : chunk                                    ? "chat.completion.chunk"
                                                                        : "chat.completion";
  return {{"id", head.id},
          {"object", object},
          {"created", head.created},
          {"model", head.model},
          {"system_fingerprint", head.fingerprint},
          {"choices", std::move(choices)}};
}

Json UsageJson(const Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens}};
}

std::string ChoiceEvent(const AnswerHead& head, Json choice) {
  Json body = Body(head, /*chunk=*/true, Json::array({std::move(choice)}));
  if (head.include_usage) body["usage"] = nullptr;
  return Event(body);
}

}  // namespace

size_t Characters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string Lossy(std::string_view bytes) {
  std::string text;
  model::AppendLossy(bytes, text);
  return text;
}

std::string WholeAnswer(const AnswerHead& head, const std::vector<ChoicePart>& choices, const Usage& usage) {
  Json list = Json::array();
  for (const ChoicePart& part : choices) {
    if (head.endpoint == ApiEndpoint::kChat) {
      Json message = {{"role", "assistant"}, {"content", part.text}, {"refusal", nullptr}};
      list.push_back(Choice(head, part, "message", std::move(message)));
    } else {
      list.push_back(Choice(head, part, "text", part.text));
    }
  }
  Json body = Body(head, /*chunk=*/false, std::move(list));
  body["usage"] = UsageJson(usage);
  return Dump(body) + "\n";
}

std::string RoleEvent(const AnswerHead& head, uint32_t index) {
  return ChoiceEvent(
      head, Choice(head, {.index = index}, "delta", Json::object({{"role", "assistant"}, {"content", ""}})));
}

std::string TextEvent(const AnswerHead& head, const ChoicePart& part) {
  if (head.endpoint == ApiEndpoint::kChat) {
    return ChoiceEvent(head, Choice(head, part, "delta", Json::object({{"content", part.text}})));
  }
  return ChoiceEvent(head, Choice(head, part, "text", part.text));
}

std::string FinishEvent(const AnswerHead& head, const ChoicePart& part) {
  const bool chat = head.endpoint == ApiEndpoint::kChat;
  const ChoicePart end = {
      .index = part.index, .finish_reason = part.finish_reason, .stop_text = part.stop_text};
  return ChoiceEvent(head, chat ? Choice(head, end, "delta", Json::object()) : Choice(head, end, "text", ""));
}

std::string UsageEvent(const AnswerHead& head, const Usage& usage) {
  Json body = Body(head, /*chunk=*/true, Json::array());
  body["usage"] = UsageJson(usage);
  return Event(body);
}

std::string ErrorEvent(const ApiError& error) { return absl::StrCat("data: ", ErrorBody(error), "\n\n"); }

}  // namespace drover::serve
