#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

#include "base/file.h"
#include "model/safetensors.h"
#include "model/testing/tiny_models.h"
#include "model/tokenizer.h"
#include "model/weight_set.h"
#include "programs/model/generate_command.h"
#include "programs/model/lines.h"
#include "programs/model/score_command.h"

namespace drover::model_tool {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kAlphabet[] =
    "abcdefghijklmnopqrstuvwxyz012345678";  // with <pad>, <eos>: the tiny model's vocabulary

class ModelToolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "model_tool_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    const model::ModelConfig config = model::testing::TinyConfig();
    transformer_ = model::testing::TinyModel(config);
    Write("config.json", model::ModelConfigJson(config));
    const model::WeightSet weights = transformer_->Export().value();
    ASSERT_TRUE(model::WriteSafetensors(dir_ + "/model.safetensors", model::WeightViews(weights)).ok());
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  void WriteTokenizer() { Write("tokenizer.json", model::CharacterTokenizerJson(kAlphabet)); }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(dir_ + "/" + name, text).ok());
  }
  std::vector<json> Output() {
    std::vector<json> lines;
    std::istringstream in(ReadFile(dir_ + "/out.jsonl").value());
    for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
    return lines;
  }
  bool OutputExists() {
    return std::filesystem::exists(dir_ + "/out.jsonl") || std::filesystem::exists(dir_ + "/out.jsonl.part");
  }

  GenerateOptions Generating(const std::string& prompts) {
    Write("in.jsonl", prompts);
    GenerateOptions options;
    options.model.dir = dir_;
    options.model.device = "cpu";
    options.prompts = dir_ + "/in.jsonl";
    options.out = dir_ + "/out.jsonl";
    options.max_new_tokens = 12;
    return options;
  }
  ScoreOptions Scoring(const std::string& lines) {
    Write("in.jsonl", lines);
    ScoreOptions options;
    options.model.dir = dir_;
    options.model.device = "cpu";
    options.in = dir_ + "/in.jsonl";
    options.out = dir_ + "/out.jsonl";
    return options;
  }

  std::string dir_;
  std::unique_ptr<model::Transformer> transformer_;
};

TEST_F(ModelToolTest, GeneratesInOrderAndScoresTheSame) {
  std::string prompts;
  for (int i = 0; i < 40; ++i)
    prompts += json({{"id", i}, {"prompt_token_ids", {2 + i % 30, 5, 9}}}).dump() + "\n";
  GenerateOptions options = Generating(prompts);
  options.n = 3;
  options.max_batch = 7;
  ASSERT_TRUE(Generate(options).ok());
  const std::vector<json> lines = Output();
  ASSERT_EQ(lines.size(), 120u);
  std::string to_score;
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i]["id"], i / 3);
    EXPECT_EQ(lines[i]["index"], i % 3);
    EXPECT_TRUE(lines[i]["text"].is_null());
    const bool eos = lines[i]["token_ids"].back() == 1;
    EXPECT_EQ(lines[i]["finish_reason"], eos ? "stop" : "length");
    json ids = lines[i]["prompt_token_ids"];
    for (const json& id : lines[i]["token_ids"]) ids.push_back(id);
    to_score += json({{"id", std::to_string(i)}, {"token_ids", ids}}).dump() + "\n";
  }
  // The learner's path gives what the actor recorded.
  ASSERT_TRUE(Score(Scoring(to_score)).ok());
  const std::vector<json> scores = Output();
  ASSERT_EQ(scores.size(), lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(scores[i]["id"], std::to_string(i));
    const json& recorded = lines[i]["logprobs"];
    ASSERT_EQ(scores[i]["logprobs"].size(), 2 + recorded.size());
    for (size_t t = 0; t < recorded.size(); ++t) EXPECT_NEAR(scores[i]["logprobs"][2 + t], recorded[t], 1e-5);
  }
}

