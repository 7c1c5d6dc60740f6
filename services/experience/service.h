// drover.v1.ExperienceService over a LeaseStore, with gRPC's callback API: a long poll holds no thread.
#pragma once

#include <string>
#include <utility>

#include "drover/v1/experience.grpc.pb.h"
#include "services/experience/lease_store.h"
#include "services/metrics/experience_metrics.h"

namespace drover::experience {

// Groups up to this size are taken (a record of the journal is no larger); servers set their maximum message size
// at least this high.
inline constexpr int kMaxSubmitBytes = 64 << 20;

struct ServiceOptions {
  std::string sampling_digest;                    // for lease answers: v1::LeaseGroupsResponse
  metrics::ExperienceMetrics* metrics = nullptr;  // may be null, else outlives the service
};

// Thread-safe. Requests that break a rule are answered INVALID_ARGUMENT with the field's name.
class ExperienceService final : public v1::ExperienceService::CallbackService {
 public:
  // `store` outlives the server.
  explicit ExperienceService(LeaseStore* store, ServiceOptions options = {})
      : store_(store), options_(std::move(options)) {}

  grpc::ServerUnaryReactor* LeaseGroups(grpc::CallbackServerContext* context,
                                        const v1::LeaseGroupsRequest* request,
                                        v1::LeaseGroupsResponse* response) override;
  grpc::ServerUnaryReactor* RenewLeases(grpc::CallbackServerContext* context,
                                        const v1::RenewLeasesRequest* request,
                                        v1::RenewLeasesResponse* response) override;
  grpc::ServerUnaryReactor* ReturnLeases(grpc::CallbackServerContext* context,
                                         const v1::ReturnLeasesRequest* request,
                                         v1::ReturnLeasesResponse* response) override;
  grpc::ServerUnaryReactor* SubmitGroup(grpc::CallbackServerContext* context,
                                        const v1::SubmitGroupRequest* request,
                                        v1::SubmitGroupResponse* response) override;

 private:
  // Counts an answer that is an error, and says it to gRPC.
  grpc::Status Answered(const absl::Status& status) const;

  LeaseStore* const store_;
  const ServiceOptions options_;
};

}  // namespace drover::experience
