#include "services/rpc/security.h"

namespace drover::rpc {

std::shared_ptr<grpc::ChannelCredentials> Security::ForChannel() const {
  return grpc::InsecureChannelCredentials();
}

std::shared_ptr<grpc::ServerCredentials> Security::ForServer() const {
  return grpc::InsecureServerCredentials();
}

}  // namespace drover::rpc
