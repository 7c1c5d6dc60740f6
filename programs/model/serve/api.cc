#include "programs/model/serve/api.h"

#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "base/token.h"

namespace drover::serve {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kDefaultCompletionTokens = 16;  // the API's
constexpr const char* kModelsPath = "/v1/models/";

uint64_t AnySeed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

http::Response JsonPage(const Json& json) {
  return {.head = {.type = "application/json"},
          .body = json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n"};
}

Json ModelJson(const ServedModel& model) {
  return {{"id", model.name},
          {"object", "model"},
          {"created", model.created},
          {"owned_by", "drover"},
          {"max_model_len", model.context}};
}

// An error of what the client sent, in the field `param`.
ApiError AboutField(const absl::Status& status, std::string param) {
  ApiError error = ErrorOf(status);
  if (error.status == 429)
    error = {.status = 400, .message = error.message};  // a bound of its own, and no queue
  error.message = absl::StrCat(param, ": ", error.message);
  error.param = std::move(param);
  return error;
}

}  // namespace

Api::Api(ServedModel model, ApiKeys keys, ApiLimits limits, metrics::ServeMetrics* metrics,
         std::function<void(AcceptedRequest)> submit)
    : model_(std::move(model)),
      keys_(std::move(keys)),
      limits_(limits),
      metrics_(*metrics),
      submit_(std::move(submit)) {}

void Api::AddTo(http::Routes& routes) {
  const auto complete = [this, &routes](const char* path, ApiEndpoint endpoint) {
    routes.AddHandler("POST", path,
                      [this, endpoint](const http::Request& request, std::unique_ptr<http::Reply> reply) {
                        Complete(endpoint, request, std::move(reply));
                      });
  };
  complete("/v1/completions", ApiEndpoint::kCompletions);
  complete("/v1/chat/completions", ApiEndpoint::kChat);
  routes.Add("GET", "/v1/models", [this](const http::Request& request) { return Models(request); });
  routes.Add("GET", kModelsPath, [this](const http::Request& request) { return OneModel(request); });
}

std::optional<ApiError> Api::CheckKey(const http::Request& request) const {
  if (keys_.Allow(request.Header("authorization"))) return std::nullopt;
  metrics_.Ended(metrics::ServeEnd::kRefusedKey);
  return ApiError{
      .status = 401,
      .message = "the request needs one of the server's keys, as the header \"Authorization: Bearer KEY\"",
      .code = "invalid_api_key"};
}

std::optional<ApiError> Api::CheckModel(const std::string& name) const {
  if (name.empty() || name == model_.name) return std::nullopt;
  return ApiError{
      .status = 404,
      .message = absl::StrCat("there is no model \"", name, "\" here; this server has \"", model_.name, "\""),
      .param = "model",
      .code = "model_not_found"};
}

http::Response Api::Models(const http::Request& request) const {
  if (const auto error = CheckKey(request)) return ErrorResponse(*error);
  Json list = Json::object();
  list["object"] = "list";
  list["data"] = Json::array({ModelJson(model_)});
  return JsonPage(list);
}

http::Response Api::OneModel(const http::Request& request) const {
  if (const auto error = CheckKey(request)) return ErrorResponse(*error);
  const std::string name = request.path.substr(std::string_view(kModelsPath).size());
  if (name.empty()) return Models(request);
  if (const auto error = CheckModel(name)) return ErrorResponse(*error);
  return JsonPage(ModelJson(model_));
}

void Api::Complete(ApiEndpoint endpoint, const http::Request& request,
                   std::unique_ptr<http::Reply> reply) const {
  if (const auto error = CheckKey(request)) return reply->Send(ErrorResponse(*error));
  auto accepted = Accept(endpoint, request.body);
  if (const auto* error = std::get_if<ApiError>(&accepted)) {
    metrics_.Ended(metrics::ServeEnd::kRefusedWrong);
    return reply->Send(ErrorResponse(*error));
  }
  auto& taken = std::get<AcceptedRequest>(accepted);
  taken.reply = std::move(reply);
  submit_(std::move(taken));
}

std::variant<AcceptedRequest, ApiError> Api::Accept(ApiEndpoint endpoint, std::string_view body) const {
  auto parsed = ParseApiRequest(endpoint, body, limits_);
  if (auto* error = std::get_if<ApiError>(&parsed)) return std::move(*error);
  AcceptedRequest request;
  request.api = std::move(std::get<ApiRequest>(parsed));
  request.arrived = absl::Now();
  if (auto error = CheckModel(request.api.model)) return *std::move(error);
  if (auto error = Encode(request)) return *std::move(error);
  if (auto error = FitContext(request)) return *std::move(error);
  request.seed = request.api.seed.value_or(AnySeed());
  request.head = {
      .endpoint = endpoint,
      .id = absl::StrCat(endpoint == ApiEndpoint::kChat ? "chatcmpl-" : "cmpl-", UnguessableToken()),
      .created = absl::ToUnixSeconds(request.arrived),
      .model = model_.name,
      .fingerprint = model_.fingerprint,
      .include_usage = request.api.include_usage};
  return request;
}

std::optional<ApiError> Api::Encode(AcceptedRequest& request) const {
  if (request.api.endpoint == ApiEndpoint::kChat) return EncodeChat(request);
  for (size_t i = 0; i < request.api.prompts.size(); ++i) {
    if (auto error = EncodePrompt(request, i)) return error;
  }
  return std::nullopt;
}

std::optional<ApiError> Api::EncodeChat(AcceptedRequest& request) const {
  if (!model_.chat.ok()) {
    return ApiError{.message = absl::StrCat("this model cannot chat: ", model_.chat.status().message(),
                                            "; ask /v1/completions"),
                    .param = "messages"};
  }
  const auto text =
      model_.chat->Render(request.api.messages, {.add_generation_prompt = request.api.add_generation_prompt,
                                                 .variables = request.api.template_variables});
  if (!text.ok()) return AboutField(text.status(), "messages");
  auto ids = model_.tokenizer->Encode(*text);  // special tokens are the template's business
  if (!ids.ok()) return AboutField(ids.status(), "messages");
  request.prompts = {*std::move(ids)};
  request.echoes = {""};
  return std::nullopt;
}

std::optional<ApiError> Api::EncodePrompt(AcceptedRequest& request, size_t index) const {
  const std::string field = request.api.prompts.size() == 1 ? "prompt" : absl::StrCat("prompt[", index, "]");
  std::vector<uint32_t> ids;
  std::string echo;
  if (auto* text = std::get_if<std::string>(&request.api.prompts[index])) {
    auto encoded = model_.tokenizer->Encode(*text, {.add_special_tokens = request.api.add_special_tokens});
    if (!encoded.ok()) return AboutField(encoded.status(), field);
    ids = *std::move(encoded);
    if (request.api.echo) echo = *text;
  } else {
    ids = std::get<std::vector<uint32_t>>(request.api.prompts[index]);
    for (size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] < model_.vocabulary) continue;
      return ApiError{.message = absl::StrCat(field, "[", i, "] is ", ids[i], "; it must be below ",
                                              model_.vocabulary, ", the size of the vocabulary"),
                      .param = absl::StrCat(field, "[", i, "]")};
    }
    if (request.api.echo) echo = model_.tokenizer->Decode(ids);
  }
  request.prompts.push_back(std::move(ids));
  request.echoes.push_back(std::move(echo));
  return std::nullopt;
}

