// How the two ends of a connection know each other. Every server and every channel has one, by its options, and
// credentials are made here alone (tests/layering.py holds everyone else off them).
#pragma once

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>

namespace drover::rpc {

// Cheap to copy. Default: plaintext, between ends that trust whoever reaches them, on loopback or behind a network policy.
class Security {
 public:
  std::shared_ptr<grpc::ChannelCredentials> ForChannel() const;
  std::shared_ptr<grpc::ServerCredentials> ForServer() const;
};

}  // namespace drover::rpc
