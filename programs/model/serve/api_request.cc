#include "programs/model/serve/api_request.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/json.h"
#include "programs/model/serve/api_fields.h"

namespace drover::serve {
namespace {

using Json = nlohmann::json;
using Ordered = nlohmann::ordered_json;

constexpr int64_t kMaxTokenId = std::numeric_limits<uint32_t>::max();
constexpr int64_t kMaxTokens = int64_t{1} << 30;
constexpr double kMaxTemperature = 100.0;
constexpr int kMaxDepth = 32;  // of what tools write into messages

bool IsToken(const Json& value) {
  return value.is_number_unsigned() && value.get<uint64_t>() <= uint64_t{kMaxTokenId};
}

// Reads one request; `error` is set by the first field that is wrong.
class RequestReader {
 public:
  // `ordered`: the same body with names in their order, for chats.
  RequestReader(const Json& body, const Ordered& ordered, ApiEndpoint endpoint, const ApiLimits& limits)
      : ordered_(ordered), fields_(body, "", &error_), limits_(limits) {
    request_.endpoint = endpoint;
  }

  std::variant<ApiRequest, ApiError> Read() {
    request_.model = fields_.Text("model").value_or("");
    if (request_.endpoint == ApiEndpoint::kChat) {
      ReadChat();
    } else {
      ReadCompletion();
    }
    ReadSampling();
    ReadStops();
    ReadStream();
    RefuseOthers();
    fields_.CheckOnlyKnown();
    if (error_.has_value()) return *std::move(error_);
    return std::move(request_);
  }

 private:
  void ReadCompletion() {
    ReadPrompts();
    ReadMaxTokens("max_tokens");
    request_.echo = fields_.Bool("echo", false);
    request_.add_special_tokens = fields_.Bool("add_special_tokens", true);
    if (const auto count = fields_.Integer("logprobs", 0, limits_.max_top_logprobs)) {
      request_.logprobs = true;
      request_.top_logprobs = static_cast<uint32_t>(*count);
    }
    if (request_.echo && request_.logprobs) {
      fields_.Fail(
          "echo",
          "echo together with logprobs would need the prompt's log-probabilities, which this server does "
          "not compute; drover score does",
          "unsupported_parameter");
    }
    fields_.Unsupported("suffix", {""}, "this server does not fill in between two texts; leave it out");
    if (const auto best_of = fields_.Integer("best_of", 1, limits_.max_choices);
        best_of && *best_of != fields_.Integer("n", 1, limits_.max_choices).value_or(1)) {
      fields_.Fail("best_of", "best_of must equal n: this server chooses among no responses",
                   "unsupported_parameter");
    }
  }

  void ReadPrompts() {
    const Json* const prompt = fields_.Find("prompt");
    const std::string rule = "a string, an array of token ids, or an array of such prompts";
    if (prompt == nullptr) return fields_.Wrong("prompt", nullptr, rule);
    if (prompt->is_string()) {
      request_.prompts.emplace_back(prompt->get<std::string>());
      return;
    }
    if (!prompt->is_array() || prompt->empty()) return fields_.Wrong("prompt", prompt, rule);
    if ((*prompt)[0].is_number()) return AddIds("prompt", *prompt);
    if (prompt->size() > static_cast<size_t>(limits_.max_choices)) {
      return fields_.Fail("prompt", absl::StrCat("prompt has ", prompt->size(), " prompts; it may have ",
                                                 limits_.max_choices));
    }
    for (size_t i = 0; i < prompt->size(); ++i) {
      const Json& one = (*prompt)[i];
      const std::string name = absl::StrCat("prompt[", i, "]");
      if (one.is_string()) {
        request_.prompts.emplace_back(one.get<std::string>());
      } else if (one.is_array()) {
        AddIds(name, one);
      } else {
        return fields_.Wrong(name, &one, "a string or an array of token ids");
      }
    }
  }

  void AddIds(const std::string& name, const Json& ids) {
    std::vector<uint32_t> tokens;
    tokens.reserve(ids.size());
    for (size_t i = 0; i < ids.size(); ++i) {
      if (!IsToken(ids[i])) return fields_.Wrong(absl::StrCat(name, "[", i, "]"), &ids[i], "a token id");
      tokens.push_back(ids[i].get<uint32_t>());
    }
    request_.prompts.emplace_back(std::move(tokens));
  }

