#include "data/question_formats.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

absl::StatusOr<Question> Read(std::string_view format, std::string_view record) {
  const auto found = FindQuestionFormat(format);
  if (!found.ok()) return found.status();
  const auto flat = FlatJson::Parse(record);
  if (!flat.ok()) return flat.status();
  return (*found)->read(*flat);
}

void ExpectQuestion(std::string_view format, std::string_view record, std::string_view text,
                    std::string_view gold) {
  const auto question = Read(format, record);
  ASSERT_TRUE(question.ok()) << question.status() << " " << record;
  EXPECT_EQ(question->text, text) << record;
  EXPECT_THAT(question->gold, ElementsAre(gold)) << record;
}

void ExpectUnanswered(std::string_view format, std::string_view record, std::string_view why) {
  const auto question = Read(format, record);
  EXPECT_EQ(question.status().code(), absl::StatusCode::kFailedPrecondition) << record;
  EXPECT_THAT(std::string(question.status().message()), HasSubstr(std::string(why))) << record;
}

void ExpectWrong(std::string_view format, std::string_view record, std::string_view why) {
  const auto question = Read(format, record);
  EXPECT_EQ(question.status().code(), absl::StatusCode::kInvalidArgument) << record;
  EXPECT_THAT(std::string(question.status().message()), HasSubstr(std::string(why))) << record;
}

TEST(QuestionFormats, Names) {
  EXPECT_EQ(QuestionFormats()[0].name, kJsonl);
  EXPECT_EQ(FindQuestionFormat("gsm9k").status().message(),
            "got `gsm9k`, may be jsonl, asdiv, big_math, dapo, gsm8k, math, numina, orz");
}

TEST(QuestionFormats, Math) {
  const char record[] =
      R"({"problem":"What is $1+1$?","level":"Level 3","type":"Algebra","solution":"Not $\\boxed{1}$ but $\\boxed{\\frac{4}{2}}$."})";
  ExpectQuestion("math", record, "What is $1+1$?", "\\frac{4}{2}");
  EXPECT_EQ(Read("math", record)->level, 3u);
  EXPECT_EQ(Read("math", record)->subject, "Algebra");
  // MATH-500 and the paper's copies say the answer, some as a number.
  ExpectQuestion("math",
                 R"({"problem":"p","answer":"\\pi","solution":"\\boxed{3}","level":5,"subject":"Geometry"})",
                 "p", "\\pi");
  ExpectQuestion("math", R"({"problem":"p","answer":142.0})", "p", "142.0");
  ExpectQuestion("math", R"({"question":"q","gt_answer":"7"})", "q", "7");
  EXPECT_EQ(Read("math", R"({"problem":"p","answer":"1","level":"Level ?"})")->level, 0u);
  ExpectUnanswered("math", R"({"problem":"p","solution":"no box"})", "has no \\boxed{} in its solution");
  ExpectUnanswered("math", R"({"problem":"p","answer":" "})", "has no answer and no solution");
  ExpectWrong("math", R"({"answer":"1"})", "has no text in `problem` or `question`");
}

