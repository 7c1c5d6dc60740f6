#include "evaluation/published.h"

#include <gtest/gtest.h>

#include "data/templates.h"

namespace drover::evaluation {
namespace {

// A digit that was copied wrongly shows in the mean. One row of the source does not add up in print; its note says so.
TEST(PublishedScores, AddUpToTheirPrintedMeans) {
  const Published& published = PublishedScores();
  EXPECT_EQ(published.models.size(), 16u);
  int noted = 0;
  for (const PublishedModel& model : published.models) {
    ASSERT_EQ(model.scores.size(), 5u) << model.name;
    double sum = 0;
    for (const auto& [benchmark, score] : model.scores) sum += score;
    if (model.note.empty()) {
      EXPECT_NEAR(sum / 5, model.mean, 0.00101) << model.name;
    } else {
      ++noted;
      EXPECT_NEAR((sum - model.scores.at("aime24") + 0.20) / 5, model.mean, 0.00051) << model.name;
    }
    const bool known = model.prompt_template.empty() || data::FindTemplate(model.prompt_template).ok();
    EXPECT_TRUE(known) << model.prompt_template;
  }
  EXPECT_EQ(noted, 1);
}

}  // namespace
}  // namespace drover::evaluation
