#include "analysis/labelled.h"

#include <gtest/gtest.h>

#include <set>

namespace drover::analysis {
namespace {

TEST(LabelledTest, TheSetIsLargeEnoughAndBalanced) {
  const std::vector<LabelledAnswer>& answers = LabelledAnswers();
  std::set<std::string> ids;
  size_t positive = 0, check = 0;
  for (const LabelledAnswer& answer : answers) {
    ids.insert(answer.id);
    positive += answer.answers ? 1 : 0;
    check += answer.check ? 1 : 0;
  }
  EXPECT_GE(answers.size(), 80u);
  EXPECT_EQ(ids.size(), answers.size());
  EXPECT_GE(positive * 10, answers.size() * 4);
  EXPECT_LE(positive * 10, answers.size() * 6);
  EXPECT_EQ(check * 2, answers.size());
}

TEST(LabelledTest, TheRulesAgreeWithThoseWhoRead) {
  const Agreement all = RulesOnLabels(false), unseen = RulesOnLabels(true);
  for (const Agreement* agreement : {&all, &unseen}) {
    std::string counts;
    for (const auto& row : agreement->counts)
      counts += std::to_string(row[0]) + " " + std::to_string(row[1]) + "; ";
    RecordProperty("counts", counts);
    EXPECT_GE(agreement->kappa, 0.85) << counts;  // "almost perfect" begins at 0.81
  }
}

}  // namespace
}  // namespace drover::analysis
