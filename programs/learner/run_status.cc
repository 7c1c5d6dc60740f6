#include "programs/learner/run_status.h"

#include <algorithm>

#include "base/log.h"

namespace drover::learner_process {
namespace {

constexpr int kMaxNotices = 100;

}  // namespace

void RunStatus::Update(const std::function<void(v1::RunState&)>& change) {
  absl::MutexLock lock(&mutex_);
  change(state_);
}

v1::RunState RunStatus::Get() const {
  absl::MutexLock lock(&mutex_);
  return state_;
}

void RunStatus::Enter(v1::RunPhase phase, uint64_t total) {
  Update([&](v1::RunState& state) {
    state.set_phase(phase);
    state.set_phase_done(0);
    state.set_phase_total(total);
  });
}

void RunStatus::SetProgress(uint64_t done) {
  Update([&](v1::RunState& state) { state.set_phase_done(done); });
}

void RunStatus::Tell(const std::string& notice) {
  log::Warning(notice);
  Update([&](v1::RunState& state) {
    if (state.notices_size() < kMaxNotices) state.add_notices(notice);
  });
}

void RunStatus::SetSamples(std::vector<v1::Group> groups) {
  absl::MutexLock lock(&mutex_);
  samples_ = std::move(groups);
}

std::vector<v1::Group> RunStatus::Samples(size_t limit) const {
  absl::MutexLock lock(&mutex_);
  return {samples_.begin(), samples_.begin() + static_cast<long>(std::min(limit, samples_.size()))};
}

void RunStatus::RequestStop() {
  absl::MutexLock lock(&mutex_);
  stop_requested_ = true;
}

bool RunStatus::stop_requested() const {
  absl::MutexLock lock(&mutex_);
  return stop_requested_;
}

}  // namespace drover::learner_process
