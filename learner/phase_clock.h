// Where the seconds of an update go. Off unless asked for: on a GPU the phases end only when its work is waited for.
#pragma once

#include <chrono>
#include <functional>

namespace drover::learner {

struct PhaseSeconds {
  double scoring =
      0.0;  // forward passes that only give log-probabilities: of the old policy and of the reference
  double forward = 0.0;    // the layers, of what is trained on
  double output = 0.0;     // vocabulary projection, loss, and both backwards, chunk by chunk
  double backward = 0.0;   // the layers
  double optimizer = 0.0;  // gradients of all ranks added, clipped, and AdamW's step
};

// Adds the time from its construction to its end to *seconds; null: does nothing. `wait` returns when the device has done
// all that was started.
class PhaseClock {
 public:
  PhaseClock(double* seconds, const std::function<void()>& wait) : seconds_(seconds), wait_(wait) {
    if (seconds_ != nullptr) start_ = Now();
  }
  PhaseClock(const PhaseClock&) = delete;
  PhaseClock& operator=(const PhaseClock&) = delete;
  ~PhaseClock() {
    if (seconds_ != nullptr) *seconds_ += std::chrono::duration<double>(Now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point Now() const {
    if (wait_) wait_();
    return std::chrono::steady_clock::now();
  }
  double* const seconds_;
  const std::function<void()>& wait_;
  std::chrono::steady_clock::time_point start_;
};

// What a pass adds its phases to.
struct Phases {
  PhaseSeconds* seconds = nullptr;  // null: not timed
  std::function<void()> wait;       // see PhaseClock; null: nothing to wait for

  PhaseClock Time(double PhaseSeconds::*phase) const {
    return PhaseClock(seconds == nullptr ? nullptr : &(seconds->*phase), wait);
  }
};

}  // namespace drover::learner
