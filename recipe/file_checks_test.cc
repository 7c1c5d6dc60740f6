#include "recipe/file_checks.h"

#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/testing/model_directory.h"
#include "model/tokenizer.h"
#include "recipe/testing/small_recipe.h"

namespace drover::recipe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

class FileChecksTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / "file_checks";
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  static Problems Find(const std::vector<std::string>& overrides) {
    v1::Recipe recipe = GoodRecipe();
    Problems problems;
    ApplyOverrides(overrides, recipe, problems);
    FindProblems(recipe, {}, problems);
    return problems;
  }
  static std::vector<std::string> Check(const std::vector<std::string>& overrides) {
    return Find(overrides).texts();
  }
  static std::vector<std::string> Warnings(const std::vector<std::string>& overrides) {
    const Problems problems = Find(overrides);
    EXPECT_THAT(problems.texts(), ElementsAre());
    return problems.warnings();
  }
  // A whole directory whose tokenizer has `alphabet`; its model has 32 ids and 64 positions.
  std::string WriteModel(const model::ModelConfig& config, const std::string& alphabet = kAlphabet) {
    const std::string dir = (folder_ / "model").string();
    model::testing::WriteModelDirectory(dir, config, model::testing::FilledWeights(config));
    std::ofstream(dir + "/tokenizer.json") << model::CharacterTokenizerJson(alphabet);
    return "model.path=" + dir;
  }
  static constexpr char kAlphabet[] = "0123456789+-*=,;:#. \n";
  fs::path folder_;
};

TEST_F(FileChecksTest, PartsOfAModel) {
  const std::string set = "model.path=" + folder_.string();
  EXPECT_THAT(
      Check({"model.path=/does/not/exist"}),
      ElementsAre(HasSubstr("model.path: got `/does/not/exist`, which is not there; may be a Hugging Face "
                            "directory, or empty for a new model")));
  EXPECT_THAT(Check({"model.path=" + Write("file", "x")}), ElementsAre(HasSubstr("which is no folder")));
  EXPECT_THAT(Check({set}), ElementsAre(HasSubstr("which has no config.json")));
  Write("config.json", "{");
  EXPECT_THAT(Check({set}), ElementsAre(HasSubstr("which has no tokenizer.json")));
  Write("tokenizer.json", "{}");
  EXPECT_THAT(Check({set}), ElementsAre(HasSubstr("which has no model.safetensors")));
  Write("model.safetensors", "");
  EXPECT_THAT(Check({set}), ElementsAre(testing::StartsWith("model.path: "), HasSubstr("/tokenizer.json: ")));
}

TEST_F(FileChecksTest, WeightsAndTokenizerOfAModel) {
  model::ModelConfig config = model::testing::SmallConfig();
  const std::string set = WriteModel(config);
  EXPECT_THAT(Warnings({set}), ElementsAre());
  EXPECT_THAT(
      Check({set, "rollout.max_response_tokens=49"}),
      ElementsAre(HasSubstr("that is 65 tokens; may be at most the model's max_position_embeddings = 64")));
  auto tensors = model::testing::FilledWeights(config);
  tensors.erase("model.norm.weight");
  model::testing::WriteModelDirectory((folder_ / "model").string(), config, tensors);
  Write("model/tokenizer.json", R"({"model":{"type":"Unigram"}})");
  EXPECT_THAT(Check({set}), ElementsAre(HasSubstr("tensor model.norm.weight is missing"),
                                        HasSubstr("model/tokenizer.json: ")));
  config.model_type = "mistral";
  config.layers = {{.window = true}};
  config.sliding_window = 40;  // shorter than prompt and response
  WriteModel(config);
  EXPECT_THAT(Check({set}), ElementsAre());
}

TEST_F(FileChecksTest, WhatIsPassedOverInAModelIsAWarning) {
  model::ModelConfig config = model::testing::SmallConfig();
  config.eos_token_ids = {1, 40};
  const std::string set = WriteModel(config);
  auto tensors = model::testing::FilledWeights(config);
  tensors["lm_head.weight"] = model::testing::Floats({config.vocab_size, config.hidden_size}, {1});
  const std::string tokenizer = ReadFile(folder_ / "model/tokenizer.json").value();
  model::testing::WriteModelDirectory((folder_ / "model").string(), config, tensors);
  Write("model/tokenizer.json", tokenizer);
  EXPECT_THAT(Warnings({set}), ElementsAre(HasSubstr("eos_token_id has 40"), HasSubstr("lm_head.weight")));
}

