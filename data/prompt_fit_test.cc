#include "data/prompt_fit.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace drover::data {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(JudgePromptTest, LengthAndCharacters) {
  const auto tokenizer = model::Tokenizer::Parse(model::CharacterTokenizerJson("0123456789+=")).value();
  const PromptLimits limits = {.max_tokens = 4, .vocabulary = 14};
  EXPECT_EQ(JudgePrompt(*tokenizer, limits, "1+1=")->fit, PromptFit::kFits);
  const PromptVerdict longer = JudgePrompt(*tokenizer, limits, "1+1+1").value();
  EXPECT_EQ(longer.fit, PromptFit::kTooLong);
  EXPECT_EQ(longer.why, "the prompt has 5 tokens, at most 4 may be used");
  const PromptVerdict accented = JudgePrompt(*tokenizer, limits, "1+\xC3\xA9").value();
  EXPECT_EQ(accented.fit, PromptFit::kUnspelled);
  EXPECT_THAT(accented.why, HasSubstr("'\xC3\xA9' (U+00E9) is not in the tokenizer's alphabet"));
  EXPECT_EQ(JudgePrompt(*tokenizer, limits, "")->fit, PromptFit::kUnspelled);
}

TEST(JudgePromptTest, SpecialTokensCount) {
  nlohmann::json json = nlohmann::json::parse(model::CharacterTokenizerJson("0123456789+="));
  json["post_processor"] = {{"type", "BertProcessing"}, {"cls", {"<pad>", 0}}, {"sep", {"<eos>", 1}}};
  const auto tokenizer = model::Tokenizer::Parse(json.dump()).value();
  PromptLimits limits = {.max_tokens = 4, .vocabulary = 14};
  EXPECT_EQ(JudgePrompt(*tokenizer, limits, "1+1")->fit, PromptFit::kFits);
  v1::DataSettings settings;
  limits.encoding = PromptEncoding(settings);
  EXPECT_EQ(JudgePrompt(*tokenizer, limits, "1+1")->fit, PromptFit::kTooLong);
  EXPECT_EQ(JudgePrompt(*tokenizer, limits, "1+")->fit, PromptFit::kFits);
  settings.set_add_special_tokens(false);
  limits.encoding = PromptEncoding(settings);
  EXPECT_EQ(JudgePrompt(*tokenizer, limits, "1+1")->fit, PromptFit::kFits);
}

TEST(JudgePromptTest, ATokenThatTheModelLacksIsAnErrorWithBothSizes) {
  const auto tokenizer = model::Tokenizer::Parse(model::CharacterTokenizerJson("0123456789+=")).value();
  const PromptLimits limits = {.max_tokens = 9, .vocabulary = 13};  // no embedding for "="
  EXPECT_EQ(JudgePrompt(*tokenizer, limits, "1+1")->fit, PromptFit::kFits);
  const absl::Status status = JudgePrompt(*tokenizer, limits, "1+1=2").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("token 3 of its prompt, \"=\", has id 13"),
                    HasSubstr("the model has embeddings for 13 ids and the tokenizer 14")));
}

}  // namespace
}  // namespace drover::data