TEST(QuestionFormats, Gsm8k) {
  ExpectQuestion("gsm8k",
                 R"({"question":"How many?","answer":"He sold 48/2 = <<48/2=24>>24 clips.\n#### 72"})",
                 "How many?", "72");
  const std::pair<const char*, const char*> answers[] = {{"x\\n#### 1,000,000", "1000000"},
                                                         {"#### -3", "-3"},
                                                         {"#### $1,200.50", "1200.50"},
                                                         {"a #### 1\\n#### 2", "2"},
                                                         {"#### <<5*2=10>>10", "10"},
                                                         {"#### 1,2", "1,2"},
                                                         {"#### 1,0000", "1,0000"},
                                                         {"18", "18"},
                                                         {"2,125", "2125"}};
  for (const auto& [answer, gold] : answers) {
    ExpectQuestion("gsm8k", std::string(R"({"question":"q","answer":")") + answer + "\"}", "q", gold);
  }
  ExpectQuestion("gsm8k", R"({"problem":"q","answer":18})", "q", "18");
  ExpectUnanswered("gsm8k", R"({"question":"q","answer":"x\n####  "})", "has no answer");
  ExpectUnanswered("gsm8k", R"({"question":"q","answer":"It is\n7"})", "has no ####");
  ExpectUnanswered("gsm8k", R"({"question":"q"})", "has no answer");
  ExpectWrong("gsm8k", R"({"answer":"#### 1"})", "has no text in `question`");
}

TEST(QuestionFormats, Asdiv) {
  const char record[] =
      R"j({"body":"Ellen has six more balls than Marin. Marin has nine balls.","question":"How many balls does Ellen have?",)j"
      R"j("solution_type":"Addition","answer":"15 (balls)","formula":"6+9=15","grade":"2"})j";
  ExpectQuestion("asdiv", record,
                 "Ellen has six more balls than Marin. Marin has nine balls. How many balls does Ellen have?",
                 "15");
  EXPECT_EQ(Read("asdiv", record)->level, 2u);
  EXPECT_EQ(Read("asdiv", record)->subject, "Addition");
  ExpectQuestion(
      "asdiv", R"j({"@ID":"n","@Grade":"1","Body":"B.","Question":"Q?","Answer":"30 (apples); 5 (pears)"})j",
      "B. Q?", "30, 5");
  ExpectQuestion("asdiv", R"j({"body":"","question":"Q?","answer":"1,200 (km)"})j", "Q?", "1200");
  ExpectQuestion("asdiv", R"j({"question":"Q?","answer":"(3)"})j", "Q?", "(3)");
  ExpectQuestion("asdiv", R"j({"question":"Q?","answer":"8:20 (AM)"})j", "Q?", "8:20");
  ExpectQuestion("asdiv", R"j({"problem":"Q?","answer":"65"})j", "Q?", "65");
  ExpectUnanswered("asdiv", R"j({"question":"Q?","answer":";"})j", "has no answer");
  ExpectWrong("asdiv", R"j({"body":"B"})j", "has no text in `question`");
}

TEST(QuestionFormats, Orz) {
  const char turns[] =
      R"([{"from":"human","value":" Find $x$. "},{"from":"assistant","ground_truth":{"value":"\\frac{1}{2}"}}])";
  ExpectQuestion("orz", turns, "Find $x$.", "\\frac{1}{2}");
  ExpectQuestion(
      "orz",
      R"({"0":{"from":"human","value":"q"},"1":{"from":"assistant","ground_truth":{"value":7},"value":null}})",
      "q", "7");
  ExpectQuestion(
      "orz", R"({"conversations":[{"from":"Human","value":"q"},{"from":"Assistant","ground_truth":"8"}]})",
      "q", "8");
  ExpectQuestion("orz", R"({"prompt":[{"from":"user","value":"q"}],"final_answer":"\\frac{3}{4}"})", "q",
                 "\\frac{3}{4}");
  ExpectUnanswered("orz", R"([{"from":"human","value":"q"},{"from":"assistant","value":"7"}])",
                   "has no answer");
  ExpectWrong("orz", R"([{"from":"assistant","ground_truth":{"value":"1"}}])",
              "has no turn with `from`: \"human\"");
  ExpectWrong("orz", R"({"problem":"p","answer":"1"})", "has no turn");
}

TEST(QuestionFormats, DapoLosesItsInstruction) {
  const std::string instruction =
      "Solve the following math problem step by step. The last line of your response should be of the form "
      "Answer: $Answer "
      "(without quotes) where $Answer is the answer to the problem.\\n\\n";
  const std::string reminder = "\\n\\nRemember to put your answer on its own line after \\\"Answer:\\\".";
  const std::string record =
      R"({"data_source":"math_dapo","prompt":[{"content":")" + instruction + R"(Let $n$\n\nbe even.)" +
      reminder + R"(","role":"user"}],"ability":"MATH","reward_model":{"ground_truth":"34","style":"rule"}})";
  ExpectQuestion("dapo", record, "Let $n$\n\nbe even.", "34");
  EXPECT_EQ(Read("dapo", record)->source, "math_dapo");
  ExpectQuestion("dapo",
                 R"({"prompt":[{"role":"system","content":"s"},{"role":"user","content":"q"}],"label":"3"})",
                 "q", "3");
  ExpectQuestion("dapo", R"({"prompt":"q","solution":"5"})", "q", "5");
  ExpectUnanswered("dapo", R"({"prompt":"q","reward_model":{"style":"rule"}})", "has no answer");
  ExpectWrong("dapo", R"({"prompt":[{"role":"system","content":"s"}],"label":"3"})", "no message of a user");
}

