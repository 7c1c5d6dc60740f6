#include "learner/exchange_queue.h"

#include <ATen/ATen.h>
#include <c10/core/StreamGuard.h>

#include <utility>
#include <vector>

#include "base/check.h"
#include "base/exceptions.h"
#include "base/status.h"

namespace drover::learner {

ExchangeQueue::ExchangeQueue(bool threaded, torch::Device device) : side_(device) {
  if (threaded) thread_ = std::thread([this] { Work(); });
}

ExchangeQueue::~ExchangeQueue() {
  {
    const absl::MutexLock lock(&mutex_);
    ended_ = true;
  }
  if (thread_.joinable()) thread_.join();
  WaitForAll().IgnoreError();  // what is kept may still be in use by the side stream
}

uint64_t ExchangeQueue::Post(std::function<absl::Status()> exchange) {
  Exchange posted{std::move(exchange), side_.Now(), std::nullopt};
  uint64_t number = 0;
  {
    const absl::MutexLock lock(&mutex_);
    number = ++last_;
    if (thread_.joinable()) {
      posted_.push_back(std::move(posted));
      return number;
    }
  }
  const absl::Status status = Make(posted.make);
  Keep(std::move(posted), status);
  return number;
}

absl::Status ExchangeQueue::Wait(uint64_t number) {
  const auto made = [this, number]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return made_ >= number; };
  std::vector<Exchange> over;  // let go behind the lock, and when this thread's stream is behind them
  absl::Status failed;
  {
    const absl::MutexLock lock(&mutex_);
    DROVER_CHECK(number <= last_);
    mutex_.Await(absl::Condition(&made));
    for (; awaited_ < number; ++awaited_) {
      over.push_back(std::move(kept_.front()));
      kept_.pop_front();
    }
    failed = failed_;
  }
  for (const Exchange& exchange : over) side_.Await(exchange.made);
  return failed;
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
  const c10::OptionalStreamGuard on_side_stream(side_.stream());
  while (true) {
    Exchange exchange;
    {
      const absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(&something));
      if (posted_.empty()) return;
      exchange = std::move(posted_.front());
      posted_.pop_front();
    }
    const absl::Status status = Make([&]() -> absl::Status {
      side_.Await(exchange.ready);
      RETURN_IF_ERROR(exchange.make());
      exchange.made = side_.Now();
      return absl::OkStatus();
    });
    Keep(std::move(exchange), status);
  }
}

absl::Status ExchangeQueue::Make(const std::function<absl::Status()>& make) {
  {
    const absl::MutexLock lock(&mutex_);
    if (!failed_.ok()) return failed_;
  }
  const at::NoGradGuard no_grad;
  return CatchExceptions("an exchange between ranks", make);
}

void ExchangeQueue::Keep(Exchange exchange, const absl::Status& status) {
  const absl::MutexLock lock(&mutex_);
  failed_.Update(status);
  kept_.push_back(std::move(exchange));
  ++made_;
}

}  // namespace drover::learner
