#include "services/http/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "absl/strings/str_cat.h"
#include "base/address.h"
#include "base/status.h"

namespace drover::http {

absl::StatusOr<sockaddr_storage> ListenAddress(const std::string& listen) {
  ASSIGN_OR_RETURN(const HostPort address, ParseHostPort(listen));
  sockaddr_storage storage = {};
  auto& four = reinterpret_cast<sockaddr_in&>(storage);
  auto& six = reinterpret_cast<sockaddr_in6&>(storage);
  const bool is_six = address.host.rfind('[', 0) == 0;
  const std::string host = address.host == "localhost" ? "127.0.0.1"
                           : is_six                    ? address.host.substr(1, address.host.size() - 2)
                                                       : address.host;
  storage.ss_family = is_six ? AF_INET6 : AF_INET;
  (is_six ? six.sin6_port : four.sin_port) = htons(static_cast<uint16_t>(address.port));
  void* to = is_six ? static_cast<void*>(&six.sin6_addr) : &four.sin_addr;
  if (::inet_pton(storage.ss_family, host.c_str(), to) != 1) {
    return absl::InvalidArgumentError(absl::StrCat("cannot listen on ", listen, ": '", address.host,
                                                   "' is no address (such as 0.0.0.0, 127.0.0.1 or [::])"));
  }
  return storage;
}

}  // namespace drover::http