// What the lines of an evaluation are made of: the same responses, whatever their order and however much of them is written.
TEST_F(ModelToolTest, UnorderedAndBriefLinesSayTheSame) {
  WriteTokenizer();
  std::string prompts;
  for (int i = 0; i < 20; ++i) {
    prompts += json({{"id", i},
                     {"prompt", std::string(1 + i % 5, 'a' + i)},
                     {"response_count", 1 + i % 2},
                     {"random_group", 1000 - i}})
                   .dump() +
               "\n";
  }
  GenerateOptions options = Generating(prompts);
  options.max_batch = 4;
  ASSERT_TRUE(Generate(options).ok());
  std::map<std::string, json> whole;
  for (const json& line : Output()) whole[line["id"].dump() + "/" + line["index"].dump()] = line;
  EXPECT_EQ(whole.size(), 30u);
  options.unordered = options.brief = true;
  ASSERT_TRUE(Generate(options).ok());
  const std::vector<json> lines = Output();
  ASSERT_EQ(lines.size(), whole.size());
  int last = -1, out_of_order = 0;
  for (const json& line : lines) {
    const json& same = whole.at(line["id"].dump() + "/" + line["index"].dump());
    EXPECT_EQ(line["text"], same["text"]);
    EXPECT_EQ(line["tokens"], same["token_ids"].size());
    EXPECT_EQ(line["finish_reason"], same["finish_reason"]);
    EXPECT_FALSE(line.contains("token_ids"));
    out_of_order += line["id"].get<int>() < last ? 1 : 0;
    last = line["id"].get<int>();
  }
  EXPECT_GT(out_of_order, 0);
}

