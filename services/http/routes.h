// Which handler answers a request, by method and path.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "services/http/message.h"
#include "services/http/reply.h"

namespace drover::http {

// Answers at once: it runs on one of the server's few threads and must not wait. Called by several at a time.
using Page = std::function<Response(const Request&)>;
// Answers when it can: it must not wait either, but may keep `reply` and hand it to another thread. How many such
// requests are in flight is bounded by ServerOptions::max_in_flight.
using Handler = std::function<void(Request request, std::unique_ptr<Reply> reply)>;

// Filled before the server starts.
class Routes {
 public:
  struct Route {
    Page page;        // one of
    Handler handler;  // both
  };

  // `method`: "GET" or "POST"; GET also answers HEAD, whose body is left out. `path` begins with '/'; one that also ends
  // with '/' stands for all paths below it, of which the longest wins. A route that is there already is replaced.
  void Add(const std::string& method, const std::string& path, Page page);
  void AddHandler(const std::string& method, const std::string& path, Handler handler);

  // Another method, such as "OPTIONS", that every path knows, whether anything else is there or not.
  void AddEverywhere(const std::string& method, Page page);

  // What answers: a route, or why there is none (404 with the paths there are, 405 with the methods that the path
  // knows).
  struct Found {
    const Route* route = nullptr;
    Response refusal;
  };
  Found Find(std::string_view method, std::string_view path) const;

 private:
  using Methods = std::map<std::string, Route, std::less<>>;
  const Methods* MethodsOf(std::string_view path) const;
  Response NotFound() const;

  std::map<std::string, Methods, std::less<>> paths_;
  Methods everywhere_;
};

}  // namespace drover::http
