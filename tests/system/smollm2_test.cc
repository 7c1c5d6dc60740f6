// SmolLM2-135M-Instruct against numbers that transformers computed for it (float32 arithmetic on bfloat16 weights): in float32
// number by number, in bfloat16 on the whole.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "services/run/jsonl.h"
#include "tests/system/run_fixture.h"

namespace drover::system_test {
namespace {

constexpr char kModel[] = "models/smollm2-135m-instruct";  // where `drover fetch smollm2` puts it
constexpr char kReference[] = "../shared/models/smollm2_135m_reference.json";
constexpr uint64_t kEndOfSequence = 2;
constexpr double kTinyLead = 0.02;      // below it another order of additions may choose the other token
constexpr size_t kBfloat16Tokens = 16;  // greedy ones that are compared in bfloat16,
constexpr double kBfloat16Share = 0.9;  // on so many of the prompts
constexpr double kBfloat16MedianDistance = 0.05;  // of log-probabilities

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values.at(values.size() / 2);
}

class SmolLm2Test : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(std::string(kModel) + "/model.safetensors") ||
        !std::filesystem::exists(kReference)) {
      GTEST_SKIP() << "skipped: no data (./drover fetch smollm2, and " << kReference << ")";
    }
    cases_ = Json::parse(ReadFile(kReference).value())["cases"];
    ASSERT_FALSE(cases_.empty());
  }

  // Runs `drover COMMAND --model ... IN_FLAG in.jsonl --out out.jsonl` over a line a case; the lines of the answer, in the
  // order of the cases.
  std::vector<Json> Answers(const std::string& command, const std::string& in_flag, const std::string& in,
                            const std::vector<std::string>& flags) {
    const std::string in_path = TestFolder() + "/in.jsonl", out_path = TestFolder() + "/out.jsonl";
    EXPECT_TRUE(WriteFileAtomically(in_path, in).ok());
    std::vector<std::string> arguments = {command, "--model", kModel, in_flag, in_path, "--out", out_path};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Answer answer = Drover(arguments, "", absl::Minutes(4));
    EXPECT_EQ(answer.status, 0) << answer.errors;
    std::vector<Json> lines = run::ReadJsonl(out_path).value_or(std::vector<Json>());
    EXPECT_EQ(lines.size(), cases_.size());
    std::sort(lines.begin(), lines.end(), [](const Json& a, const Json& b) {
      return std::stoi(a["id"].get<std::string>()) < std::stoi(b["id"].get<std::string>());
    });
    return lines;
  }

  // The reference's prompts, scored.
  std::vector<Json> Scores(const std::vector<std::string>& flags) {
    std::string in;
    for (size_t i = 0; i < cases_.size(); ++i) {
      in += Json({{"id", absl::StrCat(i)}, {"token_ids", cases_[i]["ids"]}}).dump() + "\n";
    }
    return Answers("score", "--in", in, flags);
  }

  // What follows them greedily.
  std::vector<Json> Greedy(std::vector<std::string> flags) {
    std::string in;
    for (size_t i = 0; i < cases_.size(); ++i) {
      in += Json({{"id", absl::StrCat(i)}, {"prompt_token_ids", cases_[i]["ids"]}}).dump() + "\n";
    }
    flags.insert(flags.end(), {"--temperature", "0"});
    return Answers("generate", "--prompts", in, flags);
  }

  Json cases_;
};

TEST_F(SmolLm2Test, TokenizesAndBack) {
  std::string texts, ids;
  for (const Json& c : cases_) {
    texts += c["text"].dump() + "\n";
    ids += c["ids"].dump() + "\n";
  }
  const Answer tokenized = Drover({"tokenize", "--model", kModel}, texts);
  ASSERT_EQ(tokenized.status, 0) << tokenized.errors;
  std::istringstream lines(tokenized.output);
  std::string line;
  for (const Json& c : cases_) {
    ASSERT_TRUE(std::getline(lines, line));
    EXPECT_EQ(Json::parse(line), c["ids"]) << c["text"];
  }
  const Answer back = Drover({"detokenize", "--model", kModel}, ids);
  ASSERT_EQ(back.status, 0) << back.errors;
  std::istringstream back_lines(back.output);
  for (const Json& c : cases_) {
    ASSERT_TRUE(std::getline(back_lines, line));
    EXPECT_EQ(Json::parse(line), c["text"]);
  }
}

