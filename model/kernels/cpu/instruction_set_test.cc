#include "model/kernels/cpu/instruction_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace drover::model::cpu {
namespace {

TEST(InstructionSet, ThePortableOneIsAlwaysThere) {
  EXPECT_EQ(Available().front(), InstructionSet::kPortable);
  EXPECT_THAT(Available(), ::testing::Contains(Chosen()));
}

TEST(InstructionSet, AWrongNameIsAnErrorThatSaysWhichAreRight) {
  ::setenv("DROVER_CPU_KERNELS", "avx1024", 1);
  const absl::Status status = CheckInstructionSet();
  ::unsetenv("DROVER_CPU_KERNELS");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              ::testing::HasSubstr("is \"avx1024\"; this machine has portable"));
  EXPECT_TRUE(CheckInstructionSet().ok());
}

}  // namespace
}  // namespace drover::model::cpu
