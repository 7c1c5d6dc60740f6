#include "services/grading/client.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "drover/v1/verifier.grpc.pb.h"
#include "services/rpc/address.h"
#include "services/rpc/channel.h"
#include "services/rpc/status.h"

namespace drover::grading {
namespace {

// The answer fits the requests and every reward is a number.
absl::Status CheckAnswer(const v1::GradeBatchRequest& request, const v1::GradeBatchResponse& response) {
  if (response.results_size() != request.requests_size()) {
    return absl::InternalError(absl::StrCat("the verifier answered ", request.requests_size(),
                                            " requests with ", response.results_size(), " results"));
  }
  for (int i = 0; i < response.results_size(); ++i) {
    const v1::GradeResult& result = response.results(i);
    if (result.id() != request.requests(i).id()) {
      return absl::InternalError(absl::StrCat("the verifier answered request ", request.requests(i).id(),
                                              " with a result for ", result.id()));
    }
    if (!std::isfinite(result.reward())) {
      return absl::InternalError(
          absl::StrCat("the verifier gave request ", result.id(), " a reward that is no number"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status GradingClientOptions::Validate() const {
  if (addresses.empty()) return absl::InvalidArgumentError("grading: give at least one verifier address");
  for (const std::string& address : addresses) RETURN_IF_ERROR(rpc::ParseHostPort(address).status());
  if (call_timeout <= absl::ZeroDuration() || batch < 1) {
    return absl::InvalidArgumentError("grading: call_timeout and batch must be positive");
  }
  return absl::OkStatus();
}

struct GradingClient::Impl {
  Impl(const GradingClientOptions& options, metrics::GradingClientMetrics* metrics)
      : options(options), metrics(metrics) {
    failing.resize(options.addresses.size());
    for (const std::string& address : options.addresses) {
      stubs.push_back(v1::VerifierService::NewStub(rpc::MakeChannel(address)));
    }
  }

  // The first `take` requests from `begin` on that make one call.
  v1::GradeBatchRequest Cut(const std::vector<v1::GradeRequest>& requests, size_t begin) const {
    v1::GradeBatchRequest call;
    size_t bytes = 0;
    for (size_t i = begin; i < requests.size() && i - begin < options.batch; ++i) {
      bytes += requests[i].ByteSizeLong();
      if (i > begin && bytes > options.batch_bytes) break;
      *call.add_requests() = requests[i];
    }
    return call;
  }

  absl::StatusOr<v1::GradeBatchResponse> GradeCall(const v1::GradeBatchRequest& request, absl::Time deadline);
  absl::Status Attempt(const v1::GradeBatchRequest& request, absl::Time deadline, size_t which,
                       v1::GradeBatchResponse* response);
  absl::Status Pause(absl::Duration pause);
  void Note(const absl::Status& status, size_t which);
  void Stop();

  const GradingClientOptions options;
  metrics::GradingClientMetrics* const metrics;
  std::vector<std::unique_ptr<v1::VerifierService::Stub>> stubs;
  std::atomic<size_t> next = 0;  // the address that the next call begins with

  absl::Mutex mutex;
  bool stopped ABSL_GUARDED_BY(mutex) = false;
  std::vector<bool> failing ABSL_GUARDED_BY(mutex);  // by address: its newest attempt failed
  uint64_t calls ABSL_GUARDED_BY(mutex) = 0;
  std::set<grpc::ClientContext*> running ABSL_GUARDED_BY(mutex);
};

absl::Status GradingClient::Impl::Attempt(const v1::GradeBatchRequest& request, absl::Time deadline,
                                          size_t which, v1::GradeBatchResponse* response) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(std::min(deadline, absl::Now() + options.call_timeout)));
  {
    absl::MutexLock lock(&mutex);
    if (stopped) return absl::CancelledError("the grading client was stopped");
    running.insert(&context);
  }
  const absl::Status status = rpc::FromGrpc(stubs[which]->Grade(&context, request, response));
  {
    absl::MutexLock lock(&mutex);
    running.erase(&context);
  }
  RETURN_IF_ERROR(status);
  return CheckAnswer(request, *response);
}

absl::Status GradingClient::Impl::Pause(absl::Duration pause) {
  absl::MutexLock lock(&mutex);
  mutex.AwaitWithTimeout(absl::Condition(&stopped), pause);
  return stopped ? absl::CancelledError("the grading client was stopped") : absl::OkStatus();
}

// One line when an address begins to fail and one when it works again.
void GradingClient::Impl::Note(const absl::Status& status, size_t which) {
  if (metrics) metrics->errors.Count(status);
  absl::MutexLock lock(&mutex);
  if (failing[which] == !status.ok()) return;
  failing[which] = !status.ok();
  if (!status.ok()) {
    log::Warning("a verifier fails", {{"verifier", options.addresses[which]}, {"status", status.ToString()}});
  } else {
    log::Info("a verifier works again", {{"verifier", options.addresses[which]}});
  }
}

absl::StatusOr<v1::GradeBatchResponse> GradingClient::Impl::GradeCall(const v1::GradeBatchRequest& request,
                                                                      absl::Time deadline) {
  uint64_t call;
  {
    absl::MutexLock lock(&mutex);
    call = calls++;
  }
  rpc::Backoff backoff(options.backoff, options.seed + call);
  const size_t first = next++;
  for (size_t attempt = 0;; ++attempt) {
    const size_t which = (first + attempt) % stubs.size();
    v1::GradeBatchResponse response;
    const absl::Status status = Attempt(request, deadline, which, &response);
    {
      absl::MutexLock lock(&mutex);
      if (stopped) return absl::CancelledError("the grading client was stopped");
    }
    Note(status, which);
    if (status.ok()) return response;
    const absl::Status named = Annotate(status, absl::StrCat("verifier ", options.addresses[which]));
    if (!rpc::IsTransient(status)) return named;
    // Another address is tried at once; when all have failed, after a pause.
    const bool all_failed = (attempt + 1) % stubs.size() == 0;
    const absl::Duration pause = all_failed ? backoff.Next() : absl::ZeroDuration();
    if (absl::Now() + pause >= deadline) return named;
    if (metrics) metrics->retries.Increment();
    RETURN_IF_ERROR(Pause(pause));
  }
}

void GradingClient::Impl::Stop() {
  absl::MutexLock lock(&mutex);
  stopped = true;
  for (grpc::ClientContext* context : running) context->TryCancel();
}

GradingClient::GradingClient(const GradingClientOptions& options, metrics::GradingClientMetrics* metrics)
    : impl_(std::make_unique<Impl>(options, metrics)) {}
GradingClient::~GradingClient() { Stop(); }

void GradingClient::Stop() { impl_->Stop(); }

absl::StatusOr<std::vector<v1::GradeResult>> GradingClient::Grade(
    const std::vector<v1::GradeRequest>& requests, absl::Time deadline) {
  std::vector<v1::GradeResult> results;
  while (results.size() < requests.size()) {
    const absl::Time begun = absl::Now();
    const v1::GradeBatchRequest call = impl_->Cut(requests, results.size());
    ASSIGN_OR_RETURN(v1::GradeBatchResponse response, impl_->GradeCall(call, deadline));
    for (v1::GradeResult& result : *response.mutable_results()) results.push_back(std::move(result));
    if (!impl_->metrics) continue;
    impl_->metrics->seconds.Observe(absl::ToDoubleSeconds(absl::Now() - begun));
    impl_->metrics->responses.Increment(response.results_size());
  }
  return results;
}

}  // namespace drover::grading
