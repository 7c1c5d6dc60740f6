#include "base/address.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"

namespace drover {
namespace {

absl::Status BadAddress(std::string_view address, const char* why) {
  return absl::InvalidArgumentError(
      absl::StrCat("address \"", ToAbsl(address), "\": ", why, "; write host:port, such as 127.0.0.1:50051"));
}

}  // namespace

absl::StatusOr<HostPort> ParseHostPort(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return BadAddress(address, "it has no port");
  HostPort parsed;
  parsed.host = std::string(address.substr(0, colon));
  const std::string_view port = address.substr(colon + 1);
  if (parsed.host.empty()) return BadAddress(address, "it has no host");
  const bool bracketed = parsed.host.front() == '[' && parsed.host.back() == ']';
  if (!bracketed && parsed.host.find_first_of(":[]") != std::string::npos) {
    return BadAddress(address, "an IPv6 host stands in brackets");
  }
  if (parsed.host.find_first_of(" \t\n,/") != std::string::npos) {
    return BadAddress(address, "a host has no spaces, commas or slashes");
  }
  const bool digits = !port.empty() && port.find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits || !absl::SimpleAtoi(ToAbsl(port), &parsed.port) || parsed.port > 65535) {
    return BadAddress(address, "its port is not a number from 0 to 65535");
  }
  return parsed;
}

absl::StatusOr<std::vector<std::string>> ParseAddresses(std::string_view list) {
  std::vector<std::string> addresses;
  for (absl::string_view piece : absl::StrSplit(ToAbsl(list), ',')) {
    const std::string address(absl::StripAsciiWhitespace(piece));
    ASSIGN_OR_RETURN(const HostPort parsed, ParseHostPort(address));
    if (parsed.port == 0) return BadAddress(address, "port 0 cannot be called");
    addresses.push_back(address);
  }
  return addresses;
}

}  // namespace drover
