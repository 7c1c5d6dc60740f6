// Unary calls with deadlines that are tried again while the server is away, with jittered backoff.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/rpc/backoff.h"

namespace drover::rpc {

struct CallerOptions {
  BackoffOptions backoff;  // pauses between attempts
  uint64_t seed = 0;       // of the jitter; processes should differ
  // For how long after its beginning a call is tried again that met RESOURCE_EXHAUSTED: the server is full just now, or
  // will never take a message of this size.
  absl::Duration overload_patience = absl::Minutes(1);
  // Of the server; may be null. Before another attempt it is told to connect again now: its own pauses (a name that did
  // not resolve is asked for again after up to two minutes) would be longer than ours.
  std::shared_ptr<grpc::Channel> channel;
};

// Thread-safe. Calls block their thread; Cancel() ends them all.
class Caller {
 public:
  explicit Caller(CallerOptions options) : options_(std::move(options)) {}

  // Makes attempts, each with a deadline of `timeout`, until one succeeds, meets an error that trying again does not mend
  // (the first part of it is `name`), or `retry_for` has passed since the call began: then the last error. UNAVAILABLE,
  // DEADLINE_EXCEEDED and the server's CANCELLED are tried again, RESOURCE_EXHAUSTED for overload_patience. CANCELLED
  // after Cancel().
  absl::Status Call(std::string_view name, absl::Duration timeout, absl::Duration retry_for,
                    const std::function<grpc::Status(grpc::ClientContext*)>& attempt)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // Ends running and later calls with CANCELLED (the process stops).
  void Cancel() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Status Begin(grpc::ClientContext* context, absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mutex_);
  // CANCELLED when Cancel() came meanwhile.
  absl::Status End(grpc::ClientContext* context) ABSL_LOCKS_EXCLUDED(mutex_);
  Backoff MakeBackoff() ABSL_LOCKS_EXCLUDED(mutex_);
  // Sleeps; CANCELLED when Cancel() came.
  absl::Status Pause(absl::Duration pause) ABSL_LOCKS_EXCLUDED(mutex_);

  const CallerOptions options_;
  absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t calls_ ABSL_GUARDED_BY(mutex_) = 0;
  std::set<grpc::ClientContext*> running_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace drover::rpc
