#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "programs/drover/data/commands.h"
#include "programs/drover/data/inspect.h"
#include "programs/drover/data/output.h"

namespace drover::cli {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

class DataCommandsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/data_commands";
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::binary) << text;
    return Path(name);
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  std::string folder_;
};

TEST(QuestionLine, IsReadBackAsItWas) {
  data::Question question;
  question.text = "What is\n\"\xC3\xA9\"?";
  question.gold = {"1", "2.50"};
  question.level = 3;
  question.subject = "Algebra";
  question.source = "s";
  question.pass_rate = 0.1;
  const auto file = data::ParseQuestionFile(QuestionLine(question));
  ASSERT_TRUE(file.ok()) << file.status();
  const data::Question& read = file->questions[0];
  EXPECT_EQ(read.text, question.text);
  EXPECT_EQ(read.gold, question.gold);
  EXPECT_EQ(read.level, 3u);
  EXPECT_EQ(read.subject, "Algebra");
  EXPECT_EQ(read.source, "s");
  EXPECT_EQ(read.pass_rate, 0.1);
  EXPECT_EQ(QuestionLine({.text = "q", .gold = {"7"}}), "{\"problem\":\"q\",\"answer\":\"7\"}\n");
}

TEST(Summarize, CountsWhatIsThere) {
  const auto file = data::ParseQuestionFile(
      "{\"problem\":\"one\",\"answer\":\"7\",\"level\":1,\"pass_rate\":0.25}\n"
      "{\"problem\":\"  one \",\"answer\":\"7\",\"level\":1,\"pass_rate\":1}\n"
      "{\"problem\":\"one\",\"answer\":\"8\"}\n"
      "{\"problem\":\"\xC3\xA9\",\"answer\":\"\\\\frac{1}{2}\",\"subject\":\"Algebra\"}\n"
      "{\"problem\":\"who\",\"answer\":\"\\\\text{Peter}\"}\n"
      "{\"problem\":\"odd\",\"answer\":\"((\"}\n");
  ASSERT_TRUE(file.ok()) << file.status();
  const QuestionSummary summary = Summarize(*file, "math");
  EXPECT_EQ(summary.questions, 6u);
  EXPECT_EQ(summary.lengths, (std::vector<uint64_t>{1, 3, 3, 3, 3, 6}));
  EXPECT_EQ(summary.repeated, 2u);
  EXPECT_EQ(summary.repeated_otherwise, 1u);
  EXPECT_EQ(summary.numbers, 3u);
  EXPECT_EQ(summary.expressions, 1u);
  EXPECT_EQ(summary.texts, 1u);
  EXPECT_EQ(summary.odd_questions, 1u);
  EXPECT_EQ(summary.odd[0].gold, "((");
  EXPECT_EQ(summary.levels.at(1), 2u);
  EXPECT_EQ(summary.levels.at(0), 4u);
  EXPECT_EQ(summary.subjects.at("Algebra"), 1u);
  EXPECT_EQ(summary.rated, 2u);
  EXPECT_EQ(summary.rate_bins[2], 1u);
  EXPECT_EQ(summary.rate_bins[9], 1u) << "a rate of 1 is in the last bin";
  const Json json = Json::parse(ToJson(summary, "f", "jsonl"));
  EXPECT_EQ(json["questions"], 6);
  EXPECT_EQ(json["characters"]["median"], 3);
  EXPECT_EQ(json["pass_rate"]["mean"], 0.625);
  EXPECT_EQ(json["levels"]["1"], 2);
  const std::string text = ToText(summary, "f", "jsonl");
  EXPECT_THAT(text, HasSubstr("f: 6 questions (jsonl)\n"));
  EXPECT_THAT(text, HasSubstr("repeated   2 questions, 1 of them with another answer\n"));
}

