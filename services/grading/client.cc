#include "services/grading/client.h"

#include <arpa/inet.h>

#include <algorithm>
#include <optional>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/address.h"
#include "base/log.h"
#include "base/status.h"
#include "services/grading/attempt.h"
#include "services/rpc/channel.h"
#include "services/rpc/status.h"

namespace drover::grading {
namespace {

// A verifier that hangs is found dead after so long without an answer to a ping, and its connection is given up: that is
// how gRPC passes it over among the addresses of one name.
constexpr absl::Duration kPingTimeout = absl::Seconds(10);

// Whether gRPC may balance the address over several replicas: a name or a target URI may stand for many, a number is one.
bool MayBeMany(const std::string& address) {
  const auto parsed = ParseHostPort(address);
  if (!parsed.ok()) return true;
  if (parsed->host == "localhost" || parsed->host.front() == '[') return false;
  in_addr ignored = {};
  return ::inet_pton(AF_INET, parsed->host.c_str(), &ignored) != 1;
}

absl::Status Stopped() { return absl::CancelledError("the grading client was stopped"); }

}  // namespace

absl::Status GradingClientOptions::Validate() const {
  if (addresses.empty()) return absl::InvalidArgumentError("grading: give at least one verifier address");
  for (const std::string& address : addresses) RETURN_IF_ERROR(ParseHostPort(address).status());
  if (call_timeout <= absl::ZeroDuration() || batch < 1) {
    return absl::InvalidArgumentError("grading: call_timeout and batch must be positive");
  }
  RETURN_IF_ERROR(budget.Validate());
  RETURN_IF_ERROR(hedge.Validate());
  return replicas.Validate();
}

struct GradingClient::Impl {
  using Request = std::shared_ptr<const v1::GradeBatchRequest>;

  // What a call knows beside its request.
  struct Call {
    absl::Time deadline;
    rpc::Backoff backoff;
    bool probes = false;  // it is the one that tries while the budget is spent
  };

  Impl(const GradingClientOptions& options, metrics::GradingClientMetrics* metrics);

  v1::GradeBatchRequest Cut(const std::vector<v1::GradeRequest>& requests, size_t begin) const;
  absl::StatusOr<v1::GradeBatchResponse> GradeCall(v1::GradeBatchRequest request, absl::Time deadline);
  void Stop();
  void AwaitEnd();

