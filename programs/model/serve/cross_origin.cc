#include "programs/model/serve/cross_origin.h"

#include "absl/strings/str_cat.h"

namespace drover::serve {
namespace {

constexpr char kAllowed[] = "GET, HEAD, POST, OPTIONS";
constexpr char kSeconds[] = "600";  // for which a browser may remember the answer

http::Response Preflight(const http::Request& request) {
  http::Response response = http::Text(204, "");
  response.head.headers = {
      {"Allow", kAllowed}, {"Access-Control-Allow-Methods", kAllowed}, {"Access-Control-Max-Age", kSeconds}};
  const std::string_view named = request.Header("access-control-request-headers");
  if (!named.empty()) response.head.headers.emplace_back("Access-Control-Allow-Headers", named);
  return response;
}

}  // namespace

absl::Status CheckOrigin(const std::string& origin) {
  const size_t scheme = origin.find("://");
  const bool host = scheme != std::string::npos && scheme > 0 && scheme + 3 < origin.size();
  if (origin == "*" || (host && origin.find_first_of("/?#, ", scheme + 3) == std::string::npos)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "got `", origin, "`, may be * or one origin as browsers write it, such as http://localhost:3000"));
}

http::Headers OriginHeaders(const std::string& origin) {
  return {{"Access-Control-Allow-Origin", origin}, {"Access-Control-Expose-Headers", "Retry-After"}};
}

void AddPreflight(http::Routes& routes) { routes.AddEverywhere("OPTIONS", &Preflight); }

}  // namespace drover::serve
