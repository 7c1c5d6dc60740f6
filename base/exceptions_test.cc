#include "base/exceptions.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "absl/status/statusor.h"

namespace drover {
namespace {

TEST(Exceptions, AreStatusesWithoutTheirTraces) {
  const absl::Status thrown = CatchExceptions("the learner", []() -> absl::Status {
    throw std::runtime_error(
        "CUDA out of memory.\nTry less.\nException raised from malloc at x.cpp:1 (most recent");
  });
  EXPECT_EQ(thrown, absl::InternalError("the learner: CUDA out of memory.\nTry less."));
  EXPECT_TRUE(CatchExceptions("x", [] { return absl::OkStatus(); }).ok());
  const auto value = CatchExceptions("x", []() -> absl::StatusOr<int> { return 3; });
  EXPECT_EQ(value.value(), 3);
}

}  // namespace
}  // namespace drover
