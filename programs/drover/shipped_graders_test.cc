#include <gtest/gtest.h>

#include "recipe/cross_checks.h"
#include "verifier/grader.h"

namespace drover {
namespace {

// A recipe is checked where no verifier is linked.
TEST(ShippedGraders, AreThoseOfTheVerifier) { EXPECT_EQ(recipe::ShippedGraders(), verifier::GraderNames()); }

}  // namespace
}  // namespace drover
