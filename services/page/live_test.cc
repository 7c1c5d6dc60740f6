#include "services/page/live.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/testing/memory_file_system.h"

namespace drover::page {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

class LiveTest : public ::testing::Test {
 protected:
  LiveTest() {
    EXPECT_TRUE(MakeFolders("/runs/one", &files_).ok());
    Append("recipe.textproto", "run { seed: 3 }");
    AddLivePage(
        {.folder = run::RunFolder("/runs/one", &files_), .incarnation = [this] { return incarnation_; }},
        routes_);
  }

  void Append(const std::string& name, const std::string& text) {
    const auto file = files_.OpenForAppending("/runs/one/" + name);
    ASSERT_TRUE(file.ok() && (*file)->Append(text).ok());
  }
  http::Response Get(const std::string& path, std::map<std::string, std::string> query = {}) {
    const http::Routes::Found found = routes_.Find("GET", path);
    return found.route == nullptr
               ? found.refusal
               : found.route->page({.method = "GET", .path = path, .query = std::move(query)});
  }
  // What is new since `before`; null: everything.
  Json Ask(const Json& before = Json()) {
    std::map<std::string, std::string> query;
    if (!before.is_null()) {
      query["of"] = before["of"];
      for (const auto& [file, place] : before["next"].items())
        query[file] = std::to_string(place.get<uint64_t>());
    }
    const http::Response response = Get("/run.json", query);
    EXPECT_EQ(response.head.code, 200u) << response.body;
    return Json::parse(response.body);
  }
  std::string Line(int step, size_t text = 1) {
    return absl::StrCat("{\"step\":", step, ",\"responses\":[{\"text\":\"", std::string(text, 'x'),
                        "\"}]}\n");
  }

  testing::MemoryFileSystem files_;
  uint64_t incarnation_ = 1;
  http::Routes routes_;
};

TEST_F(LiveTest, ThePageRunsNothingButItself) {
  const http::Response page = Get("/");
  EXPECT_EQ(page.head.type, "text/html; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr("{\"live\":true}"));
  const std::string policy = page.head.headers.at(0).second;
  EXPECT_THAT(policy, HasSubstr("connect-src 'self'"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
  EXPECT_NE(policy, Get("/").head.headers.at(0).second) << "a nonce is used once";
  EXPECT_EQ(Get("/other").head.code, 404u);
}

TEST_F(LiveTest, EachAnswerHasWhatIsNew) {
  Append("metrics.jsonl", "{\"step\":1,\"reward\":0.5}\n{\"step\":2,\"rew");
  Append("samples.jsonl", Line(1));
  const Json first = Ask();
  EXPECT_EQ(first["head"]["recipe"], Json({{"run.seed", "3"}}));
  EXPECT_EQ(first["metrics"], Json({{"step", {1}}, {"reward", {0.5}}}));
  EXPECT_EQ(first["samples"].size(), 1u);
  EXPECT_EQ(first["more"], false);

  Append("metrics.jsonl", "ard\":0.75}\n");
  Append("evaluations.jsonl", "{\"step\":2,\"accuracy\":0.25}\n");
  const Json second = Ask(first);
  EXPECT_EQ(second["metrics"], Json({{"step", {2}}, {"reward", {0.75}}}));
  EXPECT_EQ(second["evaluations"], Json({{"step", {2}}, {"accuracy", {0.25}}}));
  EXPECT_EQ(second["samples"].size(), 0u);
  EXPECT_EQ(Ask(second)["metrics"], Json::object());
}

TEST_F(LiveTest, AnotherStartAnswersFromTheBeginning) {
  Append("metrics.jsonl", "{\"step\":1}\n");
  const Json first = Ask();
  incarnation_ = 2;
  const Json second = Ask(first);
  EXPECT_NE(second["of"], first["of"]);
  EXPECT_EQ(second["metrics"], Json({{"step", {1}}}));
}

TEST_F(LiveTest, AnswersAreBounded) {
  std::string metrics;
  for (int step = 1; step <= 40000; ++step)
    absl::StrAppend(&metrics, "{\"step\":", step, ",\"seconds\":0.123456,\"reward\":0.123456}\n");
  Append("metrics.jsonl", metrics);
  for (int step = 1; step <= 40; ++step) Append("samples.jsonl", Line(step, 100000));
  Json answer = Ask();
  EXPECT_EQ(answer["more"], true);
  EXPECT_EQ(answer["samples"].back()["step"], 40) << "the newest";
  EXPECT_LT(answer["samples"].size(), 17u);
  EXPECT_GT(answer["skipped"], 2000000);
  size_t rows = 0, answers = 0;
  while (true) {
    EXPECT_LT(answer.dump().size(), size_t{4} << 20);
    rows += answer["metrics"]["step"].size();
    ++answers;
    if (!answer["more"].get<bool>()) break;
    answer = Ask(answer);
  }
  EXPECT_EQ(rows, 40000u);
  EXPECT_GT(answers, 1u);
}

TEST_F(LiveTest, OddQuestionsAreAnswered) {
  Append("metrics.jsonl", "nonsense\n{\"step\":1}\n");
  Json first = Ask();
  EXPECT_EQ(first["metrics"], Json({{"step", {1}}}));
  for (const char* place : {"-1", "x", "99999999999999999999999", "1000000", ""}) {
    const http::Response response =
        Get("/run.json", {{"of", first["of"]}, {"metrics", place}, {"samples", place}});
    EXPECT_EQ(response.head.code, 200u) << place;
  }
}

}  // namespace
}  // namespace drover::page