std::optional<ApiError> Api::FitContext(AcceptedRequest& request) const {
  const bool chat = request.api.endpoint == ApiEndpoint::kChat;
  for (size_t i = 0; i < request.prompts.size(); ++i) {
    const auto prompt = static_cast<int64_t>(request.prompts[i].size());
    const std::string field = chat ? "messages" : "prompt";
    if (prompt == 0) {
      return ApiError{.message = absl::StrCat(field, " has no tokens; it needs at least one"),
                      .param = field};
    }
    const int64_t left = model_.context - prompt;
    const int64_t unasked = chat ? left : std::min(left, kDefaultCompletionTokens);
    const int64_t wished =
        request.api.max_tokens.value_or(static_cast<uint32_t>(std::max<int64_t>(unasked, 1)));
    if (wished > left) {
      return ApiError{
          .message = absl::StrCat("the model's context is ", model_.context, " tokens; ", field, " has ",
                                  prompt, " and max_tokens ", wished, " make ", prompt + wished,
                                  left > 0 ? absl::StrCat(": at most ", left, " are left") : ""),
          .param = field,
          .code = "context_length_exceeded"};
    }
    request.max_tokens.push_back(static_cast<uint32_t>(wished));
  }
  return std::nullopt;
}

}  // namespace drover::serve
