#include "programs/drover/grading/grade_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/testing/temp_folder.h"
#include "services/grading/grade_lines.h"
#include "services/grading/testing/fake_verifier.h"

namespace drover::grading {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class GradeFileTest : public ::testing::Test {
 protected:
  absl::Status Run(const std::string& lines, const std::string& format = "boxed") {
    EXPECT_TRUE(WriteFileAtomically(in_, lines).ok());
    return GradeFile({.in = in_, .out = out_, .grading = {.format = format, .threads = 3}});
  }
  std::string Output() { return ReadFile(out_).value_or("(none)"); }

  const testing::TempFolder temporary_;
  const std::string folder_ = temporary_.path();
  std::string in_ = folder_ + "/in.jsonl";
  std::string out_ = folder_ + "/out.jsonl";
};

TEST_F(GradeFileTest, EveryKindOfLine) {
  ASSERT_TRUE(Run(R"({"id":1,"gold":"42","response":"so \\boxed{42}"}
{"id":"b","gold":["1","2"],"response":"\\boxed{2}","extra":{"x":[]}}
{"id":2.5,"gold":"7","answer":"8"}

{"gold":"7","response_b64":"/w1cYm94ZWR7N30="}
{"id":3,"gold":"7","response":"seven"}
{"id":4,"gold":"7","response":"\\boxed{7}","truncated":true}
)")
                  .ok());
  EXPECT_EQ(Output(), R"({"id":1,"reward":1,"extracted":"42","formatted":true,"reason":"equal_exact"}
{"id":"b","reward":1,"extracted":"2","formatted":true,"reason":"equal_exact"}
{"id":2.5,"reward":0,"extracted":"8","formatted":true,"reason":"different"}
{"id":null,"reward":1,"extracted":"7","formatted":true,"reason":"equal_exact"}
{"id":3,"reward":0,"extracted":null,"formatted":false,"reason":"no_answer"}
{"id":4,"reward":0,"extracted":"7","formatted":true,"reason":"truncated"}
)");
}

TEST_F(GradeFileTest, ConventionsOfTraining) {
  const std::string lines =
      R"({"id":1,"gold":"210","response":"\\boxed{\\binom{10}{4}}","question":"Find $\\binom{10}{4}$."}
{"id":2,"gold":"3.14","response":"\\boxed{\\pi}"}
{"id":3,"gold":"1, 2","response":"\\boxed{1} and \\boxed{2}"}
)";
  const auto rewards = [this] {
    const std::vector<std::string> graded = absl::StrSplit(Output(), '\n', absl::SkipEmpty());
    std::string out;
    for (const std::string& line : graded) out += line.substr(line.find("\"reward\":") + 9, 1);
    return out;
  };
  ASSERT_TRUE(Run(lines).ok());
  EXPECT_EQ(rewards(), "110");
  v1::GradingOptions training;
  training.set_refuse_unevaluated(true);
  training.set_rounded_golds(false);
  training.set_boxed_lists(true);
  ASSERT_TRUE(GradeFile({.in = in_, .out = out_, .grading = {.options = training}}).ok());
  EXPECT_EQ(rewards(), "001");
  EXPECT_THAT(Output(), HasSubstr("\"unevaluated\""));
}

TEST_F(GradeFileTest, OrderIsKeptOverManyLines) {
  std::string lines;
  for (int i = 0; i < 10'000; ++i) {
    lines +=
        "{\"id\":" + std::to_string(i) + ",\"gold\":\"" + std::to_string(i % 7) + "\",\"answer\":\"3\"}\n";
  }
  ASSERT_TRUE(Run(lines).ok());
  const std::string output = Output();
  size_t at = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string expected =
        "{\"id\":" + std::to_string(i) + ",\"reward\":" + (i % 7 == 3 ? "1" : "0") + ",";
    ASSERT_EQ(output.substr(at, expected.size()), expected);
    at = output.find('\n', at) + 1;
  }
  EXPECT_EQ(at, output.size());
}

