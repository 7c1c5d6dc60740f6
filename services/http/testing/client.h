// An HTTP client over loopback, for tests: whole requests, and connections that say whatever a test likes.
#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace drover::http {

struct Answer {
  int code = 0;  // 0: no answer
  std::string head;
  std::string body;
};

Answer Get(int port, const std::string& path, const std::string& method = "GET");
Answer Post(int port, const std::string& path, const std::string& body);

// What a server's bytes say.
Answer ParseAnswer(const std::string& text);

class Connection {
 public:
  explicit Connection(int port);
  ~Connection() { Close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // False when the server has closed the connection.
  bool Send(std::string_view bytes);
  // What has come when `marker` has, when the server has closed the connection, or after `patience`.
  const std::string& ReceiveUntil(std::string_view marker, absl::Duration patience = absl::Seconds(20));
  // Until the server closes the connection.
  const std::string& ReceiveAll() { return ReceiveUntil({}); }
  // Whether the server has closed it within `patience`; what comes before is kept.
  bool Ended(absl::Duration patience);
  void Close();

 private:
  // False at the end of the stream, or after `patience`.
  bool Receive(absl::Duration patience);

  int fd_ = -1;
  bool ended_ = false;
  std::string received_;
};

}  // namespace drover::http