TEST(Summarize, GoldsThatTheVerifierCannotRead) {
  const auto tasks = data::ParseQuestionFile(
      "{\"problem\":\"a\",\"answer\":\"24: 3 8 8 3\"}\n{\"problem\":\"b\",\"answer\":\"24\"}\n");
  const QuestionSummary summary = Summarize(*tasks, "countdown");
  ASSERT_EQ(summary.odd.size(), 1u);
  EXPECT_EQ(summary.odd[0].question, 1u);
  EXPECT_EQ(summary.odd[0].reason, "unparsed_gold");
  EXPECT_THAT(ToText(summary, "f", "jsonl"), HasSubstr("question 2: \"24\" (unparsed_gold)"));
}

TEST(Summarize, GoldsThatOnlyTheirOwnTextMeets) {
  const auto file =
      data::ParseQuestionFile(R"({"problem":"a","answer":["$x+1$","$(-\\infty, 0) \\cup\\{1\\}$."]})");
  ASSERT_TRUE(file.ok()) << file.status();
  const QuestionSummary summary = Summarize(*file, "math");
  ASSERT_EQ(summary.odd.size(), 1u);
  EXPECT_EQ(summary.odd[0].reason, "as_written");
}

TEST_F(DataCommandsTest, ConvertWritesWhatARecipeReads) {
  const std::string in = Write(
      "math.jsonl",
      "\xEF\xBB\xBF{\"problem\":\"a\",\"level\":\"Level "
      "2\",\"type\":\"Algebra\",\"solution\":\"\\\\boxed{1}\"}\r\n"
      "{\"problem\":\"b\",\"level\":\"Level "
      "3\",\"type\":\"Algebra\",\"solution\":\"\\\\boxed{\\\\frac12}\"}\r\n"
      "{\"problem\":\" b \",\"level\":\"Level 3\",\"type\":\"Algebra\",\"solution\":\"\\\\boxed{2}\"}\r\n"
      "{\"problem\":\"c\",\"level\":\"Level 5\",\"type\":\"Geometry\",\"solution\":\"QED\"}\r\n");
  DataConvertOptions options;
  options.in = {in, {.format = "math", .keys = {}}};
  options.out = Path("out.jsonl");
  options.levels = "3-5";
  options.unique = true;
  ASSERT_TRUE(ConvertData(options).ok());
  EXPECT_EQ(Read(options.out),
            "{\"problem\":\"b\",\"answer\":\"\\\\frac12\",\"level\":3,\"subject\":\"Algebra\"}\n");
}

TEST_F(DataCommandsTest, BadInputWritesNothing) {
  DataConvertOptions options;
  options.in = {Write("in.jsonl", "{\"problem\":\"a\",\"answer\":1}\n{\n"), {}};
  options.out = Path("out.jsonl");
  EXPECT_THAT(std::string(ConvertData(options).message()), HasSubstr("in.jsonl:2: the line is not JSON"));
  options.in.path = Write("in.jsonl", "{\"problem\":\"a\",\"answer\":1}\n");
  options.levels = "hard";
  EXPECT_THAT(std::string(ConvertData(options).message()), HasSubstr("--levels: got `hard`"));
  options.levels = "3";
  EXPECT_THAT(std::string(ConvertData(options).message()),
              HasSubstr("none of its 1 questions is of --levels"));
  options.levels = "";
  options.in.options.format = "maths";
  EXPECT_THAT(std::string(ConvertData(options).message()), HasSubstr("got `maths`, may be jsonl"));
  options.in.options.format = "jsonl";
  EXPECT_FALSE(std::filesystem::exists(options.out));
  options.out = folder_;
  EXPECT_THAT(std::string(ConvertData(options).message()), HasSubstr("is a folder"));
  DataInspectOptions inspect;
  inspect.in = options.in;
  inspect.grader = "maths";
  EXPECT_THAT(std::string(InspectData(inspect).message()),
              HasSubstr("--grader is \"maths\"; it may be choice"));
}

}  // namespace
}  // namespace drover::cli
