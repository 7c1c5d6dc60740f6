// RunService over a RunStatus and the store's counts.
#pragma once

#include "drover/v1/run.grpc.pb.h"
#include "services/experience/store.h"
#include "services/learner/run_status.h"

namespace drover::learner_process {

// Thread-safe; `status` and `store` must outlive it.
class RunServiceImpl final : public v1::RunService::CallbackService {
 public:
  RunServiceImpl(RunStatus* status, experience::ExperienceStore* store) : status_(status), store_(store) {}

  grpc::ServerUnaryReactor* GetRun(grpc::CallbackServerContext* context, const v1::GetRunRequest* request,
                                   v1::RunState* response) override;
  grpc::ServerUnaryReactor* GetSamples(grpc::CallbackServerContext* context,
                                       const v1::GetSamplesRequest* request,
                                       v1::GetSamplesResponse* response) override;
  grpc::ServerUnaryReactor* StopRun(grpc::CallbackServerContext* context, const v1::StopRunRequest* request,
                                    v1::StopRunResponse* response) override;

 private:
  RunStatus* const status_;
  experience::ExperienceStore* const store_;
};

}  // namespace drover::learner_process
