// What an HTTP exchange is about: the request that came and the answer to it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drover::http {

inline constexpr const char* kPlainText = "text/plain; charset=utf-8";

// Bounded by ServerOptions: head, body and the time that it took to come.
struct Request {
  std::string method;  // "GET", "HEAD", "POST", or one of Routes::AddEverywhere
  // Percent-decoded, as the client wrote it: ".." and "//" are still there; without the query.
  std::string path;
  std::map<std::string, std::string> query;    // percent-decoded; the last of a name that comes twice
  std::map<std::string, std::string> headers;  // names in lower case; the last of a name that comes twice
  std::string body;

  // "" when there is no such header. `name` in lower case.
  std::string_view Header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
  }
};

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Head {
  unsigned int code = 200;
  std::string type = kPlainText;  // Content-Type
  Headers headers;                // further ones
};

struct Response {
  Head head;
  std::string body;
};

inline Response Text(unsigned int code, std::string body) {
  return {.head = {.code = code}, .body = std::move(body)};
}

}  // namespace drover::http
