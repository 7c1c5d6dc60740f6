// A responder that answers as a test says, in another order than it was asked.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "evaluation/responder.h"

namespace drover::evaluation::testing {

class FakeResponder final : public Responder {
 public:
  // The responses to an ask.
  using Answer = std::function<std::vector<Response>(const Ask& ask)>;

  explicit FakeResponder(Answer answer) : answer_(std::move(answer)) {}

  // After so many answers it fails with this status, or is stopped.
  void FailAfter(size_t answers, absl::Status status) {
    fail_after_ = answers;
    failure_ = std::move(status);
  }

  absl::Status Respond(absl::Span<const Ask> asks, const Sampling& sampling, const Answered& answered,
                       const std::atomic<bool>& stop) override {
    sampling_ = sampling;
    for (size_t i = asks.size(); i-- > 0;) {
      if (asked_.size() == fail_after_) return failure_;
      if (stop) return absl::CancelledError("stopped");
      asked_.push_back(asks[i]);
      if (absl::Status status = answered(asks[i], answer_(asks[i])); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  std::string Describe() const override { return "fake"; }

  const std::vector<Ask>& asked() const { return asked_; }
  const Sampling& sampling() const { return sampling_; }

 private:
  const Answer answer_;
  size_t fail_after_ = ~size_t{0};
  absl::Status failure_;
  std::vector<Ask> asked_;
  Sampling sampling_;
};

}  // namespace drover::evaluation::testing
