#include "base/token.h"

#include <sys/random.h>

#include <cerrno>

#include "absl/strings/escaping.h"
#include "base/check.h"

namespace drover {

std::string UnguessableToken() {
  std::string bytes(16, '\0');
  ssize_t got = -1;
  do {
    got = ::getrandom(bytes.data(), bytes.size(), 0);  // so few bytes come in one piece
  } while (got < 0 && errno == EINTR);
  DROVER_CHECK(got == static_cast<ssize_t>(bytes.size()));
  return absl::BytesToHexString(bytes);
}

}  // namespace drover
