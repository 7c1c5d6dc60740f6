#include "programs/process/readiness.h"

#include <gtest/gtest.h>

#include <vector>

namespace drover::process {
namespace {

TEST(ReadinessTest, SaysWhyNot) {
  Readiness readiness;
  EXPECT_EQ(readiness.Check().message(), "starting");
  readiness.Set(absl::FailedPreconditionError("waiting for the learner"));
  EXPECT_EQ(readiness.Check(), absl::UnavailableError("waiting for the learner"));
  readiness.Set(absl::OkStatus());
  EXPECT_TRUE(readiness.Check().ok());
}

TEST(ReadinessTest, DrainingIsForGood) {
  Readiness readiness;
  readiness.Set(absl::OkStatus());
  readiness.Drain();
  readiness.Set(absl::OkStatus());
  EXPECT_EQ(readiness.Check(), absl::UnavailableError("draining"));
}

TEST(ReadinessTest, ChangesAreToldOnce) {
  std::vector<bool> told;
  Readiness readiness([&](bool ready) { told.push_back(ready); });
  readiness.Set(absl::UnavailableError("loading"));
  readiness.Set(absl::OkStatus());
  readiness.Set(absl::OkStatus());
  readiness.Drain();
  readiness.Drain();
  EXPECT_EQ(told, (std::vector<bool>{true, false}));
}

}  // namespace
}  // namespace drover::process
