#include "learner/exchange_queue.h"

#include <ATen/ATen.h>

#include <utility>

#include "base/check.h"
#include "base/exceptions.h"

namespace drover::learner {

ExchangeQueue::ExchangeQueue(bool threaded) {
  if (threaded) thread_ = std::thread([this] { Work(); });
}

ExchangeQueue::~ExchangeQueue() {
  {
    const absl::MutexLock lock(&mutex_);
    ended_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

uint64_t ExchangeQueue::Post(std::function<absl::Status()> exchange) {
  uint64_t number = 0;
  {
    const absl::MutexLock lock(&mutex_);
    number = ++last_;
    if (thread_.joinable()) posted_.push_back(std::move(exchange));
  }
  if (!thread_.joinable()) Make(exchange);
  return number;
}

absl::Status ExchangeQueue::Wait(uint64_t number) {
  const auto made = [this, number]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return made_ >= number; };
  const absl::MutexLock lock(&mutex_);
  DROVER_CHECK(number <= last_);
  mutex_.Await(absl::Condition(&made));
  return failed_;
}

absl::Status ExchangeQueue::WaitForAll() {
  uint64_t last = 0;
  {
    const absl::MutexLock lock(&mutex_);
    last = last_;
  }
  return Wait(last);
}

void ExchangeQueue::Work() {
  const auto something = [this]()
                             ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return ended_ || !posted_.empty(); };
  while (true) {
    std::function<absl::Status()> exchange;
    {
      const absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&something));
      if (posted_.empty()) return;
      exchange = std::move(posted_.front());
      posted_.pop_front();
    }
    Make(exchange);
  }
}

void ExchangeQueue::Make(const std::function<absl::Status()>& exchange) {
  absl::Status status;
  {
    const absl::MutexLock lock(&mutex_);
    status = failed_;
  }
  if (status.ok()) {
    const at::NoGradGuard no_grad;
    status = CatchExceptions("an exchange between ranks", exchange);
  }
  const absl::MutexLock lock(&mutex_);
  failed_.Update(status);
  ++made_;
}

}  // namespace drover::learner