  void ReadChat() {
    ReadMessages();
    ReadMaxTokens("max_tokens");
    ReadMaxTokens("max_completion_tokens");  // the newer name counts where both are there
    request_.logprobs = fields_.Bool("logprobs", false);
    if (const auto count = fields_.Integer("top_logprobs", 0, limits_.max_top_logprobs)) {
      request_.top_logprobs = static_cast<uint32_t>(*count);
      if (!request_.logprobs && *count > 0) {
        fields_.Fail("top_logprobs", "top_logprobs needs logprobs to be true");
      }
    }
    request_.add_generation_prompt = fields_.Bool("add_generation_prompt", true);
    if (const Json* const variables = fields_.Find("chat_template_kwargs")) {
      if (!variables->is_object()) return fields_.Wrong("chat_template_kwargs", variables, "an object");
      request_.template_variables = ordered_.at("chat_template_kwargs");
    }
    const std::string no_tools = "this server calls no tools; leave it out";
    fields_.Unsupported("tools", {Json::array()}, no_tools);
    fields_.Unsupported("tool_choice", {"none", "auto"}, no_tools);
    fields_.Unsupported("functions", {Json::array()}, no_tools);
    fields_.Unsupported("function_call", {"none", "auto"}, no_tools);
    fields_.Unsupported("modalities", {Json::array({"text"})}, "this server makes text alone");
    fields_.Unsupported("response_format", {Json::object({{"type", "text"}})},
                        "this server holds no response to a format; ask for it in the messages");
    fields_.Unsupported("reasoning_effort", {},
                        "what a template knows of reasoning is set by chat_template_kwargs, such as "
                        "{\"enable_thinking\": false}");
    fields_.Ignore({"parallel_tool_calls"});
  }

  void ReadMessages() {
    const Json* const messages = fields_.Find("messages");
    if (messages == nullptr || !messages->is_array() || messages->empty()) {
      return fields_.Wrong("messages", messages, "an array of at least one message");
    }
    request_.messages = Ordered::array();
    for (size_t i = 0; i < messages->size(); ++i) {
      ReadMessage((*messages)[i], ordered_.at("messages")[i], absl::StrCat("messages[", i, "]"));
      if (error_.has_value()) return;
    }
  }

  void ReadMessage(const Json& message, Ordered kept, const std::string& name) {
    if (!message.is_object()) return fields_.Wrong(name, &message, "an object with role and content");
    ApiFields fields(message, name + ".", &error_);
    const std::optional<std::string> role = fields.Text("role");
    if (!role) return fields.Wrong("role", nullptr, "such as \"user\"");
    kept["content"] = ContentOf(fields, message);
    request_.messages.push_back(std::move(kept));
  }

  // A text, or a list of parts whose texts become lines; an assistant's message may have none.
  std::string ContentOf(ApiFields& fields, const Json& message) {
    const Json* const content = fields.Find("content");
    const std::string rule = "a string, or an array of {\"type\": \"text\", \"text\": ...}";
    if (content == nullptr) {
      if (message["role"] != "assistant") fields.Wrong("content", nullptr, rule);
      return {};
    }
    if (content->is_string()) return content->get<std::string>();
    if (content->is_array()) return TextOfParts(fields, *content);
    fields.Wrong("content", content, rule);
    return {};
  }

  static std::string TextOfParts(ApiFields& fields, const Json& parts) {
    std::string text;
    for (size_t i = 0; i < parts.size(); ++i) {
      const Json& part = parts[i];
      const bool is_text = part.is_object() && part.contains("text") && part["text"].is_string() &&
                           part.value("type", Json("text")) == "text";
      if (!is_text) {
        fields.Wrong(absl::StrCat("content[", i, "]"), &part,
                     "a part of type text: this server reads text alone");
        return {};
      }
      if (i > 0) text += "\n";
      text += part["text"].get_ref<const std::string&>();
    }
    return text;
  }

  void ReadMaxTokens(const std::string& name) {
    if (const auto tokens = fields_.Integer(name, 1, kMaxTokens)) {
      request_.max_tokens = static_cast<uint32_t>(*tokens);
    }
  }

