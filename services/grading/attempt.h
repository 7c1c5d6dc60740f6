// One call of VerifierService.Grade, begun without waiting for it, and the race of two of them.
#pragma once

#include <grpcpp/client_context.h>

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "drover/v1/verifier.grpc.pb.h"

namespace drover::grading {

// OK when the answer fits the requests and every reward is a number; INTERNAL otherwise.
absl::Status CheckAnswer(const v1::GradeBatchRequest& request, const v1::GradeBatchResponse& response);

struct Attempt {
  size_t replica = 0;
  bool hedge = false;       // the second of its race
  absl::Time begun, ended;  // `ended` and what follows: set once done
  absl::Status status;      // of the call, then of the answer's check
  v1::GradeBatchResponse response;

  grpc::ClientContext context;
  std::shared_ptr<const v1::GradeBatchRequest> request;
};

// Attempts at one request, of which the first answer counts. Thread-safe; shared with the calls' callbacks.
class Race {
 public:
  // Call before the attempt begins, and when it has ended.
  void Add(std::shared_ptr<Attempt> attempt);
  void Ended(const Attempt* attempt);

  // Waits until one has answered or all have failed, at most until `until`; the answer, or nullptr. An answer is success
  // or an error that another replica would give too; see rpc::IsTransient.
  std::shared_ptr<Attempt> Wait(absl::Time until);
  // The attempts that have ended, in the order of their ends.
  std::vector<std::shared_ptr<Attempt>> ended() const;
  bool all_ended() const;
  // Cancels what has not ended.
  void CancelRest();

 private:
  bool Decided() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::vector<std::shared_ptr<Attempt>> running_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Attempt>> ended_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Attempt> answer_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace drover::grading
