#include "programs/learner/run_service.h"

#include <algorithm>
#include <utility>

#include "recipe/sampling.h"
#include "services/rpc/status.h"

namespace drover::learner_process {
namespace {

constexpr uint32_t kMaxSamples = 64;  // bounds the answer's size

grpc::ServerUnaryReactor* Done(grpc::CallbackServerContext* context,
                               const grpc::Status& status = grpc::Status::OK) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

}  // namespace

RunServiceImpl::RunServiceImpl(RunServiceParts parts)
    : parts_(std::move(parts)), sampling_digest_(recipe::SamplingDigest(parts_.recipe)) {}

grpc::ServerUnaryReactor* RunServiceImpl::GetRun(grpc::CallbackServerContext* context,
                                                 const v1::GetRunRequest*, v1::RunState* response) {
  *response = parts_.status->Get();
  *response->mutable_leases() = parts_.store->Counts();
  *response->mutable_since_step() = parts_.store->EndedSinceStep();
  return Done(context);
}

grpc::ServerUnaryReactor* RunServiceImpl::GetSamples(grpc::CallbackServerContext* context,
                                                     const v1::GetSamplesRequest* request,
                                                     v1::GetSamplesResponse* response) {
  for (v1::Group& group : parts_.status->Samples(std::min(request->limit(), kMaxSamples))) {
    *response->add_groups() = std::move(group);
  }
  return Done(context);
}

grpc::ServerUnaryReactor* RunServiceImpl::StopRun(grpc::CallbackServerContext* context,
                                                  const v1::StopRunRequest*, v1::StopRunResponse*) {
  parts_.status->RequestStop();
  return Done(context);
}

grpc::ServerUnaryReactor* RunServiceImpl::GetRecipe(grpc::CallbackServerContext* context,
                                                    const v1::GetRecipeRequest*,
                                                    v1::GetRecipeResponse* response) {
  *response->mutable_recipe() = parts_.recipe;
  response->set_sampling_digest(sampling_digest_);
  return Done(context);
}

grpc::ServerUnaryReactor* RunServiceImpl::GetModelFiles(grpc::CallbackServerContext* context,
                                                        const v1::GetModelFilesRequest*,
                                                        v1::GetModelFilesResponse* response) {
  if (parts_.model_files.ok()) *response = *parts_.model_files;
  return Done(context, rpc::ToGrpc(parts_.model_files.status()));
}

}  // namespace drover::learner_process
