#include "services/experience/client.h"

#include <algorithm>

#include "base/status.h"

namespace drover::experience {

absl::Status ExperienceClientOptions::Validate() const {
  if (call_timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("experience client: call_timeout must be above 0");
  }
  if (retry_for < absl::ZeroDuration() || return_for < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("experience client: retry_for and return_for must be at least 0");
  }
  return absl::OkStatus();
}

ExperienceClient::ExperienceClient(v1::ExperienceService::StubInterface* stub,
                                   const ExperienceClientOptions& options)
    : stub_(stub), options_(options), caller_(options.caller) {}

absl::StatusOr<v1::LeaseGroupsResponse> ExperienceClient::LeaseGroups(const v1::LeaseGroupsRequest& request) {
  v1::LeaseGroupsResponse response;
  const absl::Duration timeout = options_.call_timeout + absl::Seconds(request.wait_seconds());
  RETURN_IF_ERROR(caller_.Call(
      "lease groups", timeout, options_.retry_for,
      [&](grpc::ClientContext* context) { return stub_->LeaseGroups(context, request, &response); }));
  return response;
}

absl::StatusOr<v1::RenewLeasesResponse> ExperienceClient::RenewLeases(const v1::RenewLeasesRequest& request) {
  v1::RenewLeasesResponse response;
  RETURN_IF_ERROR(caller_.Call(
      "renew leases", options_.call_timeout, options_.retry_for,
      [&](grpc::ClientContext* context) { return stub_->RenewLeases(context, request, &response); }));
  return response;
}

absl::StatusOr<v1::ReturnLeasesResponse> ExperienceClient::ReturnLeases(
    const v1::ReturnLeasesRequest& request) {
  v1::ReturnLeasesResponse response;
  const absl::Duration retry_for = std::min(options_.return_for, options_.retry_for);
  RETURN_IF_ERROR(caller_.Call(
      "return leases", options_.call_timeout, retry_for,
      [&](grpc::ClientContext* context) { return stub_->ReturnLeases(context, request, &response); }));
  return response;
}

absl::StatusOr<v1::SubmitGroupResponse> ExperienceClient::SubmitGroup(const v1::SubmitGroupRequest& request) {
  v1::SubmitGroupResponse response;
  RETURN_IF_ERROR(caller_.Call(
      "submit group", options_.call_timeout, options_.retry_for,
      [&](grpc::ClientContext* context) { return stub_->SubmitGroup(context, request, &response); }));
  return response;
}

}  // namespace drover::experience
