// Every gold of the benchmarks' files against every other: equal are only those that a person has looked at and found to
// be the same value, class by class, in testdata/equal_golds.jsonl.
//
// A new pair fails the test and is printed; it is either a false positive, or a line of that file after a review. The
// classes are also held to an argument that does not ask the grader: their members that the fuzzer's own reader can read
// have the same values.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "verifier/grader.h"
#include "verifier/mutation/answer.h"
#include "verifier/mutation/golds.h"
#include "verifier/mutation/read_gold.h"

namespace drover::verifier::mutation {
namespace {

constexpr char kBenchmarks[] = "../shared/data/eval";
constexpr char kReviewed[] = "verifier/mutation/testdata/equal_golds.jsonl";

using Texts = std::vector<std::string>;
using TextPair = std::pair<std::string, std::string>;

// Without the space around them, each once, sorted.
Texts DistinctGolds() {
  std::set<std::string> distinct;
  for (const std::string& text : ReadGoldTexts(kBenchmarks)) {
    const size_t first = text.find_first_not_of(" \n\t"), last = text.find_last_not_of(" \n\t");
    if (first != text.npos) distinct.insert(text.substr(first, last - first + 1));
  }
  return {distinct.begin(), distinct.end()};
}

// Lines {"why": ..., "golds": [...]}. What is equal is no equivalence ("90" is 90 degrees with its unit left out, and those
// are pi/2), so a gold may stand in several classes.
std::vector<Texts> ReviewedClasses() {
  std::vector<Texts> classes;
  std::ifstream in(kReviewed);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) classes.push_back(nlohmann::json::parse(line)["golds"].get<Texts>());
  }
  return classes;
}

// All ordered pairs of different golds of one class.
std::set<TextPair> ReviewedPairs() {
  std::set<TextPair> pairs;
  for (const Texts& members : ReviewedClasses()) {
    for (const std::string& a : members) {
      for (const std::string& b : members) {
        if (a != b) pairs.emplace(a, b);
      }
    }
  }
  return pairs;
}

bool Equal(const std::string& gold, const std::string& answer) {
  return Grade({.golds = {gold}, .response = "So it is \\boxed{" + answer + "}."}).reward == 1;
}

// All ordered pairs of different texts that the grader calls equal, and each text that is not equal to itself.
std::set<TextPair> EqualPairs(const Texts& golds, Texts* unlike_themselves) {
  const unsigned threads_count = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::vector<TextPair>> found(threads_count);
  std::vector<Texts> unlike(threads_count);
  std::atomic<size_t> next = 0;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < threads_count; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = next++; i < golds.size(); i = next++) {
        for (const std::string& answer : golds) {
          const bool equal = Equal(golds[i], answer);
          if (answer == golds[i] && !equal) unlike[t].push_back(answer);
          if (answer != golds[i] && equal) found[t].emplace_back(golds[i], answer);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<TextPair> pairs;
  for (unsigned t = 0; t < threads_count; ++t) {
    pairs.insert(found[t].begin(), found[t].end());
    unlike_themselves->insert(unlike_themselves->end(), unlike[t].begin(), unlike[t].end());
  }
  return pairs;
}

TEST(CrossProduct, OnlyReviewedGoldsAreEqual) {
  const Texts golds = DistinctGolds();
  if (golds.empty()) GTEST_SKIP() << "skipped: no data";
  Texts unlike;
  const std::set<TextPair> equal = EqualPairs(golds, &unlike), reviewed = ReviewedPairs();
  for (const std::string& text : unlike) ADD_FAILURE() << "not equal to itself: " << text;
  for (const TextPair& pair : equal) {
    EXPECT_TRUE(reviewed.count(pair) == 1) << "equal, and not reviewed:\n"
                                           << nlohmann::json({pair.first, pair.second}).dump();
  }
  for (const TextPair& pair : reviewed) {
    EXPECT_TRUE(equal.count(pair) == 1) << "reviewed, and not found equal:\n"
                                        << nlohmann::json({pair.first, pair.second}).dump();
  }
}

// "f(n)=n" with its argument under one name for all definitions.
Answer WithNamedArgument(Answer answer) {
  if (answer.shape != Shape::kNamed || answer.name.size() != 4) return answer;  // f(n)
  const std::string argument(1, answer.name[2]);
  answer.items[0].value = Substitute(answer.items[0].value, argument, Symbol("argument"));
  return answer;
}

TEST(CrossProduct, ReviewedGoldsHaveTheSameValues) {
  const std::set<TextPair> reviewed = ReviewedPairs();
  ASSERT_FALSE(reviewed.empty());
  for (const auto& [a, b] : reviewed) {
    const auto first = ReadGold(a), second = ReadGold(b);
    if (!first || !second || first->shape != second->shape) continue;
    EXPECT_FALSE(ProvedDifferent(WithNamedArgument(*first), WithNamedArgument(*second))) << a << "\n" << b;
  }
}

}  // namespace
}  // namespace drover::verifier::mutation
