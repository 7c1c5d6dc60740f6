#include "data/templates.h"

#include <fstream>
#include <sstream>

#include "data/templates_json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::data {
namespace {

using testing::HasSubstr;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Templates, CompiledInAsShipped) { EXPECT_EQ(kTemplatesJson, ReadAll("recipes/templates.json")); }

TEST(Templates, ByteForByteThePapers) {
  const std::string reference = ReadAll("../shared/templates.json");
  if (reference.empty()) GTEST_SKIP() << "skipped: no data";
  EXPECT_EQ(ReadAll("recipes/templates.json"), reference);
}

TEST(Templates, TheModelsOwn) {
  const auto chat = FindTemplate("chat");
  ASSERT_TRUE(chat.ok());
  EXPECT_TRUE(chat->chat);
  EXPECT_EQ(chat->reward_format, "boxed");
  EXPECT_FALSE(FindTemplate("none")->chat);
  EXPECT_FALSE(FindTemplate("chat {question}")->chat);
}

TEST(Templates, Shipped) {
  const auto r1 = FindTemplate("r1");
  ASSERT_TRUE(r1.ok());
  EXPECT_EQ(r1->stop, std::vector<std::string>{"</answer>"});
  EXPECT_TRUE(r1->keep_stop);
  EXPECT_EQ(r1->reward_format, "answer_tag");
  EXPECT_THAT(Fill(*r1, "1+1?"), testing::EndsWith("\nUser: 1+1?\nAssistant: <think>"));
  EXPECT_EQ(Fill(*FindTemplate("none"), "1+1?"), "1+1?");
  EXPECT_EQ(FindTemplate("open_reasoner_zero")->reward_format, "answer_tag_lenient");
  EXPECT_EQ(ShippedTemplates().size(), 5u);
  for (const PromptTemplate& shipped : ShippedTemplates()) {
    EXPECT_THAT(RewardFormats(), testing::Contains(shipped.reward_format)) << shipped.name;
    EXPECT_THAT(shipped.text, HasSubstr("{question}")) << shipped.name;
  }
}

TEST(Templates, Custom) {
  const auto custom = FindTemplate("Q: {question}\nA:");
  ASSERT_TRUE(custom.ok());
  EXPECT_EQ(custom->reward_format, "plain");
  EXPECT_TRUE(custom->stop.empty());
  EXPECT_EQ(Fill(*custom, "what is {question}?"), "Q: what is {question}?\nA:");
}

TEST(Templates, Unknown) {
  const auto unknown = FindTemplate("qwen");
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(std::string(unknown.status().message()),
              testing::AllOf(HasSubstr("got `qwen`"), HasSubstr("r1, qwen_math, none, prime_zero"),
                             HasSubstr("{question}")));
}

TEST(ResolveTemplate, RecipeOverridesTheTemplate) {
  v1::DataSettings data;
  data.set_template_("r1");
  EXPECT_EQ(ResolveTemplate(data)->stop, std::vector<std::string>{"</answer>"});
  data.add_stop("\n");
  data.set_keep_stop(false);
  data.set_reward_format("plain");
  const auto resolved = ResolveTemplate(data);
  EXPECT_EQ(resolved->stop, std::vector<std::string>{"\n"});
  EXPECT_FALSE(resolved->keep_stop);
  EXPECT_EQ(resolved->reward_format, "plain");
}

}  // namespace
}  // namespace drover::data
