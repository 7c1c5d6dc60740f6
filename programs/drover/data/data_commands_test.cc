#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "programs/drover/data/commands.h"
#include "programs/drover/data/contamination_report.h"
#include "programs/drover/data/inspect.h"
#include "programs/drover/data/output.h"
#include "verifier/grader.h"

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

TEST_F(DataCommandsTest, FilterKeepsTheRangeAndWritesThePassRates) {
  DataFilterOptions options;
  options.in.path = Write("in.jsonl",
                          "{\"problem\":\"a\",\"answer\":1}\n{\"problem\":\"b\",\"answer\":2}\n{\"problem\":"
                          "\"c\",\"answer\":3}\n");
  options.graded = {
      Write("responses.jsonl", "{\"problem\":\"a\",\"responses\":[{\"reward\":1},{\"reward\":0}]}\n"),
      Write("grades.jsonl", "{\"id\":1,\"reward\":1}\n")};
  options.pass_rate = "0.1:0.9";
  options.out = Path("out.jsonl");
  ASSERT_TRUE(FilterData(options).ok());
  EXPECT_EQ(Read(options.out), "{\"problem\":\"a\",\"answer\":\"1\",\"pass_rate\":0.5}\n");
  options.pass_rate = "0.6:0.9";
  EXPECT_THAT(
      std::string(FilterData(options).message()),
      HasSubstr("no question is left: 0 questions written; left out: 1 below the range, 1 above, 1 without"));
  for (const char* wrong : {"0.5", "1:0", "a:b", "0:2", "0:1:1"}) {
    options.pass_rate = wrong;
    EXPECT_THAT(std::string(FilterData(options).message()), HasSubstr("it may be LOW:HIGH from 0 to 1"))
        << wrong;
  }
  options.pass_rate = "0:1";
  options.graded.push_back(Write("bad.jsonl", "{}\n"));
  EXPECT_THAT(std::string(FilterData(options).message()),
              HasSubstr("bad.jsonl:1: the line names no question"));
}

TEST_F(DataCommandsTest, MixWritesTheOrderOfARun) {
  DataMixOptions options;
  options.parts = {Write("a.jsonl", "{\"problem\":\"a\",\"answer\":1}\n") + ":0.7",
                   Write("b.jsonl", "{\"question\":\"b\",\"answer\":\"#### 2\"}\n") + ":0.3:gsm8k"};
  options.count = 1000;
  options.out = Path("out.jsonl");
  ASSERT_TRUE(MixData(options).ok());
  const auto file = data::ReadQuestionFile(options.out);
  ASSERT_TRUE(file.ok()) << file.status();
  size_t first = 0;
  for (const data::Question& question : file->questions) first += question.text == "a";
  EXPECT_EQ(first, 700u);
  EXPECT_EQ(file->questions[0].source.substr(0, folder_.size()), folder_);
  options.count = 0;
  EXPECT_THAT(std::string(MixData(options).message()), HasSubstr("--count is 0, may be from 1 to"));
  options.count = 10;
  options.parts[1] = "b.jsonl";
  EXPECT_THAT(std::string(MixData(options).message()), HasSubstr("may be FILE:WEIGHT"));
}

TEST_F(DataCommandsTest, GenerateWritesDifferentQuestionsAndHeldoutOnes) {
  for (const char* kind : {"arithmetic", "countdown", "word-problems"}) {
    DataGenerateOptions options;
    options.kind = kind;
    options.count = 300;
    options.out = Path("train.jsonl");
    options.heldout = Path("test.jsonl");
    options.heldout_count = 20;
    ASSERT_TRUE(GenerateData(options).ok()) << kind;
    const auto train = data::ReadQuestionFile(options.out), heldout = data::ReadQuestionFile(options.heldout);
    ASSERT_TRUE(train.ok() && heldout.ok());
    EXPECT_EQ(train->questions.size(), 300u);
    EXPECT_EQ(heldout->questions.size(), 20u);
    std::set<std::string> texts;
    for (const data::Question& question : train->questions) texts.insert(question.text);
    EXPECT_EQ(texts.size(), 300u) << kind;
    for (const data::Question& question : heldout->questions)
      EXPECT_EQ(texts.count(question.text), 0u) << question.text;
    const QuestionSummary summary =
        Summarize(*train, kind == std::string("countdown") ? "countdown" : "math");
    EXPECT_TRUE(summary.odd.empty()) << kind;
    const std::string before = Read(options.out);
    ASSERT_TRUE(GenerateData(options).ok());
    EXPECT_EQ(Read(options.out), before) << "the same seed, the same questions";
  }
}

// The shipped solution is one that the grader takes.
TEST_F(DataCommandsTest, CountdownsSolutionsAreGradedRight) {
  DataGenerateOptions options;
  options.kind = "countdown";
  options.count = 500;
  options.out = Path("train.jsonl");
  options.overrides = {"data.countdown.max_numbers=6"};
  ASSERT_TRUE(GenerateData(options).ok());
  std::ifstream file(options.out);
  for (std::string line; std::getline(file, line);) {
    const Json record = Json::parse(line);
    const verifier::GradeRequest request = {
        .golds = {record["answer"]}, .response = record["solution"], .question = {}};
    EXPECT_EQ(verifier::FindGrader("countdown")->Grade(request, {}).reward, 1) << line;
  }
}

TEST_F(DataCommandsTest, WrongGenerators) {
  DataGenerateOptions options;
  options.out = Path("out.jsonl");
  options.count = 10;
  options.kind = "sums";
  EXPECT_THAT(std::string(GenerateData(options).message()),
              HasSubstr("got `sums`, may be arithmetic, countdown, word-problems"));
  options.kind = "countdown";
  options.overrides = {"data.countdown.max_numbers=9"};
  EXPECT_THAT(std::string(GenerateData(options).message()), HasSubstr("data.countdown.max_numbers: got 9"));
  options.overrides = {"run.steps=1"};
  EXPECT_THAT(std::string(GenerateData(options).message()), HasSubstr("may be a field of data"));
  options.overrides = {"data.train=arithmetic"};
  EXPECT_FALSE(GenerateData(options).ok());
  options.overrides = {"data.countdown.max_number=1", "data.countdown.max_target=2",
                       "data.countdown.min_numbers=2", "data.countdown.max_numbers=2"};
  EXPECT_FALSE(GenerateData(options).ok()) << "there are not ten such questions";
  EXPECT_FALSE(std::filesystem::exists(options.out));
}

TEST(Contamination, PairsAndTheirText) {
  const std::string long_text =
      "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";
  const std::vector<NamedQuestions> train = {
      {"train", {{.index = 0, .text = "A short one."}, {.index = 1, .text = long_text}}}};
  const std::vector<NamedQuestions> eval = {{"eval",
                                             {{.index = 0, .text = "a SHORT one"},
                                              {.index = 1, .text = "zero " + long_text},
                                              {.index = 2, .text = "another"}}}};
  const std::vector<ContaminationPair> pairs = Compare(train, eval, {});
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].same, 1u);
  EXPECT_EQ(pairs[0].runs, 1u);
  EXPECT_THAT(ToText(pairs, {}),
              HasSubstr("eval in train: of 3 questions 1 are the same (33.3 %), 1 more have 50 % of their "
                        "runs of 13 words there\n"
                        "    question 1 \"a SHORT one\": the same as question 1\n    question 2 "));
  const Json json = Json::parse(ToJson(pairs, {}));
  EXPECT_EQ(json["pairs"][0]["found"][0]["kind"], "same");
  EXPECT_EQ(json["pairs"][0]["found"][1]["training"], 1);
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
