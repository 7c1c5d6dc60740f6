#include "programs/model/serve/loop.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/log.h"

namespace drover::serve {
namespace {

constexpr absl::Duration kIdle = absl::Seconds(1);              // between two beats
constexpr absl::Duration kSlowReader = absl::Milliseconds(20);  // between two looks at its socket

ApiError TooLate(absl::Duration deadline) {
  return {.status = 504,
          .message = absl::StrCat("the request took longer than ", absl::FormatDuration(deadline),
                                  " (--request-seconds); ask for fewer tokens or choices"),
          .type = "server_error",
          .code = "timeout"};
}

}  // namespace

Loop::Loop(const LoopOptions& options, actor::Generator* generator, const model::Tokenizer* tokenizer,
           metrics::ServeMetrics* metrics, Heartbeats* heartbeats)
    : options_(options),
      generator_(*generator),
      tokenizer_(*tokenizer),
      metrics_(*metrics),
      heartbeats_(heartbeats) {}

void Loop::Submit(AcceptedRequest request) {
  bool draining = false;
  {
    absl::MutexLock lock(&mutex_);
    if (!draining_ && requests_ < options_.max_requests) {
      ++requests_;
      inbox_.push_back(std::move(request));
      return;
    }
    draining = draining_;
  }
  metrics_.Ended(metrics::ServeEnd::kRefusedBusy);
  request.reply->Send(ErrorResponse(draining ? ShuttingDown() : TooBusy(options_.max_requests)));
}

void Loop::Drain() {
  absl::MutexLock lock(&mutex_);
  draining_ = true;
}

void Loop::Cut() {
  absl::MutexLock lock(&mutex_);
  cut_ = true;
}

// Takes what has come, waiting for it where there is nothing else to do. False at the end.
bool Loop::Wait() {
  std::deque<AcceptedRequest> arrived;
  bool cut = false, end = false;
  {
    absl::MutexLock lock(&mutex_);
    if (generator_.groups() == 0) {
      const auto awaited = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
        return !inbox_.empty() || draining_ || cut_;
      };
      mutex_.AwaitWithTimeout(absl::Condition(&awaited), live_.empty() ? kIdle : kSlowReader);
    }
    arrived.swap(inbox_);
    cut = cut_;
    end = draining_ && arrived.empty() && live_.empty();
  }
  for (AcceptedRequest& request : arrived) Begin(std::move(request));
  for (auto& [id, request] : live_) {
    if (cut) request->Fail(ShuttingDown());
  }
  return !end;
}

void Loop::Begin(AcceptedRequest request) {
  auto live = std::make_unique<LiveRequest>(std::move(request), tokenizer_);
  const uint64_t first_id = next_id_;
  metrics_.prompt_tokens.Increment(static_cast<double>(live->usage().prompt_tokens));
  std::vector<actor::GroupRequest> groups = live->Begin(first_id);
  next_id_ += groups.size();  // whether they get there or not: an id is one request's for good
  for (actor::GroupRequest& group : groups) {
    const uint64_t id = group.id;
    if (const absl::Status added = generator_.Add(std::move(group)); !added.ok()) {
      live->Fail(ErrorOf(added));
      break;
    }
    owners_[id] = live.get();
  }
  live_[first_id] = std::move(live);
}

// Those whose client has gone, or whose time is over.
void Loop::Weed() {
  const absl::Time now = absl::Now();
  for (auto& [id, request] : live_) {
    if (request->end()) continue;
    if (request->ClientGone()) {
      request->Abandon();
    } else if (now - request->arrived() > options_.deadline) {
      metrics_.deadlines.Increment();
      request->Fail(TooLate(options_.deadline));
    }
  }
}

void Loop::Step() {
  if (generator_.groups() == 0) return;
  const absl::Time begun = absl::Now();
  for (actor::FinishedGroup& group : generator_.Step()) {
    const auto owner = owners_.find(group.id);
    if (owner == owners_.end()) continue;
    if (!group.status.ok()) log::Error("a request failed", {{"why", std::string(group.status.message())}});
    LiveRequest* const request = owner->second;
    owners_.erase(owner);
    request->Take(std::move(group));
  }
  metrics_.engine.generate_seconds.Increment(absl::ToDoubleSeconds(absl::Now() - begun));
}

void Loop::Pump() {
  const absl::Time now = absl::Now();
  for (auto& [id, live] : live_) {
    LiveRequest& request = *live;
    const bool waited = !request.first_token().has_value();
    request.Pump(generator_, now);
    if (waited && request.first_token()) {
      metrics_.first_token_seconds.Observe(absl::ToDoubleSeconds(now - request.arrived()));
    }
  }
}

// Those that have ended leave, and the generator forgets what it still has of them.
void Loop::Bury() {
  for (auto at = live_.begin(); at != live_.end();) {
    if (!at->second->end()) {
      ++at;
      continue;
    }
    Withdraw(*at->second);
    Count(*at->second);
    at = live_.erase(at);
    absl::MutexLock lock(&mutex_);
    --requests_;
  }
}

void Loop::Count(const LiveRequest& request) {
  switch (*request.end()) {
    case LiveRequest::End::kDone:
      metrics_.Ended(metrics::ServeEnd::kDone);
      metrics_.request_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - request.arrived()));
      for (const uint64_t tokens : request.ResponseTokens()) {
        metrics_.response_tokens.Observe(static_cast<double>(tokens));
      }
      break;
    case LiveRequest::End::kFailed:
      metrics_.Ended(metrics::ServeEnd::kFailed);
      break;
    case LiveRequest::End::kClientGone:
      metrics_.Ended(metrics::ServeEnd::kClientGone);
      break;
  }
}

// Its groups give their pages back.
void Loop::Withdraw(const LiveRequest& request) {
  for (const uint64_t id : request.GroupsLeft()) {
    if (owners_.erase(id) > 0) generator_.Cancel(id);
  }
}

void Loop::ShowCounts() {
  const actor::GeneratorCounts now = generator_.counts();
  metrics_.live_requests.Set(static_cast<double>(live_.size()));
  metrics_.queued_groups.Set(static_cast<double>(generator_.queued()));
  metrics_.engine.Show(now);
  metrics::CountUpTo(metrics_.generated_tokens, now.sampled_tokens);
}

void Loop::Run() {
  Heartbeats::Pulse pulse = BeginPulse(heartbeats_, "serving loop");
  while (Wait()) {
    pulse.Beat();
    Weed();
    Bury();
    Step();
    Pump();
    Bury();
    ShowCounts();
  }
}

}  // namespace drover::serve
