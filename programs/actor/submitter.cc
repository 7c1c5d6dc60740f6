#include "programs/actor/submitter.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "group/reward.h"
#include "services/experience/validate.h"
#include "services/rpc/status.h"

namespace drover::actor_process {
namespace {

v1::GradeRequest MakeGradeRequest(uint64_t id, const v1::Lease& lease, const v1::Response& response) {
  v1::GradeRequest request;
  request.set_id(id);
  *request.mutable_gold() = lease.prompt().gold();
  request.set_response(response.text());
  request.set_format(lease.reward_format());
  request.set_grader(lease.grader());
  *request.mutable_options() = lease.grading();
  if (lease.grading().refuse_unevaluated()) request.set_question(lease.prompt().question());
  request.set_truncated(group::Truncated(response));
  return request;
}

// A peer that is away is no fault of the group: it will be leased again without being counted against it. Nor is a call
// that this actor gave up.
SubmissionEnd Unanswered(std::string_view what, const v1::Lease& lease, const absl::Status& status) {
  const bool cancelled = absl::IsCancelled(status);
  if (!cancelled) {
    log::Error("a group was not submitted", {{"lease", lease.lease()},
                                             {"trace_id", lease.trace_id()},
                                             {"why", std::string(what)},
                                             {"error", std::string(status.message())}});
  }
  return {.reason = absl::StrCat(ToAbsl(what), ": ", status.message()),
          .failed = !cancelled && !rpc::IsTransient(status)};
}

}  // namespace

void Submitter::Count(const std::vector<v1::Response>& responses) const {
  for (const v1::Response& response : responses) {
    metrics_->responses.Increment();
    metrics_->generated_tokens.Increment(response.token_ids_size());
    metrics_->response_tokens.Observe(response.token_ids_size());
    if (group::Truncated(response)) metrics_->truncated_responses.Increment();
  }
}

absl::StatusOr<v1::Group> Submitter::Grade(const v1::Lease& lease, actor::FinishedGroup generated) const {
  std::vector<v1::Response>& responses = generated.responses;
  std::vector<v1::GradeRequest> requests;
  for (const v1::Response& response : responses) {
    requests.push_back(MakeGradeRequest(requests.size(), lease, response));
  }
  ASSIGN_OR_RETURN(const auto results, grader_->Grade(requests, absl::Now() + options_.grade_timeout));
  v1::Group group;
  group.set_lease(lease.lease());
  group.set_group(lease.group());
  group.set_incarnation(lease.incarnation());
  *group.mutable_prompt() = lease.prompt();
  group.mutable_prompt_token_ids()->Assign(generated.prompt_token_ids.begin(),
                                           generated.prompt_token_ids.end());
  group.set_actor(options_.actor);
  group.set_trace_id(lease.trace_id());
  for (size_t i = 0; i < responses.size(); ++i) {
    v1::Response& response = *group.add_responses();
    response = std::move(responses[i]);
    response.set_reward(results[i].reward());
    response.set_formatted(results[i].formatted());
    response.set_extracted(results[i].extracted());
    response.set_reason(results[i].reason());
  }
  experience::CutGradeTexts(group);
  return group;
}

SubmissionEnd Submitter::Submit(Submission submission) const {
  const v1::Lease& lease = *submission.lease;
  Count(submission.group.responses);
  absl::StatusOr<v1::Group> group = Grade(lease, std::move(submission.group));
  if (!group.ok()) return Unanswered("not graded", lease, group.status());
  v1::SubmitGroupRequest request;
  *request.mutable_group() = *std::move(group);
  request.set_kind(lease.kind());
  request.set_token(lease.token());
  const absl::Time start = absl::Now();
  const auto answer = leases_->SubmitGroup(request);
  metrics_->submit_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - start));
  if (!answer.ok()) {
    metrics_->errors.Count(answer.status());
    return Unanswered("refused", lease, answer.status());
  }
  metrics_->group_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - submission.since));
  metrics_->progress_timestamp.Set(metrics::UnixSeconds());
  if (answer->outcome() == v1::SUBMIT_OUTCOME_ACCEPTED) {
    metrics_->group_timestamp.Set(metrics::UnixSeconds());
  }
  return {.answer = answer->outcome()};
}

}  // namespace drover::actor_process