  absl::StatusOr<v1::GradeBatchResponse> Try(const Request& request, absl::Time deadline);
  absl::Status Begin(const std::shared_ptr<Race>& race, const Request& request, size_t replica, bool is_hedge,
                     absl::Time deadline);
  std::optional<size_t> ReplicaForHedge(size_t slow);
  absl::StatusOr<v1::GradeBatchResponse> Settle(const std::vector<std::shared_ptr<Attempt>>& ended,
                                                size_t first, const std::shared_ptr<Attempt>& answer);
  absl::Status AwaitRetry(Call& call, const absl::Status& failure);
  absl::StatusOr<bool> AwaitTurn(Call& call, const absl::Status& failure);
  void Reconnect(absl::Duration patience);
  void EndProbe(Call& call, bool ok);
  void Failing(size_t replica, const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  bool MayTryAgain() const ABSL_SHARED_LOCKS_REQUIRED(mutex) {
    return stopped || !probing || budget.MayAdd();
  }

  const GradingClientOptions options;
  metrics::GradingClientMetrics* const metrics;
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  std::vector<std::unique_ptr<v1::VerifierService::Stub>> stubs;
  std::vector<bool> many;  // by address: see MayBeMany

  absl::Mutex mutex;
  bool stopped ABSL_GUARDED_BY(mutex) = false;
  std::vector<bool> failing ABSL_GUARDED_BY(mutex);  // by address: its newest attempt failed
  uint64_t calls ABSL_GUARDED_BY(mutex) = 0;
  std::set<Attempt*> running ABSL_GUARDED_BY(mutex);
  rpc::RetryBudget budget ABSL_GUARDED_BY(mutex);
  HedgePolicy hedge ABSL_GUARDED_BY(mutex);
  ReplicaPicker picker ABSL_GUARDED_BY(mutex);
  bool probing ABSL_GUARDED_BY(mutex) = false;  // a call has the turn to try while the budget is spent
  rpc::Backoff probe_backoff ABSL_GUARDED_BY(mutex);
};

GradingClient::Impl::Impl(const GradingClientOptions& options, metrics::GradingClientMetrics* metrics)
    : options(options),
      metrics(metrics),
      failing(options.addresses.size()),
      budget(options.budget),
      hedge(options.hedge),
      picker(options.addresses.size(), options.replicas),
      probe_backoff(options.backoff, options.seed) {
  const rpc::ChannelOptions channel = {.security = options.security, .keepalive_timeout = kPingTimeout};
  for (const std::string& address : options.addresses) {
    channels.push_back(rpc::MakeChannel(address, channel));
    stubs.push_back(v1::VerifierService::NewStub(channels.back()));
    many.push_back(MayBeMany(address));
  }
}

// The requests from `begin` on that make one call.
v1::GradeBatchRequest GradingClient::Impl::Cut(const std::vector<v1::GradeRequest>& requests,
                                               size_t begin) const {
  v1::GradeBatchRequest call;
  size_t bytes = 0;
  for (size_t i = begin; i < requests.size() && i - begin < options.batch; ++i) {
    bytes += requests[i].ByteSizeLong();
    if (i > begin && bytes > options.batch_bytes) break;
    *call.add_requests() = requests[i];
  }
  return call;
}

absl::Status GradingClient::Impl::Begin(const std::shared_ptr<Race>& race, const Request& request,
                                        size_t replica, bool is_hedge, absl::Time deadline) {
  auto attempt = std::make_shared<Attempt>();
  attempt->replica = replica;
  attempt->hedge = is_hedge;
  attempt->request = request;
  attempt->begun = absl::Now();
  attempt->context.set_deadline(
      absl::ToChronoTime(std::min(deadline, attempt->begun + options.call_timeout)));
  race->Add(attempt);
  {
    absl::MutexLock lock(&mutex);
    if (stopped) return Stopped();
    running.insert(attempt.get());
  }
  stubs[replica]->async()->Grade(&attempt->context, attempt->request.get(), &attempt->response,
                                 [this, race, attempt](const grpc::Status& status) {
                                   attempt->status = rpc::FromGrpc(status);
                                   if (attempt->status.ok())
                                     attempt->status = CheckAnswer(*attempt->request, attempt->response);
                                   attempt->ended = absl::Now();
                                   race->Ended(attempt.get());
                                   absl::MutexLock lock(&mutex);
                                   running.erase(attempt.get());  // from now on AwaitEnd may let go of us
                                 });
  return absl::OkStatus();
}

std::optional<size_t> GradingClient::Impl::ReplicaForHedge(size_t slow) {
  absl::MutexLock lock(&mutex);
  if (stopped || (stubs.size() == 1 && !many[slow])) return std::nullopt;
  if (!budget.MayAdd()) {
    if (metrics) metrics->budget_exhausted.Increment();
    return std::nullopt;
  }
  std::optional<size_t> other = picker.PickOther(slow, absl::Now());
  if (!other.has_value() && many[slow]) other = slow;  // gRPC goes on to its next replica
  if (other.has_value()) budget.TakeHedge();
  return other;
}

// One attempt and, when it is slow, its hedge.
absl::StatusOr<v1::GradeBatchResponse> GradingClient::Impl::Try(const Request& request, absl::Time deadline) {
  const auto race = std::make_shared<Race>();
  size_t first;
  absl::Duration delay;
  {
    absl::MutexLock lock(&mutex);
    first = picker.Pick(absl::Now());
    delay = hedge.Delay();
  }
  RETURN_IF_ERROR(Begin(race, request, first, /*is_hedge=*/false, deadline));
  std::shared_ptr<Attempt> answer = race->Wait(std::min(deadline, absl::Now() + delay));
  if (answer == nullptr && !race->all_ended() && absl::Now() < deadline) {
    if (const auto other = ReplicaForHedge(first); other.has_value()) {
      if (metrics) metrics->hedges.Increment();
      RETURN_IF_ERROR(Begin(race, request, *other, /*is_hedge=*/true, deadline));
    }
  }
  // Ends by itself: every attempt has a deadline.
  if (answer == nullptr) answer = race->Wait(absl::InfiniteFuture());
  const auto ended = race->ended();  // before the rest ends because it is cancelled
  race->CancelRest();
  return Settle(ended, first, answer);
}

// Takes note of what became of the attempts.
absl::StatusOr<v1::GradeBatchResponse> GradingClient::Impl::Settle(
    const std::vector<std::shared_ptr<Attempt>>& ended, size_t first,
    const std::shared_ptr<Attempt>& answer) {
  absl::MutexLock lock(&mutex);
  if (stopped) return Stopped();
  const absl::Time now = absl::Now();
  absl::Status last;
  for (const auto& attempt : ended) {
    if (attempt == answer || attempt->status.ok()) continue;
    last = Annotate(attempt->status, absl::StrCat("verifier ", options.addresses[attempt->replica]));
    budget.OnFailure();
    picker.OnTrouble(attempt->replica, now);
    Failing(attempt->replica, attempt->status);
    if (metrics) metrics->errors.Count(attempt->status);
  }
  if (answer == nullptr) return last;
  if (!answer->status.ok()) {
    if (metrics) metrics->errors.Count(answer->status);
    return Annotate(answer->status, absl::StrCat("verifier ", options.addresses[answer->replica]));
  }
  budget.OnSuccess();
  hedge.Observe(answer->ended - answer->begun);
  picker.OnSuccess(answer->replica);
  Failing(answer->replica, absl::OkStatus());
  if (answer->hedge) {
    if (metrics) metrics->hedges_won.Increment();
    const bool overtaken = ended.size() == 1;  // the first attempt was still without an answer
    if (overtaken && answer->replica != first) picker.OnTrouble(first, now);
  }
  return std::move(answer->response);
}

// One line when an address begins to fail and one when it works again.
void GradingClient::Impl::Failing(size_t replica, const absl::Status& status) {
  if (failing[replica] == !status.ok()) return;
  failing[replica] = !status.ok();
  if (!status.ok()) {
    log::Warning("a verifier fails",
                 {{"verifier", options.addresses[replica]}, {"status", status.ToString()}});
  } else {
    log::Info("a verifier works again", {{"verifier", options.addresses[replica]}});
  }
}

// Waits until the call may be tried again; `failure` when its deadline comes first. While the budget is spent that is
// until the budget is back, or the call has the turn to try all the same.
absl::Status GradingClient::Impl::AwaitRetry(Call& call, const absl::Status& failure) {
  ASSIGN_OR_RETURN(const bool all_fail, AwaitTurn(call, failure));
  Reconnect(all_fail ? std::min(rpc::kConnectPatience, call.deadline - absl::Now()) : absl::ZeroDuration());
  if (metrics) metrics->retries.Increment();
  return absl::OkStatus();
}

// True when all replicas have just failed: another is tried at once, but these after a pause.
absl::StatusOr<bool> GradingClient::Impl::AwaitTurn(Call& call, const absl::Status& failure) {
  absl::MutexLock lock(&mutex);
  if (!budget.MayAdd()) {
    if (metrics) metrics->budget_exhausted.Increment();
    if (!mutex.AwaitWithDeadline(absl::Condition(this, &Impl::MayTryAgain), call.deadline)) return failure;
    if (!budget.MayAdd() && !stopped) probing = call.probes = true;
  }
  const bool all_fail = !picker.AnyFit(absl::Now());
  const absl::Duration pause = !all_fail     ? absl::ZeroDuration()
                               : call.probes ? probe_backoff.Next()
                                             : call.backoff.Next();
  if (absl::Now() + pause >= call.deadline) return failure;
  if (pause > absl::ZeroDuration()) mutex.AwaitWithTimeout(absl::Condition(&stopped), pause);
  if (stopped) return Stopped();
  return all_fail;
}

// Channels without a connection try now: a headless name without replicas does not resolve, and gRPC by itself would ask
// again after up to two minutes. Waits up to `patience` for them.
void GradingClient::Impl::Reconnect(absl::Duration patience) {
  const absl::Time until = absl::Now() + patience;
  for (const auto& channel : channels) {
    if (channel->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_TRANSIENT_FAILURE) {
      rpc::ConnectNow(*channel, until - absl::Now());
    }
  }
}

void GradingClient::Impl::EndProbe(Call& call, bool ok) {
  if (!std::exchange(call.probes, false)) return;
  absl::MutexLock lock(&mutex);
  probing = false;
  if (ok) probe_backoff.Reset();
}

absl::StatusOr<v1::GradeBatchResponse> GradingClient::Impl::GradeCall(v1::GradeBatchRequest request,
                                                                      absl::Time deadline) {
  uint64_t number;
  {
    absl::MutexLock lock(&mutex);
    number = calls++;
  }
  const auto shared = std::make_shared<const v1::GradeBatchRequest>(std::move(request));
  Call call = {.deadline = deadline, .backoff = rpc::Backoff(options.backoff, options.seed + number)};
  absl::Status failure;
  while (true) {
    absl::StatusOr<v1::GradeBatchResponse> response = Try(shared, deadline);
    EndProbe(call, response.ok());
    if (response.ok() || !rpc::IsTransient(response.status())) return response;
    // An attempt that the call's own deadline cut short says less than the failure before it.
    const bool cut =
        absl::IsDeadlineExceeded(response.status()) && absl::Now() + options.backoff.initial >= deadline;
    if (!cut || failure.ok()) failure = response.status();
    const absl::Status again = AwaitRetry(call, failure);
    if (!again.ok()) {
      EndProbe(call, /*ok=*/false);
      return again;
    }
  }
}

void GradingClient::Impl::Stop() {
  absl::MutexLock lock(&mutex);
  stopped = true;
  for (Attempt* attempt : running) attempt->context.TryCancel();
}

// Until no callback will touch this again.
void GradingClient::Impl::AwaitEnd() {
  absl::MutexLock lock(&mutex);
  mutex.Await(absl::Condition(
      +[](Impl* self) ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mutex) { return self->running.empty(); }, this));
}

GradingClient::GradingClient(const GradingClientOptions& options, metrics::GradingClientMetrics* metrics)
    : impl_(std::make_unique<Impl>(options, metrics)) {}
GradingClient::~GradingClient() {
  Stop();
  impl_->AwaitEnd();
}

void GradingClient::Stop() { impl_->Stop(); }

absl::StatusOr<std::vector<v1::GradeResult>> GradingClient::Grade(
    const std::vector<v1::GradeRequest>& requests, absl::Time deadline) {
  std::vector<v1::GradeResult> results;
  while (results.size() < requests.size()) {
    const absl::Time begun = absl::Now();
    v1::GradeBatchRequest call = impl_->Cut(requests, results.size());
    ASSIGN_OR_RETURN(v1::GradeBatchResponse response, impl_->GradeCall(std::move(call), deadline));
    for (v1::GradeResult& result : *response.mutable_results()) results.push_back(std::move(result));
    if (!impl_->metrics) continue;
    impl_->metrics->seconds.Observe(absl::ToDoubleSeconds(absl::Now() - begun));
    impl_->metrics->responses.Increment(response.results_size());
  }
  return results;
}

}  // namespace drover::grading
