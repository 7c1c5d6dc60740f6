// An error as the OpenAI API says it.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "services/http/message.h"

namespace drover::serve {

struct ApiError {
  unsigned int status = 400;  // of HTTP
  std::string message;        // what is wrong, where, and what would be right
  std::string type = "invalid_request_error";
  std::string param;  // the field that it is about; empty: none
  std::string code;   // for programs; empty: none
};

// {"error":{"message","type","param","code"}}, without a line's end.
std::string ErrorBody(const ApiError& error);

// 429 and 503 ask to come again in a second.
http::Response ErrorResponse(const ApiError& error);

// What http::Server says where nothing of the API answers (ServerOptions::refusal), as the API says it: a path that is not there
// (404), a method that it does not take (405), a body that is too large (413), too many requests at once (503).
http::Response RefusalResponse(const http::Request& request, http::Response plain);

// 400 for what a caller can mend, 429 for a queue that is full, 500 otherwise.
ApiError ErrorOf(const absl::Status& status);

// The server is at its bounds or at its end; both are worth another attempt.
ApiError TooBusy(size_t most_requests);
ApiError ShuttingDown();

}  // namespace drover::serve
