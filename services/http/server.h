// An HTTP/1.1 server for a process's own pages: metrics and probes, JSON and static content, answers streamed to a
// client. By libmicrohttpd (docs/decisions/0007). Plain HTTP; whoever can reach the port may ask.
//
//   socket --> bounded connections --> bounded request --> Routes --+-- Page: answered at once
//                                                                   +-- Handler --> Reply, BodyWriter (reply.h)
//
// | what                  | bound                                  | beyond it                                      |
// | connections           | max_connections                        | the one without an answer for longest is ended |
// | request line, headers | max_head_bytes                         | 414 or 431                                     |
// | body                  | max_body_bytes                         | 413                                            |
// | time of a request     | idle_timeout without a byte, patience  | its connection is ended                        |
// | requests of Handlers  | max_in_flight                          | 503                                            |
// | streamed body         | stream_buffer_bytes not yet read       | BodyWriter::Write waits                        |
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/http/routes.h"

namespace drover::http {

struct ServerOptions {
  std::string name = "http";  // in errors
  std::string listen =
      "127.0.0.1:0";            // address:port; port 0: the system picks one; [::] is all of IPv6 and IPv4
  int threads = 2;              // that answer
  size_t max_connections = 64;  // that are not with a Handler
  size_t max_in_flight = 64;    // requests that are with a Handler, or whose body it writes
  size_t max_head_bytes = size_t{32} << 10;         // request line and headers
  size_t max_body_bytes = size_t{1} << 20;          // of a request
  size_t stream_buffer_bytes = size_t{64} << 10;    // of each streamed answer
  absl::Duration idle_timeout = absl::Seconds(10);  // without a byte read or written; whole seconds
  absl::Duration patience = absl::Seconds(30);      // with a request that does not end
  Headers headers;                                  // of every answer
  // How it is said that a request is refused before a Page or a Handler sees it (404, 405, 413, 503). `plain` has the code,
  // the headers that it needs, and a line of text; of the request method and path are there. Null: by `plain`.
  std::function<Response(const Request&, Response plain)> refusal;

  absl::Status Validate() const;
};

// Thread-safe.
class Server {
 public:
  // INVALID_ARGUMENT for what is no address, UNAVAILABLE when it cannot be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options, Routes routes);
  // Waits for the pages that are being made, and closes the connections of what Handlers have not answered or not yet
  // written whole.
  ~Server();

  int port() const;

  // Waits until no request is being read and no answer being made or sent, so that an end now cuts nobody off. False when
  // that took longer than `patience`.
  bool WaitUntilIdle(absl::Duration patience);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace drover::http
