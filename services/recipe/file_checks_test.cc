#include "services/recipe/file_checks.h"

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/recipe/testing_recipe.h"

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
  static std::vector<std::string> Check(std::vector<std::string> overrides) {
    return ProblemsWith(overrides, /*check_files=*/true);
  }
  fs::path folder_;
};

constexpr char kConfig[] = R"({"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":64,
  "intermediate_size":128,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"vocab_size":100,
  "max_position_embeddings":128,"rms_norm_eps":1e-5,"rope_theta":10000.0,"tie_word_embeddings":true,
  "hidden_act":"silu"})";

TEST_F(FileChecksTest, Model) {
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
  EXPECT_THAT(Check({set}), ElementsAre(testing::StartsWith("model.path: ")));
  Write("config.json", kConfig);
  EXPECT_THAT(Check({set}), ElementsAre());
  EXPECT_THAT(
      Check({set, "rollout.max_response_tokens=113"}),
      ElementsAre(HasSubstr("that is 129 tokens; may be at most the model's max_position_embeddings = 128")));
}

TEST_F(FileChecksTest, Questions) {
  const std::string good = Write("good.jsonl", "{\"problem\":\"1+1\",\"answer\":2}\n");
  const std::string bad = Write("bad.jsonl", "{\"problem\":\"1+1\",\"answer\":2}\n{\"problem\":\"1+1\"}\n");
  EXPECT_THAT(Check({"data.train=" + good, "data.heldout=" + good}), ElementsAre());
  EXPECT_THAT(Check({"data.train=" + bad}),
              ElementsAre("data.train: " + bad + ":2: the line has no `answer`"));
  EXPECT_THAT(
      Check({"data.train=/nope.jsonl", "data.heldout=/nope"}),
      ElementsAre(HasSubstr("data.train: got `/nope.jsonl`, which is not there; may be a JSONL file of "
                            "questions, or arithmetic"),
                  HasSubstr("data.heldout: got `/nope`, which is not there")));
  EXPECT_THAT(Check({"data.train=" + Write("empty.jsonl", "")}), ElementsAre(HasSubstr("has no question")));
}

}  // namespace
}  // namespace drover::recipe
