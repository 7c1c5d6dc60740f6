#include "services/experience/service.h"

#include <utility>

#include "services/rpc/status.h"

namespace drover::experience {
namespace {

// A long poll: ends by the store's answer or by the client's going away, whichever is first.
class LeaseReactor final : public grpc::ServerUnaryReactor {
 public:
  LeaseReactor(ExperienceStore* store, const v1::LeaseGroupsRequest& request,
               v1::LeaseGroupsResponse* response)
      : store_(store), response_(response) {
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
    if (answer.ok()) *response_ = *std::move(answer);
    Finish(rpc::ToGrpc(answer.status()));
  }

  ExperienceStore* const store_;
  v1::LeaseGroupsResponse* const response_;
  uint64_t ticket_ = 0;
};

}  // namespace

grpc::ServerUnaryReactor* ExperienceService::LeaseGroups(grpc::CallbackServerContext* context,
                                                         const v1::LeaseGroupsRequest* request,
                                                         v1::LeaseGroupsResponse* response) {
  return new LeaseReactor(store_, *request, response);
}

grpc::ServerUnaryReactor* ExperienceService::RenewLeases(grpc::CallbackServerContext* context,
                                                         const v1::RenewLeasesRequest* request,
                                                         v1::RenewLeasesResponse* response) {
  auto answer = store_->RenewLeases(*request);
  if (answer.ok()) *response = *std::move(answer);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(rpc::ToGrpc(answer.status()));
  return reactor;
}

grpc::ServerUnaryReactor* ExperienceService::ReturnLeases(grpc::CallbackServerContext* context,
                                                          const v1::ReturnLeasesRequest* request,
                                                          v1::ReturnLeasesResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(rpc::ToGrpc(store_->ReturnLeases(*request)));
  return reactor;
}

grpc::ServerUnaryReactor* ExperienceService::SubmitGroup(grpc::CallbackServerContext* context,
                                                         const v1::SubmitGroupRequest* request,
                                                         v1::SubmitGroupResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  store_->SubmitGroup(*request, [reactor, response](absl::StatusOr<v1::SubmitGroupResponse> answer) {
    if (answer.ok()) *response = *std::move(answer);
    reactor->Finish(rpc::ToGrpc(answer.status()));
  });
  return reactor;
}

}  // namespace drover::experience
