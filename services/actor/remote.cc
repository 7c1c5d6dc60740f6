#include "services/actor/remote.h"

#include "base/digest.h"
#include "services/rpc/channel.h"

namespace drover::actor_process {
namespace {

experience::ExperienceClientOptions ClientOptions(const std::string& name) {
  experience::ExperienceClientOptions options;
  options.seed = Hash64(name);
  return options;
}

grading::GradingClientOptions GradingOptions(const std::vector<std::string>& addresses,
                                             const std::string& name) {
  grading::GradingClientOptions options;
  options.addresses = addresses;
  options.seed = Hash64(name);
  return options;
}

}  // namespace

RemoteLearner::RemoteLearner(const std::string& address, const std::string& name)
    : stub_(v1::ExperienceService::NewStub(rpc::MakeChannel(address))),
      client_(stub_.get(), ClientOptions(name)) {}

absl::StatusOr<v1::LeaseGroupsResponse> RemoteLearner::LeaseGroups(const v1::LeaseGroupsRequest& request) {
  return client_.LeaseGroups(request);
}

absl::StatusOr<v1::RenewLeasesResponse> RemoteLearner::RenewLeases(const v1::RenewLeasesRequest& request) {
  return client_.RenewLeases(request);
}

absl::Status RemoteLearner::ReturnLeases(const v1::ReturnLeasesRequest& request) {
  return client_.ReturnLeases(request).status();
}

absl::StatusOr<v1::SubmitGroupResponse> RemoteLearner::SubmitGroup(const v1::SubmitGroupRequest& request) {
  return client_.SubmitGroup(request);
}

RemoteGrader::RemoteGrader(const std::vector<std::string>& addresses, const std::string& name,
                           metrics::GradingClientMetrics* metrics)
    : client_(GradingOptions(addresses, name), metrics) {}

}  // namespace drover::actor_process