TEST_F(GradeFileTest, ErrorsNameTheLineAndLeaveNoOutput) {
  const std::string good = "{\"id\":1,\"gold\":\"1\",\"answer\":\"1\"}\n";
  for (const auto& [line, why] : std::vector<std::pair<std::string, std::string>>{
           {"{", "not JSON"},
           {"[]", "not a JSON object"},
           {"{\"id\":[1],\"gold\":\"1\",\"answer\":\"1\"}", "\"id\" must be"},
           {"{\"answer\":\"1\"}", "\"gold\" must be"},
           {"{\"gold\":1,\"answer\":\"1\"}", "\"gold\" must be"},
           {"{\"gold\":[],\"answer\":\"1\"}", "\"gold\" must be"},
           {"{\"gold\":\"1\"}", "exactly one of"},
           {"{\"gold\":\"1\",\"answer\":\"1\",\"response\":\"1\"}", "exactly one of"},
           {"{\"gold\":\"1\",\"response_b64\":\"*\"}", "base64"},
           {"{\"gold\":\"1\",\"response\":7}", "\"response\" must be a string"},
           {"{\"gold\":\"1\",\"answer\":\"1\",\"grader\":\"x\"}", "grader is \"x\""},
           {"{\"gold\":\"1\",\"response\":\"\xff\"}", "response_b64"}}) {
    const absl::Status status = Run(good + "\n" + good + line + "\n" + good);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << line;
    EXPECT_THAT(std::string(status.message()), StartsWith(in_ + ":4: ")) << line;
    EXPECT_THAT(std::string(status.message()), HasSubstr(why)) << line;
    EXPECT_FALSE(std::filesystem::exists(out_));
    EXPECT_FALSE(std::filesystem::exists(out_ + ".part"));
  }
}

