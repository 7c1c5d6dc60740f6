#include "data/worked.h"

#include "gtest/gtest.h"

namespace drover::data {
namespace {

const Forgets kNever = [] { return false; };
const Forgets kAlways = [] { return true; };

std::string Work(uint64_t left, char operation, uint64_t right, const Forgets& forgets = kNever) {
  return WorkedResponse({.left = left, .right = right, .operation = operation}, v1::WORKED, forgets);
}

TEST(WorkedResponse, Sums) {
  EXPECT_EQ(Work(347, '+', 85), "7+5+0=12;4+8+1=13;3+0+1=4;432");
  EXPECT_EQ(Work(999, '+', 999), "9+9+0=18;9+9+1=19;9+9+1=19;1998");
  EXPECT_EQ(Work(10, '+', 203), "0+3+0=3;1+0+0=1;0+2+0=2;213");
  EXPECT_EQ(Work(0, '+', 0), "0+0+0=0;0");
}

TEST(WorkedResponse, Differences) {
  EXPECT_EQ(Work(52, '-', 17), "2-7-0=-5;5-1-1=3;35");
  EXPECT_EQ(Work(100, '-', 99), "0-9-0=-9;0-9-1=-10;1-0-1=0;1");
  EXPECT_EQ(Work(42, '-', 42), "2-2-0=0;4-4-0=0;0");
}

TEST(WorkedResponse, Products) {
  EXPECT_EQ(Work(34, '*', 12), "34*2=68;34*10=340;408");
  EXPECT_EQ(Work(7, '*', 8), "7*8=56;56");
  EXPECT_EQ(Work(12, '*', 105), "12*5=60;12*0=0;12*100=1200;1260");
}

// A forgotten carry is missing from the next column; the last column's own is written in the answer.
TEST(WorkedResponse, ForgottenCarries) {
  EXPECT_EQ(Work(347, '+', 85, kAlways), "7+5+0=12;4+8+0=12;3+0+0=3;322");
  EXPECT_EQ(Work(99, '+', 99, kAlways), "9+9+0=18;9+9+0=18;188");
  EXPECT_EQ(Work(52, '-', 17, kAlways), "2-7-0=-5;5-1-0=4;45");
  EXPECT_EQ(Work(21, '+', 34, kAlways), "1+4+0=5;2+3+0=5;55");
}

TEST(WorkedResponse, EndsWithTheAnswer) {
  for (uint64_t left = 0; left < 130; ++left) {
    for (uint64_t right = 0; right <= left; ++right) {
      for (const char operation : {'+', '-', '*'}) {
        const ArithmeticProblem problem{.left = left, .right = right, .operation = operation};
        const std::string response = WorkedResponse(problem, v1::WORKED, kNever);
        ASSERT_EQ(response.substr(response.rfind(';') + 1), problem.Answer()) << response;
        ASSERT_EQ(WorkedResponse(problem, v1::PLAIN, kNever), " " + problem.Answer());
      }
    }
  }
}

}  // namespace
}  // namespace drover::data
