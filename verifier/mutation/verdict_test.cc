// The mutation fuzzer for the verdict. In the normal run a fixed number of pairs; a long run is
//
//   build/tests/verifier_mutation_test --pairs 200000 --seed 7 [--examples 5] [--only KIND]
//
// run from the repository's root, where ../shared/data/eval holds benchmarks' golds; without it all golds are generated.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <set>

#include "verifier/mutation/evaluate.h"
#include "verifier/mutation/read_gold.h"
#include "verifier/mutation/verdicts.h"

namespace drover::verifier::mutation {
namespace {

constexpr char kBenchmarks[] = "../shared/data/eval";

RunOptions& Asked() {
  static RunOptions options;
  return options;
}
bool& IsLong() {
  static bool is_long = false;
  return is_long;
}

void ExpectHeld(const std::vector<Gold>& golds) {
  const Verdicts verdicts = RunPairs(golds, Asked());
  EXPECT_EQ(verdicts.all_wrong.false_verdicts, 0);
  EXPECT_LE(verdicts.all_equal.false_verdicts * 100, verdicts.all_equal.pairs);
  if (IsLong() || testing::Test::HasFailure()) std::cout << Report(verdicts);
}

TEST(Mutations, OfGeneratedGolds) { ExpectHeld({}); }

TEST(Mutations, OfBenchmarksGolds) {
  const std::vector<Gold> golds = ReadGolds(kBenchmarks);
  if (golds.empty()) GTEST_SKIP() << "skipped: no data";
  ExpectHeld(golds);
}

TEST(Mutations, EveryKindHasPairsWithoutData) {
  const Verdicts verdicts = RunPairs({}, {.pairs = 20'000, .seed = 5});
  for (const bool wrong : {true, false}) {
    std::set<std::string> names;
    for (const std::string& name : KindNames(wrong)) {
      EXPECT_TRUE(names.insert(name).second) << "two kinds are called " << name;
      EXPECT_EQ((wrong ? verdicts.wrong : verdicts.equal).count(name), 1u) << "never made: " << name;
    }
  }
}

// What is held to be true must not rest on a misreading: the fuzzer's reader is checked against known golds.
TEST(Mutations, GoldsAreReadAsWritten) {
  const auto value = [](const char* text) {
    const auto answer = ReadGold(text);
    return answer && answer->value ? Evaluate(answer->value, {}).real() : -12345.0L;
  };
  EXPECT_NEAR(static_cast<double>(value("$-\\frac{35}{9}$")), -35.0 / 9, 1e-12);
  EXPECT_NEAR(static_cast<double>(value("137 \\frac{1}{2}")), 137.5, 1e-12);
  EXPECT_NEAR(static_cast<double>(value("11,\\! 111,\\! 111,\\! 100")), 11'111'111'100.0, 1);
  EXPECT_NEAR(static_cast<double>(value("\\frac{2}{7} \\sqrt{53}")), 2.0 / 7 * std::sqrt(53.0), 1e-12);
  EXPECT_NEAR(static_cast<double>(value("8.7 \\times 10^{8}")), 8.7e8, 1);
  EXPECT_FALSE(ReadGold("\\frac{dM}{dt}=3"));
  EXPECT_FALSE(ReadGold("x'+2"));
  EXPECT_FALSE(ReadGold("I(0)e^{-t}"));
  EXPECT_EQ(ReadGold("(-\\infty, 2]")->shape, Shape::kInterval);
  EXPECT_EQ(ReadGold("90^{\\circ}")->shape, Shape::kQuantity);
  EXPECT_EQ(ReadGold("\\text{(C)}")->shape, Shape::kChoice);
}

TEST(Mutations, PairsDependOnTheSeedAlone) {
  RunOptions options{.pairs = 500, .seed = 3};
  const std::string first = Report(RunPairs({}, options));
  EXPECT_EQ(Report(RunPairs({}, options)), first);
  options.seed = 4;
  EXPECT_NE(Report(RunPairs({}, options)), first);
}

bool ReadFlags(int argc, char** argv) {
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc) return false;
    const std::string flag = argv[i], value = argv[i + 1];
    if (flag == "--only") {
      Asked().only = value;
    } else if (flag == "--pairs") {
      Asked().pairs = std::atoll(value.c_str());
    } else if (flag == "--seed") {
      Asked().seed = static_cast<uint64_t>(std::atoll(value.c_str()));
    } else if (flag == "--examples") {
      Asked().examples = std::atoi(value.c_str());
    } else {
      return false;
    }
    IsLong() = true;
  }
  return true;
}

}  // namespace
}  // namespace drover::verifier::mutation

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (!drover::verifier::mutation::ReadFlags(argc, argv)) {
    std::cerr << "usage: verifier_mutation_test [--pairs N] [--seed N] [--examples N] [--only KIND]\n";
    return 2;
  }
  return RUN_ALL_TESTS();
}
