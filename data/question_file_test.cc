#include "data/question_file.h"

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class QuestionFileTest : public testing::Test {
 protected:
  std::string Write(const std::string& text) {
    const std::string path = testing::TempDir() + "/questions.jsonl";
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
};

TEST_F(QuestionFileTest, Lines) {
  const std::string lines =
      "\xEF\xBB\xBF{\"problem\":\"a\",\"answer\":1}\r\n\n  \n{\"problem\":\"b\",\"answer\":2}\n";
  std::string path = Write(lines);
  const auto two = ReadQuestionFile(path);
  ASSERT_TRUE(two.ok()) << two.status();
  ASSERT_EQ(two->questions.size(), 2u);
  EXPECT_EQ(two->questions[1].text, "b");
  EXPECT_EQ(two->questions[1].index, 1u);
  path = Write(lines + "not json");
  EXPECT_EQ(std::string(ReadQuestionFile(path).status().message()),
            path + ":5: the line is not JSON (byte 2)");
}

TEST_F(QuestionFileTest, OneList) {
  const auto two = ReadQuestionFile(
      Write("[\n  {\"problem\": \"a\",\n   \"answer\": 1.50},\n  {\"problem\": \"b\", \"answer\": 2}\n]\n"));
  ASSERT_TRUE(two.ok()) << two.status();
  ASSERT_EQ(two->questions.size(), 2u);
  EXPECT_THAT(two->questions[0].gold, ElementsAre("1.50"));
  const std::string path = Write("[{\"problem\":\"a\",\"answer\":1},\n {\"problem\":\"b\"}]");
  EXPECT_EQ(std::string(ReadQuestionFile(path).status().message()), path + ":2: the line has no `answer`");
}

TEST_F(QuestionFileTest, KeysOfOthers) {
  QuestionFileOptions options;
  options.keys = {.problem = "question", .answer = "solution.value"};
  const auto one = ReadQuestionFile(Write("{\"question\":\"a\",\"solution\":{\"value\":1}}"), options);
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->questions[0].text, "a");
}

TEST_F(QuestionFileTest, LabelsAreExtra) {
  const auto file = ReadQuestionFile(
      Write("{\"problem\":\"a\",\"answer\":1,\"level\":\"Level 4\",\"type\":\"Algebra\",\"pass_rate\":0.5}\n"
            "{\"problem\":\"b\",\"answer\":1,\"x\":1,\"x\":2}\n"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->questions[0].level, 4u);
  EXPECT_EQ(file->questions[0].subject, "Algebra");
  EXPECT_EQ(file->questions[0].pass_rate, 0.5);
  EXPECT_EQ(file->questions[1].level, 0u) << "a record with another key twice is a question all the same";
  const std::string path = Write("{\"problem\":\"a\",\"answer\":1,\"pass_rate\":7}");
  EXPECT_EQ(std::string(ReadQuestionFile(path).status().message()),
            path + ":1: the line has a `pass_rate` of 7, may be a number from 0 to 1");
}

TEST_F(QuestionFileTest, RecordsWithoutAnAnswerAreLeftOut) {
  const std::string path =
      Write("{\"problem\":\"a\",\"solution\":\"QED\"}\n{\"problem\":\"b\",\"solution\":\"\\\\boxed{2}\"}\n");
  const auto file = ReadQuestionFile(path, {.format = "numina"});
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->questions.size(), 1u);
  EXPECT_EQ(file->questions[0].index, 0u);
  EXPECT_EQ(file->unanswered, 1u);
  EXPECT_EQ(file->unanswered_example, "1: has no \\boxed{} in its solution");
  EXPECT_THAT(std::string(ReadQuestionFile(path).status().message()),
              HasSubstr(":1: the line has no `answer`"))
      << "of one's own format it is an error";
  EXPECT_EQ(ReadQuestionFile(Write("{\"problem\":\"a\",\"answer\":\"proof\"}"), {.format = "numina"})
                .status()
                .message(),
            path + ": has no question with an answer; line 1: asks for a proof");
}

TEST_F(QuestionFileTest, AWrongRecordOfANamedFormat) {
  const std::string path = Write("{\"question\":\"q\",\"answer\":\"#### 1\"}\n{\"q\":1}\n");
  EXPECT_EQ(std::string(ReadQuestionFile(path, {.format = "gsm8k"}).status().message()),
            path + ":2: the record has no text in `question` or `problem`");
  const std::string large =
      "{\"question\":\"" + std::string(kMaxLineBytes, 'x') + "\",\"answer\":\"#### 1\"}";
  EXPECT_THAT(std::string(ReadQuestionFile(Write(large), {.format = "gsm8k"}).status().message()),
              HasSubstr("may be at most 1048576"));
}

TEST_F(QuestionFileTest, OrzAsItIsPublishedAndByLine) {
  const std::string turns =
      R"([{"from":"human","value":"q"},{"from":"assistant","ground_truth":{"value":"1"}}])";
  for (const std::string& text : {"[" + turns + ",\n" + turns + "]", turns + "\n" + turns + "\n"}) {
    const auto file = ReadQuestionFile(Write(text), {.format = "orz"});
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(file->questions.size(), 2u);
  }
}

TEST_F(QuestionFileTest, EmptyMissingAndUnknown) {
  EXPECT_THAT(std::string(ReadQuestionFile(Write(" \n")).status().message()),
              HasSubstr("questions.jsonl: has no question"));
  EXPECT_EQ(ReadQuestionFile("/does/not/exist.jsonl").status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(ReadQuestionFile(Write("{}"), {.format = "x"}).status().message()),
              HasSubstr("got `x`, may be jsonl, "));
  EXPECT_THAT(std::string(ReadQuestionFile(Write("PAR1")).status().message()),
              HasSubstr(":1: the file is a Parquet file"));
}

TEST(ReadQuestionFile, SharedFiles) {
  size_t files = 0;
  for (const char* folder : {"../shared/data/train", "../shared/data/eval"}) {
    if (!std::filesystem::exists(folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".jsonl") continue;
      ++files;
      const auto file = ReadQuestionFile(entry.path().string());
      EXPECT_TRUE(file.ok()) << file.status();
    }
  }
  if (files == 0) GTEST_SKIP() << "skipped: no data";
}

// Of AIME's published solutions the box is the answer that the file gives (leading zeros not counted) in nearly all.
TEST(ReadQuestionFile, BoxesOfPublishedSolutionsAreTheirAnswers) {
  std::ifstream file("../shared/data/train/aime_975.jsonl");
  if (!file) GTEST_SKIP() << "skipped: no data";
  size_t boxed = 0, agree = 0;
  for (std::string line; std::getline(file, line);) {
    const auto record = FlatJson::Parse(line);
    ASSERT_TRUE(record.ok()) << record.status();
    std::string box(LastBoxed(record->Text("solution")));
    if (box.empty()) continue;
    ++boxed;
    box.erase(0, std::min(box.find_first_not_of('0'), box.size() - 1));
    agree += box == record->Text("answer");
  }
  EXPECT_GT(boxed, 800u);
  EXPECT_GT(agree, boxed * 95 / 100);
}

}  // namespace
}  // namespace drover::data
