#include "services/rpc/caller.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "base/status.h"
#include "services/rpc/channel.h"
#include "services/rpc/status.h"

namespace drover::rpc {
namespace {

bool IsWorthAnotherTry(const absl::Status& status) {
  // CANCELLED is the server's doing here (it ends); our own Cancel() was looked at before.
  return status.code() == absl::StatusCode::kUnavailable || status.code() == absl::StatusCode::kCancelled ||
         status.code() == absl::StatusCode::kDeadlineExceeded ||
         status.code() == absl::StatusCode::kResourceExhausted;
}

}  // namespace

absl::Status Caller::Call(std::string_view name, absl::Duration timeout, absl::Duration retry_for,
                          const std::function<grpc::Status(grpc::ClientContext*)>& attempt) {
  Backoff backoff = MakeBackoff();
  const absl::Time start = absl::Now();
  while (true) {
    grpc::ClientContext context;
    RETURN_IF_ERROR(Begin(&context, timeout));
    const absl::Status status = FromGrpc(attempt(&context));
    RETURN_IF_ERROR(End(&context));
    if (status.ok()) return status;
    const absl::Duration pause = backoff.Next();
    const absl::Time give_up =
        start +
        (absl::IsResourceExhausted(status) ? std::min(retry_for, options_.overload_patience) : retry_for);
    if (!IsWorthAnotherTry(status) || absl::Now() + pause > give_up) return Annotate(status, name);
    RETURN_IF_ERROR(Pause(pause));
    if (options_.channel != nullptr) {
      ConnectNow(*options_.channel, std::min(kConnectPatience, give_up - absl::Now()));
    }
  }
}

Backoff Caller::MakeBackoff() {
  absl::MutexLock lock(&mutex_);
  return Backoff(options_.backoff, options_.seed + ++calls_);
}

absl::Status Caller::Begin(grpc::ClientContext* context, absl::Duration timeout) {
  context->set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  absl::MutexLock lock(&mutex_);
  if (cancelled_) return absl::CancelledError("the client was cancelled");
  running_.insert(context);
  return absl::OkStatus();
}

absl::Status Caller::End(grpc::ClientContext* context) {
  absl::MutexLock lock(&mutex_);
  running_.erase(context);
  return cancelled_ ? absl::CancelledError("the client was cancelled") : absl::OkStatus();
}

absl::Status Caller::Pause(absl::Duration pause) {
  absl::MutexLock lock(&mutex_);
  if (mutex_.AwaitWithTimeout(absl::Condition(&cancelled_), pause)) {
    return absl::CancelledError("the client was cancelled");
  }
  return absl::OkStatus();
}

void Caller::Cancel() {
  absl::MutexLock lock(&mutex_);
  cancelled_ = true;
  for (grpc::ClientContext* context : running_) context->TryCancel();
}

}  // namespace drover::rpc