TEST(QuestionFormats, BigMath) {
  const char record[] =
      R"({"problem":"p","answer":"8","source":"orca_math","domain":["Mathematics -> Algebra -> Other"],"llama8b_solve_rate":0.46875})";
  ExpectQuestion("big_math", record, "p", "8");
  EXPECT_EQ(Read("big_math", record)->source, "orca_math");
  EXPECT_EQ(Read("big_math", record)->subject, "Mathematics -> Algebra -> Other");
  EXPECT_EQ(Read("big_math", record)->pass_rate, 0.46875);
  EXPECT_FALSE(
      Read("big_math", R"({"problem":"p","answer":"8","llama8b_solve_rate":null})")->pass_rate.has_value());
}

TEST(QuestionFormats, Numina) {
  ExpectQuestion(
      "numina",
      R"({"source":"olympiads","problem":"p","solution":"so \\boxed{9}","messages":[{"content":"p","role":"user"}]})",
      "p", "9");
  ExpectQuestion("numina",
                 R"({"problem":"p","solution":"\\boxed{9}","answer":"notfound","problem_type":"Algebra"})",
                 "p", "9");
  EXPECT_EQ(Read("numina", R"({"problem":"p","answer":"1","problem_type":"Algebra"})")->subject, "Algebra");
  ExpectUnanswered("numina", R"({"problem":"p","solution":"QED","answer":"proof"})", "asks for a proof");
  ExpectUnanswered("numina", R"({"problem":"p","solution":"QED"})", "has no \\boxed{}");
}

TEST(LastBoxed, Boxes) {
  const std::pair<const char*, const char*> cases[] = {{"\\boxed{1}", "1"},
                                                       {"\\boxed{1} \\fbox{2}", "2"},
                                                       {"\\fbox{1} then \\boxed{ 2 }", "2"},
                                                       {"\\boxed{a{b}c} d}", "a{b}c"},
                                                       {"$\\boxed 5$", "5"},
                                                       {"$\\boxed {5}$", "5"},
                                                       {"\\boxed{1", ""},
                                                       {"\\boxed", ""},
                                                       {"\\boxedtext{1}", ""},
                                                       {"none", ""},
                                                       {"\\boxed{}", ""},
                                                       {"\\boxed }", "}"}};
  for (const auto& [solution, boxed] : cases) EXPECT_EQ(LastBoxed(solution), boxed) << solution;
}

TEST(ReadLabels, PassRates) {
  Question question;
  const auto read = [&](const char* record) { return ReadLabels(*FlatJson::Parse(record), question); };
  EXPECT_TRUE(read(R"({"pass_rate":0.25,"source":"s","level":"4"})").ok());
  EXPECT_EQ(question.pass_rate, 0.25);
  EXPECT_EQ(question.level, 4u);
  question = {};
  EXPECT_TRUE(read(R"({"pass_rate":null})").ok());
  EXPECT_FALSE(question.pass_rate.has_value());
  for (const char* wrong :
       {R"({"pass_rate":1.5})", R"({"pass_rate":-0.1})", R"({"pass_rate":"0.5"})", R"({"pass_rate":true})"}) {
    EXPECT_THAT(std::string(read(wrong).message()), HasSubstr("may be a number from 0 to 1")) << wrong;
  }
}

}  // namespace
}  // namespace drover::data
