#include "programs/model/serve/api_error.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace drover::serve {
namespace {

using Json = nlohmann::ordered_json;

Json TextOrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

std::string ErrorBody(const ApiError& error) {
  Json body = Json::object();
  body["error"] = {{"message", error.message},
                   {"type", error.type},
                   {"param", TextOrNull(error.param)},
                   {"code", TextOrNull(error.code)}};
  return body.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

http::Response ErrorResponse(const ApiError& error) {
  http::Response response;
  response.head.code = error.status;
  response.head.type = "application/json";
  if (error.status == 429 || error.status == 503) response.head.headers.emplace_back("Retry-After", "1");
  if (error.status == 401) response.head.headers.emplace_back("WWW-Authenticate", "Bearer");
  response.body = ErrorBody(error) + "\n";
  return response;
}

http::Response RefusalResponse(const http::Request& request, http::Response plain) {
  ApiError error = {.status = plain.head.code, .message = std::string(absl::StripSuffix(plain.body, "\n"))};
  const std::string asked = absl::StrCat(request.method, " ", request.path);
  if (error.status == 404) {
    error.message = absl::StrCat("there is no ", asked, "; ", error.message);
    error.code = "not_found";
  } else if (error.status == 405) {
    error.message = absl::StrCat("there is no ", asked, "; ", error.message);
    error.code = "method_not_allowed";
  } else if (error.status == 503) {
    error.type = "server_error";
  }
  http::Response response = ErrorResponse(error);
  response.head.headers = std::move(plain.head.headers);
  return response;
}

ApiError ErrorOf(const absl::Status& status) {
  const std::string message(status.message());
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return {.status = 400, .message = message};
    case absl::StatusCode::kResourceExhausted:
      return {.status = 429, .message = message, .type = "rate_limit_error", .code = "rate_limit_exceeded"};
    default:
      return {.status = 500, .message = message, .type = "server_error"};
  }
}

ApiError TooBusy(size_t most_requests) {
  return {.status = 429,
          .message = absl::StrCat("the server has its ", most_requests,
                                  " requests (--max-requests); ask again in a moment"),
          .type = "rate_limit_error",
          .code = "rate_limit_exceeded"};
}

ApiError ShuttingDown() {
  return {.status = 503, .message = "the server is shutting down", .type = "server_error"};
}

}  // namespace drover::serve
