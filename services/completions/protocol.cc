#include "services/completions/protocol.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/random.h"

namespace drover::completions {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostStops = 4;
constexpr size_t kMostMessageBytes = 300;
constexpr uint64_t kBytesPerToken = 4;  // of English text, where a server counts nothing

// A member of an object, or null.
const Json& Member(const Json& object, const char* name) {
  static const Json* const kNull = new Json();
  if (!object.is_object()) return *kNull;
  const auto found = object.find(name);
  return found == object.end() ? *kNull : *found;
}

std::string Text(const Json& value) { return value.is_string() ? value.get<std::string>() : std::string(); }

absl::Status Wrong(std::string_view what) {
  return absl::InternalError(
      absl::StrCat("the server's answer ", absl::string_view(what.data(), what.size())));
}

// The content of a chat's message: a text, null (no words at all), or a list of parts whose texts follow each other.
absl::StatusOr<std::string> ContentOf(const Json& message) {
  const Json& content = Member(message, "content");
  if (content.is_string()) return content.get<std::string>();
  if (!message.is_object()) return Wrong("has a choice without a message");
  if (content.is_null()) return std::string();
  if (!content.is_array()) return Wrong("has a message whose content is no text");
  std::string text;
  for (const Json& part : content) absl::StrAppend(&text, Text(Member(part, "text")));
  return text;
}

absl::StatusOr<Choice> ParseChoice(const Json& json, bool chat) {
  Choice choice;
  if (chat) {
    absl::StatusOr<std::string> content = ContentOf(Member(json, "message"));
    if (!content.ok()) return content.status();
    choice.text = *std::move(content);
  } else {
    const Json& text = Member(json, "text");
    if (!text.is_string()) return Wrong("has a choice without a text");
    choice.text = text.get<std::string>();
  }
  choice.finish_reason = Text(Member(json, "finish_reason"));
  // Gateways hand on a failure of the server behind them in a choice of its own, with status 200.
  if (choice.finish_reason == "error" || choice.finish_reason == "abort" ||
      Member(json, "error").is_object()) {
    return Wrong("has a choice that failed");
  }
  const Json& stop = Member(json, "stop_reason");
  if (stop.is_string()) choice.stop_text = stop.get<std::string>();
  return choice;
}

// Where the choice belongs; without an index, or with a strange one, where it stands.
uint64_t IndexOf(const Json& json, size_t place) {
  const Json& index = Member(json, "index");
  return index.is_number_unsigned() ? index.get<uint64_t>() : place;
}

struct Cut {
  size_t begin = std::string::npos, end = std::string::npos;  // of the stop text
};

// The stop text that is complete first; of several that end together the longest.
Cut FirstStop(const std::string& text, const std::vector<std::string>& stops) {
  Cut first;
  for (const std::string& stop : stops) {
    const size_t begin = text.find(stop);
    if (begin == std::string::npos) continue;
    const size_t end = begin + stop.size();
    if (end < first.end || (end == first.end && begin < first.begin)) first = {begin, end};
  }
  return first;
}

bool IsLength(const std::string& reason) {
  return reason == "length" || reason == "max_tokens" || reason == "model_length";
}

// `total` shared out in proportion to `weights`, so that the parts add up to it.
std::vector<uint64_t> Shared(uint64_t total, const std::vector<uint64_t>& weights) {
  uint64_t sum = 0;
  for (uint64_t weight : weights) sum += weight;
  std::vector<uint64_t> parts;
  uint64_t given = 0, passed = 0;
  for (uint64_t weight : weights) {
    passed += weight;
    const double share = sum == 0 ? 0 : static_cast<double>(passed) / static_cast<double>(sum);
    const auto until = static_cast<uint64_t>(share * static_cast<double>(total) + 0.5);
    parts.push_back(std::max(until, given) - given);
    given = std::max(until, given);
  }
  return parts;
}

std::vector<uint64_t> TokensOf(const Answer& answer, const evaluation::Sampling& sampling) {
  std::vector<uint64_t> bytes, estimates;
  for (const Choice& choice : answer.choices) {
    bytes.push_back(choice.text.size());
    estimates.push_back((choice.text.size() + kBytesPerToken - 1) / kBytesPerToken);
  }
  if (!answer.completion_tokens.has_value()) return estimates;
  const uint64_t most = uint64_t{sampling.max_response_tokens} * answer.choices.size();
  return Shared(std::min(*answer.completion_tokens, most), bytes);
}

evaluation::Response ResponseOf(const Choice& choice, const evaluation::Sampling& sampling, uint64_t tokens) {
  evaluation::Response response{choice.text, tokens, IsLength(choice.finish_reason)};
  if (choice.finish_reason.empty()) response.truncated = tokens >= sampling.max_response_tokens;
  const Cut cut = FirstStop(choice.text, sampling.stop);
  if (cut.begin != std::string::npos) {
    const double kept = static_cast<double>(cut.end) / static_cast<double>(choice.text.size());
    response.tokens = static_cast<uint64_t>(kept * static_cast<double>(tokens) + 0.5);
    response.text.resize(sampling.keep_stop ? cut.end : cut.begin);
    response.truncated = false;
  } else if (sampling.keep_stop && choice.stop_text.has_value() &&
             std::count(sampling.stop.begin(), sampling.stop.end(), *choice.stop_text) > 0) {
    response.text += *choice.stop_text;
  }
  return response;
}

std::string OneLine(std::string_view text) {
  std::string line;
  for (char c : text.substr(0, kMostMessageBytes))
    line += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  return line;
}

}  // namespace

