#include "services/learner/run_service.h"

#include <algorithm>

namespace drover::learner_process {
namespace {

constexpr uint32_t kMaxSamples = 64;  // bounds the answer's size

grpc::ServerUnaryReactor* Done(grpc::CallbackServerContext* context) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace

grpc::ServerUnaryReactor* RunServiceImpl::GetRun(grpc::CallbackServerContext* context,
                                                 const v1::GetRunRequest*, v1::RunState* response) {
  *response = status_->Get();
  *response->mutable_leases() = store_->Counts();
  return Done(context);
}

grpc::ServerUnaryReactor* RunServiceImpl::GetSamples(grpc::CallbackServerContext* context,
                                                     const v1::GetSamplesRequest* request,
                                                     v1::GetSamplesResponse* response) {
  for (v1::Group& group : status_->Samples(std::min(request->limit(), kMaxSamples))) {
    *response->add_groups() = std::move(group);
  }
  return Done(context);
}

grpc::ServerUnaryReactor* RunServiceImpl::StopRun(grpc::CallbackServerContext* context,
                                                  const v1::StopRunRequest*, v1::StopRunResponse*) {
  status_->RequestStop();
  return Done(context);
}

}  // namespace drover::learner_process
