// RunService over a RunStatus, the store's counts, the recipe and the files of RUN/model.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "drover/v1/recipe.pb.h"
#include "drover/v1/run.grpc.pb.h"
#include "programs/learner/run_status.h"
#include "services/experience/store_view.h"

namespace drover::learner_process {

struct RunServiceParts {
  RunStatus* status = nullptr;  // both outlive the service
  const experience::StoreView* store = nullptr;
  v1::Recipe recipe;  // effective
  // PackModelFiles' answer, or why actors without a copy of them cannot have any.
  absl::StatusOr<v1::GetModelFilesResponse> model_files;
};

// Thread-safe.
class RunServiceImpl final : public v1::RunService::CallbackService {
 public:
  explicit RunServiceImpl(RunServiceParts parts);

  grpc::ServerUnaryReactor* GetRun(grpc::CallbackServerContext* context, const v1::GetRunRequest* request,
                                   v1::RunState* response) override;
  grpc::ServerUnaryReactor* GetSamples(grpc::CallbackServerContext* context,
                                       const v1::GetSamplesRequest* request,
                                       v1::GetSamplesResponse* response) override;
  grpc::ServerUnaryReactor* StopRun(grpc::CallbackServerContext* context, const v1::StopRunRequest* request,
                                    v1::StopRunResponse* response) override;
  grpc::ServerUnaryReactor* GetRecipe(grpc::CallbackServerContext* context,
                                      const v1::GetRecipeRequest* request,
                                      v1::GetRecipeResponse* response) override;
  grpc::ServerUnaryReactor* GetModelFiles(grpc::CallbackServerContext* context,
                                          const v1::GetModelFilesRequest* request,
                                          v1::GetModelFilesResponse* response) override;

 private:
  const RunServiceParts parts_;
  const std::string sampling_digest_;
};

}  // namespace drover::learner_process
