// An HTTP request as curl would send it.
#pragma once

#include <string>

namespace drover::system_test {

struct HttpAnswer {
  int status = 0;  // 0: no answer
  std::string body;
};

// GET http://127.0.0.1:PORT/PATH, at most five seconds.
HttpAnswer HttpGet(int port, const std::string& path);

}  // namespace drover::system_test
