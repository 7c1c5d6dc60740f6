// Where the HTTP server listens, as the system wants it.
#pragma once

#include <sys/socket.h>

#include <string>

#include "absl/status/statusor.h"

namespace drover::http {

// Of "127.0.0.1:0", "localhost:0" or "[::]:0". INVALID_ARGUMENT for a name: a server listens where it was told, not where a
// name happens to point.
absl::StatusOr<sockaddr_storage> ListenAddress(const std::string& listen);

}  // namespace drover::http