TEST_F(FileChecksTest, AModelOfAdapters) {
  const model::ModelConfig config = model::testing::SmallConfig();
  WriteModel(config);
  const std::string base = (folder_ / "model").string(), dir = (folder_ / "adapters").string();
  const std::vector<int64_t> shape = {config.intermediate_size, config.hidden_size};
  constexpr char kUp[] = "model.layers.0.mlp.up_proj.weight";
  model::testing::WriteLoraDirectory(dir, base, kUp, shape);
  const std::string set = "model.path=" + dir;
  EXPECT_THAT(Warnings({set}), ElementsAre());
  EXPECT_THAT(Check({set, "rollout.max_response_tokens=49"}), testing::SizeIs(1))
      << "by its base's positions";
  EXPECT_THAT(Check({set, "learner.lora.rank=4", "pretrain.batches=0"}),
              ElementsAre(testing::AllOf(HasSubstr("need a whole model under them"),
                                         HasSubstr("drover checkpoint export " + dir + " --merge"))));
  model::testing::WriteLoraDirectory(dir, base, kUp, {shape[0], shape[1] + 1});
  EXPECT_THAT(Check({set}),
              ElementsAre(HasSubstr("model.path: " + dir + ": tensor base_model.model.model.layers.0")));
  model::testing::WriteLoraDirectory(dir, base + "-gone", kUp, shape);
  EXPECT_THAT(Check({set}), ElementsAre(HasSubstr("is no folder here; put its path there")));
}

TEST_F(FileChecksTest, TheModelsChatTemplate) {
  const std::string set = WriteModel(model::testing::SmallConfig());
  EXPECT_THAT(Check({set, "data.template=chat"}),
              ElementsAre(testing::AllOf(HasSubstr("data.template: got `chat`: "),
                                         HasSubstr("has no chat template"))));
  Write("model/chat_template.jinja", "{{ messages[0].content }}{% include 'x' %}");
  EXPECT_THAT(Check({set, "data.template=chat"}),
              ElementsAre(HasSubstr("chat_template.jinja: line 1: {% include %} is not known here")));
  Write("model/chat_template.jinja", "#{{ messages[0].content }}#");
  EXPECT_THAT(Warnings({set, "data.template=chat"}), ElementsAre());
  EXPECT_THAT(Warnings({set}), ElementsAre()) << "nobody asks for it";
}

TEST_F(FileChecksTest, IdsPastTheVocabulary) {
  model::ModelConfig config = model::testing::SmallConfig();
  // Two special tokens and these: the last two of 34 have no embedding.
  const std::string set = WriteModel(config, "0123456789+-*=,;:#. \nabcdefghijk");
  EXPECT_THAT(Warnings({set}),
              ElementsAre(HasSubstr("the tokenizer has 34 ids, but the model has embeddings for 32")));
  std::string lines;
  for (int i = 0; i < 59; ++i) lines += "{\"problem\":\"1+" + std::to_string(i) + "\",\"answer\":1}\n";
  const std::string file = Write("q.jsonl", lines);
  EXPECT_THAT(Warnings({set, "data.train=" + file}), testing::SizeIs(1));
  Write("q.jsonl", lines + "{\"problem\":\"1+k\",\"answer\":1}\n");
  EXPECT_THAT(
      Check({set, "data.train=" + file}),
      ElementsAre(testing::AllOf(HasSubstr("data.train: question 60 (\"1+k\"): token 2 of its prompt"),
                                 HasSubstr("\"k\", has id 33, but the model has embeddings for 32 ids "
                                           "and the tokenizer 34"))));
}

TEST_F(FileChecksTest, Questions) {
  const std::string good = Write("good.jsonl", "{\"problem\":\"1+1\",\"answer\":2}\n");
  const std::string bad = Write("bad.jsonl", "{\"problem\":\"1+1\",\"answer\":2}\n{\"problem\":\"1+1\"}\n");
  const std::string other = Write("other.jsonl", "{\"problem\":\"2+2\",\"answer\":4}\n");
  EXPECT_THAT(Check({"data.train=" + good, "data.heldout=" + other}), ElementsAre());
  EXPECT_THAT(Check({"data.train=" + good, "data.heldout=" + good}),
              ElementsAre(HasSubstr("leaves no question to train on")));
  EXPECT_THAT(Check({"data.train=" + bad}),
              ElementsAre("data.train: " + bad + ":2: the line has no `answer`"));
  EXPECT_THAT(Check({"data.train=/nope.jsonl", "data.heldout=/nope"}),
              ElementsAre(HasSubstr("data.train: got `/nope.jsonl`, which is not there; may be a file of "
                                    "questions, mixture, arithmetic, countdown, word-problems"),
                          HasSubstr("data.heldout: got `/nope`, which is not there")));
  EXPECT_THAT(Check({"data.train=" + Write("empty.jsonl", "")}), ElementsAre(HasSubstr("has no question")));
}

