// The routes of the OpenAI-compatible API, and what stands between a request's body and the loop: keys, the parsing of bodies, chat
// templates, tokens, the model's context. All of it runs on the HTTP server's threads, bounded by the size of bodies.
//
//   POST /v1/completions, /v1/chat/completions --> AcceptedRequest --> Submit
//   GET  /v1/models, /v1/models/NAME
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "model/jinja/chat_template.h"
#include "model/tokenizer.h"
#include "programs/model/serve/api_keys.h"
#include "programs/model/serve/api_request.h"
#include "programs/model/serve/live_request.h"
#include "services/http/routes.h"
#include "services/metrics/serve_metrics.h"

namespace drover::serve {

// Whose answers are served.
struct ServedModel {
  std::string name;                             // the clients' name for it
  std::string fingerprint;                      // system_fingerprint
  const model::Tokenizer* tokenizer = nullptr;  // outlives what is made with it
  // How chats are written down; an error says why there are none.
  absl::StatusOr<model::jinja::ChatTemplate> chat = absl::NotFoundError("the model has no chat template");
  int64_t context = 0;     // tokens of prompt and response together
  int64_t vocabulary = 0;  // token ids are below it
  int64_t created = 0;     // seconds since the epoch
};

// Thread-safe.
class Api {
 public:
  Api(ServedModel model, ApiKeys keys, ApiLimits limits, metrics::ServeMetrics* metrics,
      std::function<void(AcceptedRequest)> submit);

  // The routes; this must outlive the server.
  void AddTo(http::Routes& routes);

  // What a request comes to; without reply. Pure but for the seed where none is given, the id and the time.
  std::variant<AcceptedRequest, ApiError> Accept(ApiEndpoint endpoint, std::string_view body) const;

 private:
  void Complete(ApiEndpoint endpoint, const http::Request& request, std::unique_ptr<http::Reply> reply) const;
  http::Response Models(const http::Request& request) const;
  http::Response OneModel(const http::Request& request) const;
  std::optional<ApiError> CheckKey(const http::Request& request) const;
  std::optional<ApiError> CheckModel(const std::string& name) const;
  std::optional<ApiError> Encode(AcceptedRequest& request) const;
  std::optional<ApiError> EncodeChat(AcceptedRequest& request) const;
  std::optional<ApiError> EncodePrompt(AcceptedRequest& request, size_t index) const;
  std::optional<ApiError> FitContext(AcceptedRequest& request) const;

  const ServedModel model_;
  const ApiKeys keys_;
  const ApiLimits limits_;
  metrics::ServeMetrics& metrics_;
  const std::function<void(AcceptedRequest)> submit_;
};

}  // namespace drover::serve