std::string RequestBody(const Request& request, const evaluation::Sampling& sampling,
                        const Dialect& dialect) {
  Json body = {{"model", request.model},  {"n", request.n},       {"temperature", sampling.temperature},
               {"top_p", sampling.top_p}, {"seed", request.seed}, {"stream", false}};
  if (request.IsChat()) {
    body["messages"] = Json::parse(request.messages, nullptr, /*allow_exceptions=*/false);
  } else {
    body["prompt"] = request.prompt;
  }
  body[request.IsChat() && dialect.max_completion_tokens ? "max_completion_tokens" : "max_tokens"] =
      sampling.max_response_tokens;
  if (sampling.top_k > 0) body["top_k"] = sampling.top_k;
  if (sampling.min_p > 0) body["min_p"] = sampling.min_p;
  if (!sampling.stop.empty() && (!sampling.keep_stop || dialect.include_stop)) {
    const size_t count = std::min(sampling.stop.size(), kMostStops);
    body["stop"] =
        std::vector<std::string>(sampling.stop.begin(), sampling.stop.begin() + static_cast<long>(count));
    if (sampling.keep_stop) body["include_stop_str_in_output"] = true;
  }
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

uint64_t SeedOf(uint64_t seed, uint64_t number, uint32_t index) {
  return static_cast<uint64_t>(SamplingUniform(seed, number, index, 0) *
                               static_cast<double>(uint64_t{1} << 31));
}

absl::StatusOr<Answer> ParseAnswer(std::string_view body, bool chat) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Wrong(absl::StrCat("is no JSON object: ", OneLine(body).substr(0, 80)));
  const Json& choices = Member(json, "choices");
  if (!choices.is_array() || choices.empty()) {
    const Refusal refusal = ParseRefusal(body);
    return Wrong(absl::StrCat("has no choices: ", refusal.message.substr(0, 80)));
  }
  std::vector<std::pair<uint64_t, Choice>> placed;
  for (size_t i = 0; i < choices.size(); ++i) {
    absl::StatusOr<Choice> choice = ParseChoice(choices[i], chat);
    if (!choice.ok()) return choice.status();
    placed.emplace_back(IndexOf(choices[i], i), *std::move(choice));
  }
  std::stable_sort(placed.begin(), placed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Answer answer;
  for (auto& [index, choice] : placed) answer.choices.push_back(std::move(choice));
  const Json& tokens = Member(Member(json, "usage"), "completion_tokens");
  if (tokens.is_number_unsigned()) answer.completion_tokens = tokens.get<uint64_t>();
  return answer;
}

Refusal ParseRefusal(std::string_view body) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  const Json& error = Member(json, "error");
  Refusal refusal;
  for (const Json* place : {&error, &json}) {
    if (refusal.message.empty()) refusal.message = Text(Member(*place, "message"));
    if (refusal.code.empty()) refusal.code = Text(Member(*place, "code"));
    if (refusal.param.empty()) refusal.param = Text(Member(*place, "param"));
  }
  if (refusal.message.empty()) refusal.message = Text(error);
  if (refusal.message.empty()) refusal.message = Text(Member(json, "detail"));
  refusal.message = OneLine(refusal.message.empty() ? body : std::string_view(refusal.message));
  return refusal;
}

std::vector<evaluation::Response> Responses(const Answer& answer, const evaluation::Sampling& sampling,
                                            size_t most) {
  const std::vector<uint64_t> tokens = TokensOf(answer, sampling);
  std::vector<evaluation::Response> responses;
  for (size_t i = 0; i < std::min(most, answer.choices.size()); ++i) {
    responses.push_back(ResponseOf(answer.choices[i], sampling, tokens[i]));
  }
  return responses;
}

bool HasStop(const Choice& choice, const evaluation::Sampling& sampling) {
  return FirstStop(choice.text, sampling.stop).begin != std::string::npos;
}

bool MayLackStop(const Choice& choice, const evaluation::Sampling& sampling) {
  if (!sampling.keep_stop || sampling.stop.empty() || choice.stop_text.has_value()) return false;
  return choice.finish_reason == "stop" && !HasStop(choice, sampling);
}

}  // namespace drover::completions
