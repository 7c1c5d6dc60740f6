#include "programs/actor/remote.h"

#include "base/digest.h"
#include "base/status.h"
#include "services/rpc/channel.h"

namespace drover::actor_process {
namespace {

constexpr absl::Duration kSetupCall = absl::Seconds(60);  // an answer of up to 48 MiB
constexpr absl::Duration kLeaseRetry = absl::Seconds(3);  // then the worker notes that the learner is away

rpc::CallerOptions CallerFor(const std::shared_ptr<grpc::Channel>& channel, const std::string& name) {
  return {.backoff = LearnerBackoff(), .seed = Hash64(name), .channel = channel};
}

experience::ExperienceClientOptions ClientOptions(const std::shared_ptr<grpc::Channel>& channel,
                                                  const std::string& name) {
  experience::ExperienceClientOptions options;
  options.caller = CallerFor(channel, name);
  return options;
}

experience::ExperienceClientOptions LeaseOptions(const std::shared_ptr<grpc::Channel>& channel,
                                                 const std::string& name) {
  experience::ExperienceClientOptions options = ClientOptions(channel, name);
  options.retry_for = kLeaseRetry;
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

rpc::BackoffOptions LearnerBackoff() { return {.max = absl::Seconds(3)}; }

RemoteLearner::RemoteLearner(const std::string& address, const std::string& name)
    : channel_(rpc::MakeChannel(address)),
      stub_(v1::ExperienceService::NewStub(channel_)),
      run_(v1::RunService::NewStub(channel_)),
      setup_(CallerFor(channel_, name)),
      leases_(stub_.get(), LeaseOptions(channel_, name)),
      client_(stub_.get(), ClientOptions(channel_, name)) {}

absl::StatusOr<v1::GetRecipeResponse> RemoteLearner::GetRecipe() {
  v1::GetRecipeResponse response;
  RETURN_IF_ERROR(
      setup_.Call("get recipe", kSetupCall, absl::InfiniteDuration(),
                  [&](grpc::ClientContext* context) { return run_->GetRecipe(context, {}, &response); }));
  return response;
}

absl::StatusOr<v1::GetModelFilesResponse> RemoteLearner::GetModelFiles() {
  v1::GetModelFilesResponse response;
  RETURN_IF_ERROR(
      setup_.Call("get model files", kSetupCall, absl::InfiniteDuration(),
                  [&](grpc::ClientContext* context) { return run_->GetModelFiles(context, {}, &response); }));
  return response;
}

absl::StatusOr<v1::LeaseGroupsResponse> RemoteLearner::LeaseGroups(const v1::LeaseGroupsRequest& request) {
  return leases_.LeaseGroups(request);
}

absl::StatusOr<v1::RenewLeasesResponse> RemoteLearner::RenewLeases(const v1::RenewLeasesRequest& request) {
  return leases_.RenewLeases(request);
}

absl::Status RemoteLearner::ReturnLeases(const v1::ReturnLeasesRequest& request) {
  return client_.ReturnLeases(request).status();
}

absl::StatusOr<v1::SubmitGroupResponse> RemoteLearner::SubmitGroup(const v1::SubmitGroupRequest& request) {
  return client_.SubmitGroup(request);
}

void RemoteLearner::Cancel() {
  setup_.Cancel();
  leases_.Cancel();
  client_.Cancel();
}

RemoteGrader::RemoteGrader(const std::vector<std::string>& addresses, const std::string& name,
                           metrics::GradingClientMetrics* metrics)
    : client_(GradingOptions(addresses, name), metrics) {}

}  // namespace drover::actor_process