TEST_F(SmolLm2Test, ScoresLikeTheReference) {
  const std::vector<Json> scores = Scores({"--dtype", "float32", "--top", "50"});
  ASSERT_EQ(scores.size(), cases_.size());
  for (size_t i = 0; i < scores.size(); ++i) {
    const Json &got = scores[i], &want = cases_[i];
    EXPECT_EQ(got["id"], absl::StrCat(i));
    ASSERT_EQ(got["logprobs"].size(), want["prompt_logprobs"].size());
    for (size_t t = 0; t < want["prompt_logprobs"].size(); ++t) {
      EXPECT_NEAR(got["logprobs"][t], want["prompt_logprobs"][t], 2e-3) << "case " << i << " position " << t;
    }
    ASSERT_EQ(got["top_ids"].size(), 50u);
    EXPECT_EQ(got["top_ids"][0], want["last_logits"]["ids"][0]);
    for (size_t k = 0; k < 50; ++k) {
      EXPECT_NEAR(got["top_logits"][k], want["last_logits"]["values"][k], 5e-3)
          << "case " << i << " rank " << k;
    }
  }
}

TEST_F(SmolLm2Test, GeneratesGreedilyLikeTheReference) {
  const std::vector<Json> answers = Greedy({"--dtype", "float32", "--max-new-tokens", "32"});
  ASSERT_EQ(answers.size(), cases_.size());
  for (size_t i = 0; i < answers.size(); ++i) {
    const Json &got = answers[i]["token_ids"], &want = cases_[i]["greedy_ids"];
    ASSERT_FALSE(got.empty());
    for (size_t t = 0; t < got.size(); ++t) {
      if (got[t] != want[t] && cases_[i]["greedy_leads"][t] < kTinyLead)
        break;  // another continuation from here
      ASSERT_EQ(got[t], want[t]) << "case " << i << " token " << t;
      EXPECT_NEAR(answers[i]["logprobs"][t], cases_[i]["greedy_logprobs"][t], 2e-3);
      // The reference goes on past it.
      if (got[t] == kEndOfSequence) {
        EXPECT_EQ(t + 1, got.size());
      }
    }
    EXPECT_EQ(answers[i]["finish_reason"], got.back() == kEndOfSequence ? "stop" : "length");
  }
}

TEST_F(SmolLm2Test, ScoresInBfloat16NearTheReference) {
  const std::vector<Json> scores = Scores({"--dtype", "bfloat16"});
  ASSERT_EQ(scores.size(), cases_.size());
  std::vector<double> distances;
  for (size_t i = 0; i < scores.size(); ++i) {
    ASSERT_EQ(scores[i]["logprobs"].size(), cases_[i]["prompt_logprobs"].size());
    for (size_t t = 0; t < scores[i]["logprobs"].size(); ++t) {
      distances.push_back(
          std::abs(scores[i]["logprobs"][t].get<double>() - cases_[i]["prompt_logprobs"][t].get<double>()));
    }
  }
  EXPECT_LE(Median(distances), kBfloat16MedianDistance);
  EXPECT_GT(Median(distances), 0.0) << "bfloat16 was not what computed";
}

// A prompt whose choice differs where the reference itself hardly preferred its own counts as equal, and is looked at no
// further.
TEST_F(SmolLm2Test, GeneratesInBfloat16LikeTheReference) {
  const std::vector<Json> answers =
      Greedy({"--dtype", "bfloat16", "--max-new-tokens", absl::StrCat(kBfloat16Tokens)});
  ASSERT_EQ(answers.size(), cases_.size());
  size_t equal = 0, literally = 0;
  std::vector<double> distances;
  for (size_t i = 0; i < answers.size(); ++i) {
    const Json &got = answers[i]["token_ids"], &want = cases_[i]["greedy_ids"];
    ASSERT_FALSE(got.empty());
    size_t same = 0;
    for (; same < got.size() && got[same] == want[same]; ++same) {
      distances.push_back(std::abs(answers[i]["logprobs"][same].get<double>() -
                                   cases_[i]["greedy_logprobs"][same].get<double>()));
    }
    const bool whole = same == got.size() && (same == kBfloat16Tokens || got.back() == kEndOfSequence);
    literally += whole;
    equal += whole || (same < got.size() && cases_[i]["greedy_leads"][same] < kTinyLead);
  }
  const double prompts = static_cast<double>(answers.size());
  EXPECT_GE(static_cast<double>(equal) / prompts, kBfloat16Share) << literally << " literally";
  EXPECT_LE(Median(distances), kBfloat16MedianDistance);
}

}  // namespace
}  // namespace drover::system_test
