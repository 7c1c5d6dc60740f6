// A GET over loopback, for tests.
#pragma once

#include <string>

namespace drover::metrics {

struct HttpAnswer {
  int code = 0;  // 0: no answer
  std::string head;
  std::string body;
};

HttpAnswer HttpGet(int port, const std::string& path, const std::string& method = "GET");

}  // namespace drover::metrics
