#include "model/post_processor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/status/status.h"

namespace drover::model {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kMaxId = 1000;

// As Llama 3's tokenizer.json has it, inside a Sequence behind ByteLevel.
json Llama3() {
  return json::parse(R"({"type": "Sequence", "processors": [
    {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": false, "use_regex": true},
    {"type": "TemplateProcessing",
     "single": [{"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
     "pair": [{"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
              {"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 1}}],
     "special_tokens": {"<|begin_of_text|>": {"id": "<|begin_of_text|>", "ids": [128], "tokens": ["<|begin_of_text|>"]}}
    }]})");
}

std::vector<uint32_t> Applied(const json& value, std::vector<uint32_t> ids) {
  const auto processor = ParsePostProcessor(value, kMaxId);
  EXPECT_TRUE(processor.ok()) << processor.status();
  if (processor.ok()) processor->Apply(ids);
  return ids;
}

TEST(PostProcessor, ATemplateIsPutAroundTheText) {
  EXPECT_THAT(Applied(Llama3(), {5, 6}), ElementsAre(128, 5, 6));
  EXPECT_THAT(Applied(Llama3(), {}), ElementsAre(128));
  json both = Llama3()["processors"][1];
  both["single"].push_back({{"SpecialToken", {{"id", "</s>"}}}});
  both["special_tokens"]["</s>"] = {{"id", "</s>"}, {"ids", {7, 8}}, {"tokens", {"a", "b"}}};
  EXPECT_THAT(Applied(both, {5}), ElementsAre(128, 5, 7, 8));
  EXPECT_THAT(Applied({{"type", "ByteLevel"}}, {5}), ElementsAre(5));
  for (const char* type : {"BertProcessing", "RobertaProcessing"}) {
    EXPECT_THAT(Applied({{"type", type}, {"cls", {"<s>", 0}}, {"sep", {"</s>", 2}}}, {5}),
                ElementsAre(0, 5, 2));
  }
}

TEST(PostProcessor, NeverTwice) {
  EXPECT_THAT(Applied(Llama3(), {128, 5}), ElementsAre(128, 5));
  EXPECT_THAT(Applied(Llama3(), {5, 128}), ElementsAre(128, 5, 128));
  const json pair = {{"type", "BertProcessing"}, {"cls", {"<s>", 0}}, {"sep", {"</s>", 2}}};
  EXPECT_THAT(Applied(pair, {0, 5}), ElementsAre(0, 5, 2));
  EXPECT_THAT(Applied(pair, {5, 2}), ElementsAre(0, 5, 2));
}

TEST(PostProcessor, OneOfASequenceMayAddTokens) {
  const json bert = {{"type", "BertProcessing"}, {"cls", {"a", 1}}, {"sep", {"b", 2}}};
  const json bytes = {{"type", "ByteLevel"}};
  const auto sequence = [](const json& processors) {
    return json{{"type", "Sequence"}, {"processors", processors}};
  };
  EXPECT_THAT(Applied(sequence({bytes, bert, bytes}), {9}), ElementsAre(1, 9, 2));
  EXPECT_THAT(Applied(sequence({bytes, sequence(json::array({bert}))}), {9}), ElementsAre(1, 9, 2));
  EXPECT_THAT(Applied(sequence(json::array()), {9}), ElementsAre(9));
  EXPECT_EQ(ParsePostProcessor(sequence({bert, bert}), kMaxId).status().code(),
            absl::StatusCode::kUnimplemented);
}

TEST(PostProcessor, BrokenOnesAreErrorsByField) {
  const json good = Llama3()["processors"][1];
  struct {
    const char* pointer;
    json content;
    const char* why;
  } cases[] = {
      {"/single", "A", "post_processor.single is \"A\", must be an array"},
      {"/single/0", 7, "post_processor.single[0] is 7, must be an object"},
      {"/single/0", {{"Sequence", {{"id", "B"}}}}, "must be a template with one Sequence"},
      {"/single/1", {{"SpecialToken", {{"id", "</s>"}}}}, "must be an object with </s>"},
      {"/special_tokens/<|begin_of_text|>/ids", 128, "ids is 128, must be an array of ids"},
      {"/special_tokens/<|begin_of_text|>/ids", {-1}, "is -1, must be an integer from 0 to 1000"},
      {"/special_tokens/<|begin_of_text|>/ids", {1001}, "is 1001, must be an integer from 0 to 1000"},
      {"/special_tokens", nullptr, "post_processor.special_tokens is missing"},
  };
  for (const auto& c : cases) {
    json value = good;
    value[json::json_pointer(c.pointer)] = c.content;
    const absl::Status status = ParsePostProcessor(value, kMaxId).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.pointer;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.why));
  }
  const absl::Status other = ParsePostProcessor({{"type", "Whatever"}}, kMaxId).status();
  EXPECT_EQ(other.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(other.message()), HasSubstr("post_processor.type is \"Whatever\""));
}

}  // namespace
}  // namespace drover::model