// A group's random numbers are those that its line names, wherever it stands.
TEST_F(ModelToolTest, RandomGroupsAreNamed) {
  GenerateOptions options = Generating("{\"prompt_token_ids\":[3,4]}\n{\"prompt_token_ids\":[5,6]}\n");
  ASSERT_TRUE(Generate(options).ok());
  const json second = Output()[1]["token_ids"];
  options = Generating("{\"prompt_token_ids\":[5,6],\"random_group\":1}\n");
  ASSERT_TRUE(Generate(options).ok());
  EXPECT_EQ(Output()[0]["token_ids"], second);
  for (const char* wrong : {"{\"prompt_token_ids\":[5],\"random_group\":-1}",
                            "{\"prompt_token_ids\":[5],\"response_count\":0}"}) {
    EXPECT_EQ(Generate(Generating(wrong)).code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(ModelToolTest, ResponsesFitTheContextWhereAsked) {
  const auto prompt = [](int tokens) {
    return json({{"prompt_token_ids", std::vector<int>(tokens, 7)}}).dump() + "\n";
  };
  GenerateOptions options = Generating(prompt(94) + prompt(96) + prompt(120) + prompt(3));
  EXPECT_EQ(Generate(options).code(), absl::StatusCode::kInvalidArgument);  // the context has 96 tokens
  options.fit_context = true;
  ASSERT_TRUE(Generate(options).ok());
  const std::vector<json> lines = Output();
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_LE(lines[0]["token_ids"].size(), 2u);
  for (const int none : {1, 2}) {
    EXPECT_TRUE(lines[none]["token_ids"].empty());
    EXPECT_EQ(lines[none]["finish_reason"], "length");
  }
  EXPECT_GT(lines[3]["token_ids"].size(), 2u);
}

TEST_F(ModelToolTest, ScoresLikeTheDefinition) {
  const std::vector<int64_t> ids = {3, 17, 5, 30};
  ScoreOptions options =
      Scoring(json({{"id", nullptr}, {"token_ids", ids}}).dump() + "\n\n{\"token_ids\":[4]}\n");
  options.top = 5;
  ASSERT_TRUE(Score(options).ok());
  const std::vector<json> lines = Output();
  ASSERT_EQ(lines.size(), 2u);
  const auto logits =
      model::testing::NaiveLogits(transformer_->config(), model::testing::ToNaive(*transformer_), ids);
  ASSERT_EQ(lines[0]["logprobs"].size(), 3u);
  for (size_t t = 0; t < 3; ++t) {
    EXPECT_NEAR(lines[0]["logprobs"][t], model::testing::NaiveLogSoftmax(logits[t])[ids[t + 1]], 1e-5);
  }
  std::vector<double> sorted = logits[3];
  std::sort(sorted.rbegin(), sorted.rend());
  for (size_t k = 0; k < 5; ++k) {
    EXPECT_NEAR(lines[0]["top_logits"][k], sorted[k], 2e-5);
    EXPECT_NEAR(logits[3][lines[0]["top_ids"][k].get<size_t>()], sorted[k], 2e-5);
  }
  EXPECT_TRUE(lines[1]["logprobs"].empty());
  EXPECT_EQ(lines[1]["top_ids"].size(), 5u);
}

TEST_F(ModelToolTest, TextsGoThroughTemplateAndStopTexts) {
  WriteTokenizer();
  GenerateOptions options =
      Generating("{\"id\":\"x\",\"prompt\":\"abc\"}\n{\"id\":\"y\",\"prompt_token_ids\":[2]}\n");
  options.prompt_template = "q{question}z";
  ASSERT_TRUE(Generate(options).ok());
  std::vector<json> lines = Output();
  EXPECT_EQ(lines[0]["prompt_token_ids"], json({18, 2, 3, 4, 27}));  // q, a, b, c, z
  EXPECT_EQ(lines[1]["prompt_token_ids"], json({2}));
  const std::string text = lines[0]["text"];
  ASSERT_GT(text.size(), 3u);
  options.stop = {text.substr(1, 2)};
  ASSERT_TRUE(Generate(options).ok());
  lines = Output();
  EXPECT_EQ(lines[0]["text"], text.substr(0, text.find(options.stop[0])));
  EXPECT_EQ(lines[0]["finish_reason"], "stop");
}

TEST_F(ModelToolTest, SpecialTokensStandAroundTexts) {
  json tokenizer = json::parse(model::CharacterTokenizerJson(kAlphabet));
  tokenizer["post_processor"] = {
      {"type", "TemplateProcessing"},
      {"single", {{{"SpecialToken", {{"id", "<pad>"}}}}, {{"Sequence", {{"id", "A"}}}}}},
      {"special_tokens", {{"<pad>", {{"id", "<pad>"}, {"ids", {0}}, {"tokens", {"<pad>"}}}}}}};
  Write("tokenizer.json", tokenizer.dump());
  GenerateOptions options =
      Generating("{\"prompt\":\"ab\"}\n{\"prompt\":\"<pad>ab\"}\n{\"prompt_token_ids\":[2]}\n");
  ASSERT_TRUE(Generate(options).ok());
  EXPECT_EQ(Output()[0]["prompt_token_ids"], json({0, 2, 3}));
  EXPECT_EQ(Output()[1]["prompt_token_ids"], json({0, 2, 3}));
  EXPECT_EQ(Output()[2]["prompt_token_ids"], json({2}));
  options.add_special_tokens = false;
  ASSERT_TRUE(Generate(options).ok());
  EXPECT_EQ(Output()[0]["prompt_token_ids"], json({2, 3}));
}

TEST_F(ModelToolTest, TheModelsOwnChatTemplate) {
  WriteTokenizer();
  GenerateOptions options = Generating("{\"prompt\":\"ab\"}\n");
  options.prompt_template = "chat";
  const absl::Status status = Generate(options);
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("has no chat template"));
  Write("chat_template.jinja", "q{{ messages[0].content }}z");
  ASSERT_TRUE(Generate(options).ok());
  EXPECT_EQ(Output()[0]["prompt_token_ids"], json({18, 2, 3, 27}));  // q, a, b, z
}

TEST_F(ModelToolTest, SeedAndPlaceDecideTheResponses) {
  const std::string prompt = "{\"id\":0,\"prompt_token_ids\":[7,8]}\n";
  GenerateOptions options = Generating(prompt + prompt);
  options.seed = 5;
  ASSERT_TRUE(Generate(options).ok());
  const std::vector<json> first = Output();
  EXPECT_NE(first[0]["token_ids"], first[1]["token_ids"]);
  options.max_batch = 1;
  ASSERT_TRUE(Generate(options).ok());
  EXPECT_EQ(Output()[1]["token_ids"], first[1]["token_ids"]);
  options.seed = 6;
  ASSERT_TRUE(Generate(options).ok());
  EXPECT_NE(Output()[0]["token_ids"], first[0]["token_ids"]);
}

TEST_F(ModelToolTest, ErrorsNameFileAndLineAndLeaveNoOutput) {
  const std::string good = "{\"id\":0,\"prompt_token_ids\":[7]}\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {good + "{\"id\":1}", "in.jsonl:2: must have either \"prompt\" or \"prompt_token_ids\""},
      {good + "\n{oops", "in.jsonl:3: "},
      {"[1]", "in.jsonl:1: is [1], must be a JSON object"},
      {good + "{\"prompt_token_ids\":[1,-2]}", "in.jsonl:2: element 1 of \"prompt_token_ids\" is -2"},
      {"{\"prompt_token_ids\":[99]}",
       "in.jsonl:1: a prompt token is 99, must be below the vocabulary's size 37"},
      {"{\"prompt_token_ids\":\"abc\"}", "in.jsonl:1: \"prompt_token_ids\" is \"abc\", must be an array"},
      {"{\"prompt_token_ids\":[]}", "in.jsonl:1: the prompt has no tokens"},
      {"{\"prompt\":\"abc\"}", "in.jsonl:1: \"prompt\" is a text, but the model has no tokenizer.json"},
      {"{\"id\":[1],\"prompt_token_ids\":[3]}",
       "in.jsonl:1: \"id\" is [1], must be a string, a number or null"},
  };
  for (const auto& [prompts, why] : cases) {
    const absl::Status status = Generate(Generating(prompts));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << why;
    EXPECT_THAT(std::string(status.message()), HasSubstr(why));
    EXPECT_FALSE(OutputExists());
  }
  EXPECT_THAT(std::string(Score(Scoring("{\"token_ids\":[3]}\n{\"token_ids\":[37]}")).message()),
              HasSubstr("in.jsonl:2: element 0 of \"token_ids\" is 37, must be an integer from 0 to 36"));
  EXPECT_THAT(std::string(Score(Scoring("{\"token_ids\":[]}")).message()),
              HasSubstr("has 0 tokens, must have 1 to 96"));
  GenerateOptions options = Generating(good);
  options.max_new_tokens = 96;
  EXPECT_THAT(std::string(Generate(options).message()), HasSubstr("in.jsonl:1: the prompt's 1 tokens and"));
  options.max_new_tokens.reset();  // what the context leaves
  EXPECT_TRUE(Generate(options).ok());
  options.prompt_template = "nothing";
  EXPECT_THAT(std::string(Generate(options).message()), HasSubstr("--template: "));
  options = Generating(good);
  options.prompts = dir_ + "/missing.jsonl";
  EXPECT_EQ(Generate(options).code(), absl::StatusCode::kNotFound);
  options = Generating(good);
  options.model.dir = dir_ + "/missing";
  EXPECT_EQ(Generate(options).code(), absl::StatusCode::kNotFound);
}

// Whatever is wrong with a model's directory is bad input.
TEST_F(ModelToolTest, ModelsThatCannotBeReadAreBadInput) {
  const auto expect_bad = [&](const std::string& why) {
    for (const absl::Status& status :
         {Generate(Generating("{\"prompt_token_ids\":[2]}\n")), Score(Scoring("{\"token_ids\":[2,3]}\n"))}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
      EXPECT_THAT(std::string(status.message()), HasSubstr(why));
      EXPECT_FALSE(OutputExists());
    }
  };
  const std::string config = ReadFile(dir_ + "/config.json").value();
  json other = json::parse(config);
  other["model_type"] = "gpt2";
  Write("config.json", other.dump());
  expect_bad("model_type is \"gpt2\"");
  other = json::parse(config);
  other["quantization_config"] = {{"bits", 4}};
  Write("config.json", other.dump());
  expect_bad("quantization_config");
  Write("config.json", config);
  Write("tokenizer.json", R"({"model":{"type":"Unigram"}})");
  expect_bad("tokenizer.json");
  std::filesystem::resize_file(dir_ + "/tokenizer.json", uint64_t{33} << 20);
  expect_bad("tokenizer.json");
}

TEST_F(ModelToolTest, NumbersThatAreNotFiniteAreErrors) {
  const auto set_norm = [&](float value) {
    at::NoGradGuard no_grad;
    transformer_->weights().at("model.norm.weight").detach().fill_(value);
    const model::WeightSet weights = transformer_->Export().value();
    ASSERT_TRUE(model::WriteSafetensors(dir_ + "/model.safetensors", model::WeightViews(weights)).ok());
  };
  set_norm(NAN);
  absl::Status status = Score(Scoring("{\"token_ids\":[2,3]}\n"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("tensor model.norm.weight: element 0 is nan"));
  set_norm(3e38f);  // finite, but no logit is
  status = Score(Scoring("{\"token_ids\":[2]}\n{\"token_ids\":[2,3]}\n"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("in.jsonl:2: the log-probability of token 1 is "));
  EXPECT_FALSE(OutputExists());
}

}  // namespace
}  // namespace drover::model_tool
