// Addresses as flags give them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace drover {

// "host:port" with a port in 0..65535 ("[::1]:80" for IPv6). INVALID_ARGUMENT says what is wrong with it.
struct HostPort {
  std::string host;
  int port = 0;
};
absl::StatusOr<HostPort> ParseHostPort(std::string_view address);

// A comma-separated list of "host:port", none empty, ports from 1.
absl::StatusOr<std::vector<std::string>> ParseAddresses(std::string_view list);

}  // namespace drover
