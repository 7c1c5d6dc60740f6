// The worker's view of the other processes, over gRPC.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "drover/v1/run.grpc.pb.h"
#include "programs/actor/peers.h"
#include "programs/actor/setup.h"
#include "services/experience/client.h"
#include "services/grading/client.h"

namespace drover::actor_process {

// Pauses between attempts to reach the learner. Short at their longest: a learner that started again and soon ends
// waits a few seconds only for actors that are on their way back.
rpc::BackoffOptions LearnerBackoff();

class RemoteLearner final : public LeaseSource, public SetupSource {
 public:
  // `address` is host:port; `name` seeds the jitter of retries.
  RemoteLearner(const std::string& address, const std::string& name);

  // For ever, until it is answered or cancelled.
  absl::StatusOr<v1::GetRecipeResponse> GetRecipe() override;
  absl::StatusOr<v1::GetModelFilesResponse> GetModelFiles() override;

  absl::StatusOr<v1::LeaseGroupsResponse> LeaseGroups(const v1::LeaseGroupsRequest& request) override;
  absl::StatusOr<v1::RenewLeasesResponse> RenewLeases(const v1::RenewLeasesRequest& request) override;
  absl::Status ReturnLeases(const v1::ReturnLeasesRequest& request) override;
  absl::StatusOr<v1::SubmitGroupResponse> SubmitGroup(const v1::SubmitGroupRequest& request) override;
  void Cancel() override;

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::ExperienceService::Stub> stub_;
  const std::unique_ptr<v1::RunService::Stub> run_;
  rpc::Caller setup_;
  experience::ExperienceClient leases_;  // gives up soon: its caller asks again for ever
  experience::ExperienceClient client_;  // tries for long: a group is worth it
};

class RemoteGrader final : public Grader {
 public:
  RemoteGrader(const std::vector<std::string>& addresses, const std::string& name,
               metrics::GradingClientMetrics* metrics);
  absl::StatusOr<std::vector<v1::GradeResult>> Grade(const std::vector<v1::GradeRequest>& requests,
                                                     absl::Time deadline) override {
    return client_.Grade(requests, deadline);
  }
  void Stop() override { client_.Stop(); }

 private:
  grading::GradingClient client_;
};

class RemoteWeights final : public WeightSource {
 public:
  explicit RemoteWeights(weights::WeightSubscriber* subscriber) : subscriber_(subscriber) {}
  std::shared_ptr<const weights::Received> WaitForNewer(const weights::Received* than,
                                                        absl::Duration timeout) override {
    return subscriber_->WaitForNewer(than, timeout);
  }
  absl::StatusOr<std::shared_ptr<const weights::Received>> Fetch(
      const model::WeightVersion& version) override {
    return subscriber_->Fetch(version);
  }
  void Stop() override { subscriber_->Stop(); }

 private:
  weights::WeightSubscriber* const subscriber_;
};

}  // namespace drover::actor_process
