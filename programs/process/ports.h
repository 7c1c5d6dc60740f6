// Port files: a process that listens on port 0 writes where it listens, as {"grpc_port": N, "metrics_port":
// N}.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace drover::process {

struct Ports {
  int grpc = 0;
  int metrics = 0;
};

// NOT_FOUND while the file is not there yet; files are written atomically, so one that is there is whole.
absl::StatusOr<Ports> ReadPorts(const std::string& path, FileSystem* files = PosixFileSystem());
absl::Status WritePorts(const std::string& path, const Ports& ports, FileSystem* files = PosixFileSystem());

}  // namespace drover::process