TEST_F(FileChecksTest, EveryLineIsRead) {
  std::string lines;
  for (int i = 0; i < 500; ++i) lines += "{\"problem\":\"1+" + std::to_string(i) + "\",\"answer\":1}\n";
  const std::string late = Write("late.jsonl", lines + "{\"problem\":7}\n");
  EXPECT_THAT(Check({"data.train=" + late}),
              ElementsAre("data.train: " + late + ":501: the line `problem` is a number, must be a text"));
  EXPECT_THAT(Check({"data.heldout=" + late}),
              ElementsAre(testing::StartsWith("data.heldout: " + late + ":501")));
}

TEST_F(FileChecksTest, WhoReadsTheQuestionsAnywayOnlyAsksForTheFiles) {
  v1::Recipe recipe = GoodRecipe();
  recipe.mutable_data()->set_train(Write("bad.jsonl", "nonsense"));
  Problems problems;
  FindProblems(recipe, {.read_questions = false}, problems);
  EXPECT_THAT(problems.texts(), ElementsAre());
  recipe.mutable_data()->set_train("/nope.jsonl");
  FindProblems(recipe, {.read_questions = false}, problems);
  EXPECT_THAT(problems.texts(), ElementsAre(HasSubstr("/nope.jsonl")));
}

TEST_F(FileChecksTest, QuestionsOfTheSuiteThatAreTrainedOnAreCounted) {
  const std::string train =
      Write("train.jsonl", "{\"problem\":\"1+1\",\"answer\":2}\n{\"problem\":\"1+2\",\"answer\":3}\n");
  fs::create_directories(folder_ / "suite");
  Write("suite/seen.jsonl", "{\"problem\":\" 1+2\",\"answer\":3}\n{\"problem\":\"7+2\",\"answer\":9}\n");
  Write("suite/new.jsonl", "{\"problem\":\"2+1\",\"answer\":3}\n");
  const std::string suite = (folder_ / "suite").string();
  const std::vector<std::string> set = {"evaluation.suite.path=" + suite, "data.heldout_share=1e-9",
                                        "evaluation.questions=0"};
  EXPECT_THAT(Warnings(set), ElementsAre()) << "generated questions";
  std::vector<std::string> file = set;
  file.push_back("data.train=" + train);
  EXPECT_THAT(
      Warnings(file),
      ElementsAre(testing::AllOf(
          HasSubstr("of the 2 questions of seen, training asks 1 too, and 0 more"),
          HasSubstr("drover data contamination --train " + train + " --eval " + suite + "/seen.jsonl"))));
  file = set;
  file.insert(file.end(), {"data.train=mixture", "data.mixture=" + train + ":1"});
  EXPECT_THAT(Warnings(file), ElementsAre(HasSubstr("--train " + train + " --eval")));
}

TEST_F(FileChecksTest, PromptsThatDoNotFitAreCounted) {
  const std::string file = Write("q.jsonl",
                                 "{\"problem\":\"1+1\",\"answer\":2}\n{\"problem\":\"1+2\",\"answer\":3}\n"
                                 "{\"problem\":\"12345678901234567\",\"answer\":3}\n"
                                 "{\"problem\":\"2x\",\"answer\":3}\n");
  EXPECT_THAT(Warnings({"data.train=" + file, "data.heldout_share=1e-9", "evaluation.questions=0"}),
              ElementsAre(HasSubstr("1 questions are left out, whose prompt is longer than 16 tokens"),
                          testing::AllOf(HasSubstr("question 4 (\"2x\")"), HasSubstr("'x' (U+0078)"))));
}

// Who asks for steps is told when the epochs are over before.
TEST_F(FileChecksTest, FewerSupervisedStepsThanAskedFor) {
  const std::string file =
      Write("texts.jsonl", "{\"text\":\"1+1=2\"}\n{\"text\":\"1+2=3\"}\n{\"text\":\"2+2=4\"}\n");
  const auto warnings = [&](const std::string& steps, const std::string& epochs) {
    return Warnings({"sft.train=" + file, "sft.format=TEXT", "sft.heldout_share=0", "sft.batch_examples=2",
                     "sft.max_tokens=16", "sft.steps=" + steps, "sft.epochs=" + epochs});
  };
  EXPECT_THAT(
      warnings("4", "2"),
      ElementsAre(HasSubstr("sft.steps: 4 steps are asked for, and the run ends after 3: sft.epochs is 2")));
  EXPECT_THAT(warnings("3", "2"), ElementsAre());
  EXPECT_THAT(warnings("0", "1"), ElementsAre());
}

}  // namespace
}  // namespace drover::recipe