// A pipe or a device cannot be taken back: it gets nothing before all lines have been read.
TEST_F(GradeFileTest, ADeviceGetsNothingOfABadFile) {
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += "{\"gold\":\"1\",\"answer\":\"1\"}\n";
  ASSERT_TRUE(WriteFileAtomically(in_, lines + "{\n").ok());
  ASSERT_EQ(::mkfifo(out_.c_str(), 0600), 0);
  EXPECT_EQ(GradeFile({.in = in_, .out = out_}).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(WriteFileAtomically(in_, lines).ok());
  std::string read;
  std::thread reader([&] { read = ReadFile(out_).value_or("(none)"); });
  GradeProgress total;
  EXPECT_TRUE(GradeFile({.in = in_, .out = out_}, &total).ok());
  reader.join();
  EXPECT_EQ(std::count(read.begin(), read.end(), '\n'), 5000);
  EXPECT_EQ(total.lines, 5000u);
  EXPECT_EQ(total.correct, 5000u);
  EXPECT_EQ(total.reasons.at("equal_exact"), 5000u);
}

TEST_F(GradeFileTest, ProgressComesAfterEachBlock) {
  std::string lines;
  for (int i = 0; i < 10'000; ++i) lines += "{\"gold\":\"1\",\"answer\":\"1\"}\n";
  ASSERT_TRUE(WriteFileAtomically(in_, lines).ok());
  std::vector<size_t> seen;
  EXPECT_TRUE(GradeFile({.in = in_,
                         .out = out_,
                         .progress =
                             [&](const GradeProgress& progress) {
                               seen.push_back(progress.lines);
                               EXPECT_EQ(progress.bytes_total, lines.size());
                               EXPECT_LE(progress.bytes, lines.size());
                             }})
                  .ok());
  EXPECT_EQ(seen, (std::vector<size_t>{4096, 8192, 10'000}));
}

TEST_F(GradeFileTest, TheGraderOfLinesThatNameNone) {
  ASSERT_TRUE(WriteFileAtomically(in_, R"({"id":1,"gold":"24: 3 8","answer":"3*8"}
{"id":2,"gold":"1/2","answer":"0.5","grader":"math"}
)")
                  .ok());
  ASSERT_TRUE(GradeFile({.in = in_, .out = out_, .grading = {.grader = "countdown"}}).ok());
  EXPECT_THAT(Output(), HasSubstr("{\"id\":1,\"reward\":1"));
  EXPECT_THAT(Output(), HasSubstr("{\"id\":2,\"reward\":1"));
  const absl::Status wrong = GradeFile({.in = in_, .out = out_, .grading = {.grader = "count"}});
  EXPECT_THAT(std::string(wrong.message()), HasSubstr("--grader is \"count\"; it may be choice, countdown"));
}

TEST_F(GradeFileTest, ByRunningVerifiers) {
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += absl::StrCat("{\"id\":", i, ",\"gold\":\"1\",\"answer\":\"2\"}\n");
  ASSERT_TRUE(WriteFileAtomically(in_, lines).ok());
  FakeVerifier verifier([](const v1::GradeBatchRequest& request, v1::GradeBatchResponse* response) {
    for (const auto& one : request.requests()) {
      EXPECT_EQ(one.grader(), "poems");
      auto* result = response->add_results();
      result->set_id(one.id());
      result->set_reward(one.id() % 2 == 0 ? 0.25 : 0);
      result->set_reason("rhymes");
    }
    return grpc::Status::OK;
  });
  GradeFileOptions options = {
      .in = in_, .out = out_, .grading = {.grader = "poems", .verifiers = {verifier.address()}}};
  ASSERT_TRUE(GradeFile(options).ok());
  const std::string output = Output();
  EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), 1000);
  EXPECT_THAT(
      output,
      StartsWith("{\"id\":0,\"reward\":0,\"extracted\":null,\"formatted\":false,\"reason\":\"rhymes\"}\n"
                 "{\"id\":1,\"reward\":0.25,"));
}

// The error of a verifier names the line, since a request's id is its line.
TEST_F(GradeFileTest, AVerifiersErrorLeavesNoOutput) {
  ASSERT_TRUE(WriteFileAtomically(in_, "\n{\"gold\":\"1\",\"answer\":\"2\"}\n").ok());
  FakeVerifier verifier([](const v1::GradeBatchRequest& request, v1::GradeBatchResponse*) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                        absl::StrCat("request ", request.requests(0).id()));
  });
  const absl::Status status =
      GradeFile({.in = in_, .out = out_, .grading = {.verifiers = {verifier.address()}}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("request 2"));
  EXPECT_FALSE(std::filesystem::exists(out_));
  EXPECT_FALSE(GradeFile({.in = in_, .out = out_, .grading = {.verifiers = {"nowhere"}}}).ok());
}

TEST_F(GradeFileTest, WrongFlagsAndFiles) {
  EXPECT_THAT(std::string(Run("", "yaml").message()), HasSubstr("--format is \"yaml\""));
  EXPECT_EQ(GradeFile({.in = in_, .out = folder_}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(GradeFile({.in = folder_ + "/none", .out = out_}).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(GradeFile({.in = folder_, .out = out_}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(GradeFile({.in = in_, .out = folder_ + "/no/such/folder"}).ok());
}

TEST_F(GradeFileTest, DeeplyNestedInputIsHarmless) {
  EXPECT_FALSE(Run("{\"id\":" + std::string(200'000, '[')).ok());
  EXPECT_FALSE(Run("{\"gold\":\"1\",\"answer\":\"1\",\"id\":" + std::string(200'000, '[') +
                   std::string(200'000, ']') + "}")
                   .ok());
}

TEST(FormatGradeLine, BytesThatAreNoUtf8AreReplaced) {
  v1::GradeResult result;
  result.set_extracted("a\xff\"b");
  result.set_reward(0.5);
  result.set_reason("different");
  EXPECT_EQ(FormatGradeLine("1", result),
            "{\"id\":1,\"reward\":0.5,\"extracted\":\"a\xEF\xBF\xBD\\\"b\",\"formatted\":false,\"reason\":"
            "\"different\"}");
}

}  // namespace
}  // namespace drover::grading
