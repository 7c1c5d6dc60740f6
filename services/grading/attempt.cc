#include "services/grading/attempt.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "services/rpc/status.h"

namespace drover::grading {

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

void Race::Add(std::shared_ptr<Attempt> attempt) {
  absl::MutexLock lock(&mutex_);
  running_.push_back(std::move(attempt));
}

void Race::Ended(const Attempt* attempt) {
  absl::MutexLock lock(&mutex_);
  const auto found = std::find_if(running_.begin(), running_.end(),
                                  [&](const auto& running) { return running.get() == attempt; });
  if (found == running_.end()) return;
  const std::shared_ptr<Attempt> ended = std::move(*found);
  running_.erase(found);
  ended_.push_back(ended);
  if (answer_ == nullptr && !rpc::IsTransient(ended->status)) answer_ = ended;
}

bool Race::Decided() const { return answer_ != nullptr || running_.empty(); }

std::shared_ptr<Attempt> Race::Wait(absl::Time until) {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithDeadline(absl::Condition(this, &Race::Decided), until);
  return answer_;
}

std::vector<std::shared_ptr<Attempt>> Race::ended() const {
  absl::MutexLock lock(&mutex_);
  return ended_;
}

bool Race::all_ended() const {
  absl::MutexLock lock(&mutex_);
  return running_.empty();
}

void Race::CancelRest() {
  absl::MutexLock lock(&mutex_);
  for (const auto& attempt : running_) attempt->context.TryCancel();
}

}  // namespace drover::grading
