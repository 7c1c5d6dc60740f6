#include "services/experience/service.h"

#include <utility>

#include "absl/time/clock.h"
#include "services/rpc/status.h"

namespace drover::experience {
namespace {

// A long poll: ends by the store's answer or by the client's going away, whichever is first.
class LeaseReactor final : public grpc::ServerUnaryReactor {
 public:
  LeaseReactor(LeaseStore* store, const ServiceOptions& options, const v1::LeaseGroupsRequest& request,
               v1::LeaseGroupsResponse* response)
      : store_(store), options_(options), response_(response) {
    // The answer may come on another thread before this returns. That is safe: gRPC runs OnDone, which deletes the
    // reactor, only after the handler has returned it.
    ticket_ = store_->LeaseGroups(
        request, [this](absl::StatusOr<v1::LeaseGroupsResponse> answer) { Answer(std::move(answer)); });
  }

  void OnCancel() override {
    if (store_->CancelLease(ticket_)) Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  void Answer(absl::StatusOr<v1::LeaseGroupsResponse> answer) {
    if (answer.ok()) {
      *response_ = *std::move(answer);
      response_->set_sampling_digest(options_.sampling_digest);
    } else if (options_.metrics != nullptr) {
      options_.metrics->errors.Count(answer.status());
    }
    Finish(rpc::ToGrpc(answer.status()));
  }

  LeaseStore* const store_;
  const ServiceOptions& options_;
  v1::LeaseGroupsResponse* const response_;
  uint64_t ticket_ = 0;
};

}  // namespace

grpc::Status ExperienceService::Answered(const absl::Status& status) const {
  if (options_.metrics != nullptr) options_.metrics->errors.Count(status);
  return rpc::ToGrpc(status);
}

grpc::ServerUnaryReactor* ExperienceService::LeaseGroups(grpc::CallbackServerContext* context,
                                                         const v1::LeaseGroupsRequest* request,
                                                         v1::LeaseGroupsResponse* response) {
  return new LeaseReactor(store_, options_, *request, response);
}

grpc::ServerUnaryReactor* ExperienceService::RenewLeases(grpc::CallbackServerContext* context,
                                                         const v1::RenewLeasesRequest* request,
                                                         v1::RenewLeasesResponse* response) {
  auto answer = store_->RenewLeases(*request);
  if (answer.ok()) *response = *std::move(answer);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(Answered(answer.status()));
  return reactor;
}

grpc::ServerUnaryReactor* ExperienceService::ReturnLeases(grpc::CallbackServerContext* context,
                                                          const v1::ReturnLeasesRequest* request,
                                                          v1::ReturnLeasesResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  store_->ReturnLeases(*request,
                       [this, reactor](const absl::Status& status) { reactor->Finish(Answered(status)); });
  return reactor;
}

grpc::ServerUnaryReactor* ExperienceService::SubmitGroup(grpc::CallbackServerContext* context,
                                                         const v1::SubmitGroupRequest* request,
                                                         v1::SubmitGroupResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::Time arrived = absl::Now();
  store_->SubmitGroup(
      *request, [this, reactor, response, arrived](absl::StatusOr<v1::SubmitGroupResponse> answer) {
        if (answer.ok()) *response = *std::move(answer);
        if (answer.ok() && options_.metrics != nullptr) {
          options_.metrics->Submitted(response->outcome());
          options_.metrics->submit_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - arrived));
        }
        reactor->Finish(Answered(answer.status()));
      });
  return reactor;
}

}  // namespace drover::experience
