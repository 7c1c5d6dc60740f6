#include "programs/drover/eval/local_responder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "absl/time/clock.h"
#include "base/file.h"
#include "programs/process/broken_pipes.h"

namespace drover::cli {
namespace {

using evaluation::Ask;
using evaluation::Response;
using evaluation::Sampling;
using ::testing::HasSubstr;

// A shell script in the place of drover-model.
class LocalResponderTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { process::IgnoreBrokenPipes(); }
  LocalResponderTest() { std::filesystem::create_directories(dir_); }
  ~LocalResponderTest() override { std::filesystem::remove_all(dir_); }

  absl::Status Respond(const std::string& script, std::vector<Ask> asks) {
    const std::string program = dir_ + "/drover-model";
    std::ofstream(program) << "#!/bin/sh\necho \"$@\" > " << dir_ << "/arguments\n" << script;
    ::chmod(program.c_str(), 0755);
    LocalResponder responder({.program = program, .model = "m"});
    return responder.Respond(
        asks, sampling_,
        [this](const Ask& ask, std::vector<Response> responses) {
          answered_[ask.id] = std::move(responses);
          return on_answer_;
        },
        stop_);
  }

  const std::string dir_ = ::testing::TempDir() + "local_responder." +
                           ::testing::UnitTest::GetInstance()->current_test_info()->name();
  Sampling sampling_;
  std::atomic<bool> stop_{false};
  absl::Status on_answer_;
  std::map<std::string, std::vector<Response>> answered_;
};

std::string Line(const std::string& id, int index, const std::string& text,
                 const std::string& reason = "stop") {
  return "echo '{\"id\":\"" + id + "\",\"index\":" + std::to_string(index) + ",\"text\":\"" + text +
         "\",\"tokens\":3,\"finish_reason\":\"" + reason + "\"}'\n";
}

const Ask kOne = {.id = "a/0", .number = 7, .prompt = "1+1=\n\"x\"", .n = 1};
const Ask kTwo = {.id = "a/1", .number = 1ull << 63, .prompt = "2+2=", .n = 2};

TEST_F(LocalResponderTest, AnswersInAnyOrder) {
  const absl::Status status = Respond("cat > " + dir_ + "/asked\n" + Line("a/1", 1, "five", "length") +
                                          Line("a/0", 0, "two") + Line("a/1", 0, "four"),
                                      {kOne, kTwo});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(answered_["a/0"][0].text, "two");
  EXPECT_FALSE(answered_["a/0"][0].truncated);
  EXPECT_EQ(answered_["a/1"][0].text, "four");
  EXPECT_EQ(answered_["a/1"][1].text, "five");
  EXPECT_TRUE(answered_["a/1"][1].truncated);
  EXPECT_EQ(answered_["a/1"][1].tokens, 3u);
  EXPECT_EQ(
      ReadFile(dir_ + "/asked").value(),
      "{\"id\":\"a/0\",\"prompt\":\"1+1=\\n\\\"x\\\"\",\"response_count\":1,\"random_group\":7}\n"
      "{\"id\":\"a/1\",\"prompt\":\"2+2=\",\"response_count\":2,\"random_group\":9223372036854775808}\n");
}

TEST_F(LocalResponderTest, ArgumentsSayHowToSample) {
  sampling_ = {.temperature = 0.7,
               .top_p = 0.95,
               .top_k = 20,
               .min_p = 0.25,
               .max_response_tokens = 9,
               .stop = {"-x", "b"},
               .seed = 4};
  ASSERT_TRUE(Respond("cat > /dev/null\n" + Line("a/0", 0, "two"), {kOne}).ok());
  const std::string arguments = ReadFile(dir_ + "/arguments").value();
  for (const char* argument :
       {"--model=m", "--temperature=0.7", "--top-p=0.95", "--top-k=20", "--min-p=0.25", "--max-new-tokens=9",
        "--stop=-x", "--stop=b", "--seed=4", "--fit-context", "--template=none"}) {
    EXPECT_THAT(arguments, HasSubstr(argument));
  }
}

// The pipe is full long before the last ask is written, and the child writes while it reads.
TEST_F(LocalResponderTest, MoreThanThePipesHold) {
  std::vector<Ask> asks;
  for (int i = 0; i < 200; ++i)
    asks.push_back({.id = "a/" + std::to_string(i), .prompt = std::string(3000, 'x')});
  const std::string text(2000, 'y');
  const absl::Status status = Respond(
      "i=0\nwhile read -r line; do\n"
      "echo '{\"id\":\"a/'$i'\",\"index\":0,\"text\":\"" +
          text +
          "\",\"tokens\":3,\"finish_reason\":\"stop\"}'\n"
          "i=$((i+1))\ndone\n",
      asks);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(answered_.size(), 200u);
}

TEST_F(LocalResponderTest, ADeadChildSaysItsLastWords) {
  absl::Status status = Respond("echo 'drover: no such model' >&2\nexit 2\n", {kOne});
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("drover: no such model"));
  status = Respond(Line("a/0", 0, "two") + "echo 'out of memory' >&2\nkill -9 $$\n", {kOne, kTwo});
  EXPECT_TRUE(absl::IsInternal(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("was killed by signal 9"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("out of memory"));
  EXPECT_EQ(answered_.size(), 1u);  // what it had said by then counts
  status = Respond("exit 0\n", {kOne});
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("exited with status 0 before everything was answered"));
}

TEST_F(LocalResponderTest, NonsenseIsAnError) {
  EXPECT_TRUE(absl::IsInternal(Respond(Line("b/0", 0, "x"), {kOne})));
  EXPECT_TRUE(absl::IsInternal(Respond(Line("a/1", 0, "x") + Line("a/1", 0, "x"), {kTwo})));
  EXPECT_FALSE(Respond(Line("a/0", 5, "x"), {kOne}).ok());
  EXPECT_FALSE(Respond("echo no json\n", {kOne}).ok());
}

TEST_F(LocalResponderTest, StopsAndFailuresOfTheCallerEndTheChild) {
  on_answer_ = absl::ResourceExhaustedError("disk full");
  EXPECT_TRUE(absl::IsResourceExhausted(Respond(Line("a/0", 0, "two") + "exec sleep 100\n", {kOne, kTwo})));
  on_answer_ = absl::OkStatus();
  stop_ = true;
  const absl::Time begun = absl::Now();
  EXPECT_TRUE(absl::IsCancelled(Respond("echo $$ > " + dir_ + "/pid\nexec sleep 100\n", {kOne})));
  EXPECT_LT(absl::Now() - begun, absl::Seconds(20));
}

TEST(LocalResponder, DescribesTheFolder) {
  EXPECT_EQ(LocalResponder({.model = "models/x/"}).Describe(), "models/x");
  EXPECT_EQ(LocalResponder({.model = "models/../x"}).Describe(), "x");
}

}  // namespace
}  // namespace drover::cli
