#include "programs/learner/run_pulse.h"

#include <algorithm>
#include <string>

#include "base/log.h"
#include "base/status.h"

namespace drover::learner_process {
namespace {

constexpr absl::Duration kKeepAlive = absl::Seconds(5);   // other ranks hear from us so often while we wait
constexpr absl::Duration kClockEvery = absl::Seconds(5);  // what a kill may cost the summary's seconds

}  // namespace

RunPulse::RunPulse(const RunParts& parts)
    : parts_(parts), counted_until_(parts.now()), ranks_heard_(counted_until_) {}

void RunPulse::Spend(metrics::Activity activity) {
  Beat();
  const absl::Time now = parts_.now();
  parts_.metrics->Spent(activity,
                        absl::ToDoubleSeconds(std::max(now - counted_until_, absl::ZeroDuration())));
  counted_until_ = now;
  if (now - clock_written_ >= kClockEvery) KeepClock();
}

absl::Status RunPulse::KeepRanks() {
  Beat();
  if (parts_.now() - ranks_heard_ < kKeepAlive) return absl::OkStatus();
  RETURN_IF_ERROR(parts_.trainer->KeepAlive());
  RanksHeard();
  return absl::OkStatus();
}

void RunPulse::KeepClock() {
  clock_written_ = parts_.now();
  const absl::Status written = parts_.reports->WriteClock(Seconds());
  if (!written.ok()) {
    log::Warning("the run's clock is not kept", {{"reason", std::string(written.message())}});
  }
}

}  // namespace drover::learner_process
