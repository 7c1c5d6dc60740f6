#include "programs/process/ports.h"

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/status.h"

namespace drover::process {

absl::StatusOr<Ports> ReadPorts(const std::string& path, FileSystem* files) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 4096, files));
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto port = [&](const char* name) {
    return json.is_object() && json.contains(name) && json[name].is_number_integer() ? json[name].get<int>()
                                                                                     : -1;
  };
  const Ports ports{port("grpc_port"), port("metrics_port")};
  if (ports.grpc < 0 || ports.metrics < 0) {
    return absl::DataLossError(path + ": not a port file ({\"grpc_port\": N, \"metrics_port\": N})");
  }
  return ports;
}

absl::Status WritePorts(const std::string& path, const Ports& ports, FileSystem* files) {
  return WriteFileAtomically(
      path, nlohmann::json({{"grpc_port", ports.grpc}, {"metrics_port", ports.metrics}}).dump(), files);
}

}  // namespace drover::process