  void ReadSampling() {
    request_.n = static_cast<uint32_t>(fields_.Integer("n", 1, limits_.max_choices).value_or(1));
    const int64_t choices = static_cast<int64_t>(request_.prompts.size()) * request_.n;
    if (choices > limits_.max_choices) {
      fields_.Fail("n", absl::StrCat(request_.prompts.size(), " prompts with n ", request_.n, " are ",
                                     choices, " choices; a request may ask for ", limits_.max_choices));
    }
    request_.temperature = fields_.Number("temperature", 0, kMaxTemperature).value_or(1.0);
    request_.top_p = fields_.Number("top_p", 0, 1).value_or(1.0);
    if (request_.top_p == 0.0) fields_.Fail("top_p", "top_p is 0; it must be above 0, and at most 1");
    request_.min_p = fields_.Number("min_p", 0, 1).value_or(0.0);
    // -1 is how other servers say that it is off.
    const int64_t top_k = fields_.Integer("top_k", -1, kMaxTokenId).value_or(0);
    request_.top_k = static_cast<uint32_t>(std::max<int64_t>(top_k, 0));
    ReadSeed();
  }

  void ReadSeed() {
    const Json* const seed = fields_.Find("seed");
    if (seed == nullptr) return;
    if (!seed->is_number_integer()) return fields_.Wrong("seed", seed, "an integer of 64 bits");
    request_.seed =
        seed->is_number_unsigned() ? seed->get<uint64_t>() : static_cast<uint64_t>(seed->get<int64_t>());
  }

  void ReadStops() {
    request_.keep_stop = fields_.Bool("include_stop_str_in_output", false);
    const Json* const stop = fields_.Find("stop");
    if (stop == nullptr) return;
    const std::string rule = absl::StrCat("a string or an array of up to ", limits_.max_stops,
                                          ", each of 1 to ", limits_.max_stop_bytes, " bytes");
    const Json list = stop->is_string() ? Json::array({*stop}) : *stop;
    if (!list.is_array() || list.size() > limits_.max_stops) return fields_.Wrong("stop", stop, rule);
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string name = stop->is_string() ? "stop" : absl::StrCat("stop[", i, "]");
      if (!list[i].is_string()) return fields_.Wrong(name, &list[i], "a string");
      const auto& text = list[i].get_ref<const std::string&>();
      if (text.empty() || text.size() > limits_.max_stop_bytes) {
        return fields_.Wrong(name, &list[i],
                             absl::StrCat("a text of 1 to ", limits_.max_stop_bytes, " bytes"));
      }
      request_.stop.push_back(text);
    }
  }

  void ReadStream() {
    request_.stream = fields_.Bool("stream", false);
    const Json* const options = fields_.Find("stream_options");
    if (options == nullptr) return;
    if (!options->is_object()) return fields_.Wrong("stream_options", options, "an object");
    if (!request_.stream) return fields_.Fail("stream_options", "stream_options needs stream to be true");
    ApiFields fields(*options, "stream_options.", &error_);
    request_.include_usage = fields.Bool("include_usage", false);
    fields.Ignore({"include_obfuscation"});
    fields.CheckOnlyKnown();
  }

  // Of both endpoints.
  void RefuseOthers() {
    const std::string plain = "this server samples from what the model says alone; leave it out, or 0";
    fields_.Unsupported("presence_penalty", {0}, plain);
    fields_.Unsupported("frequency_penalty", {0}, plain);
    fields_.Unsupported("repetition_penalty", {1}, "this server has no such penalty; leave it out, or 1");
    fields_.Unsupported("logit_bias", {Json::object()}, "this server changes no logits; leave it out");
    fields_.Unsupported("store", {false}, "this server keeps nothing; leave it out");
    fields_.Ignore({"metadata", "prompt_cache_key", "safety_identifier", "service_tier", "user"});
  }

  const Ordered& ordered_;
  std::optional<ApiError> error_;
  ApiFields fields_;
  const ApiLimits& limits_;
  ApiRequest request_;
};

}  // namespace

std::variant<ApiRequest, ApiError> ParseApiRequest(ApiEndpoint endpoint, std::string_view body,
                                                   const ApiLimits& limits) {
  const auto json = model::ParseJson(body, {.max_bytes = limits.max_body_bytes, .max_depth = kMaxDepth});
  if (!json.ok()) {
    return ApiError{.message = absl::StrCat("the body is not what it should be, a JSON object: ",
                                            json.status().message())};
  }
  if (!json->is_object()) {
    return ApiError{.message =
                        absl::StrCat("the body is ", model::ShowJson(*json), "; it must be a JSON object")};
  }
  const Ordered ordered =
      endpoint == ApiEndpoint::kChat ? Ordered::parse(body, nullptr, /*allow_exceptions=*/false) : Ordered();
  return RequestReader(*json, ordered, endpoint, limits).Read();
}

}  // namespace drover::serve
