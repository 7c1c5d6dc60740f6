#include "recipe/defaults.h"

#include <set>

#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "recipe/field_rules.h"

namespace drover::recipe {
namespace {

using google::protobuf::util::MessageDifferencer;

// Fields that stay unset because that means "as the template says", or none, or all.
const std::set<std::string> kWithoutDefault = {"description",         "data.stop",
                                               "data.keep_stop",      "data.subjects",
                                               "data.mixture",        "evaluation.suite.benchmarks",
                                               "verifiers.addresses", "learner.lora.targets"};

void ExpectFilled(const Message& message, const std::string& prefix) {
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    const std::string path = JoinPath(prefix, field.name());
    if (kWithoutDefault.count(path) > 0) continue;
    EXPECT_TRUE(message.GetReflection()->HasField(message, &field)) << path;
    if (IsMessage(field)) ExpectFilled(message.GetReflection()->GetMessage(message, &field), path);
  }
}

TEST(FillDefaults, SetsEveryField) { ExpectFilled(DefaultRecipe(), ""); }

TEST(FillDefaults, KnownValues) {
  const v1::Recipe recipe = DefaultRecipe();
  EXPECT_EQ(recipe.rollout().group_size(), 8u);
  EXPECT_EQ(recipe.learner().learning_rate(), 1e-6);
  EXPECT_EQ(recipe.loss().aggregation(), v1::CONSTANT);
  EXPECT_EQ(recipe.data().template_(), "none");
  EXPECT_FALSE(recipe.data().has_keep_stop());
}

TEST(FillDefaults, LeavesWhatIsSet) {
  v1::Recipe recipe;
  recipe.mutable_learner()->set_learning_rate(0);
  recipe.mutable_rollout()->set_top_k(0);
  recipe.mutable_data()->set_template_("r1");
  recipe.mutable_data()->add_stop("x");
  FillDefaults(recipe);
  EXPECT_EQ(recipe.learner().learning_rate(), 0);
  EXPECT_EQ(recipe.data().template_(), "r1");
  EXPECT_EQ(recipe.data().stop_size(), 1);
  const v1::Recipe once = recipe;
  FillDefaults(recipe);
  EXPECT_TRUE(MessageDifferencer::Equals(once, recipe));
}

// A default outside its own range would make every recipe wrong.
TEST(FillDefaults, DefaultsAreInRange) {
  const v1::Recipe recipe = DefaultRecipe();
  ForEachField(*v1::Recipe::descriptor(), [&](const std::string& path, const FieldDescriptor& field) {
    if (!IsNumber(field)) return;
    const Message* message = &recipe;
    std::string rest = path;
    for (size_t dot; (dot = rest.find('.')) != std::string::npos; rest = rest.substr(dot + 1)) {
      const FieldDescriptor* part = message->GetDescriptor()->FindFieldByName(rest.substr(0, dot));
      message = &message->GetReflection()->GetMessage(*message, part);
    }
    const v1::FieldRule& rule = RuleOf(field);
    const double value = NumberValue(*message, field);
    if (rule.has_min()) {
      EXPECT_TRUE(value > rule.min() || (value == rule.min() && !rule.above_min())) << path;
    }
    if (rule.has_max()) {
      EXPECT_LE(value, rule.max()) << path;
    }
  });
}

}  // namespace
}  // namespace drover::recipe
