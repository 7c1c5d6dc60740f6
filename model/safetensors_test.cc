#include "model/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/file.h"

namespace drover::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string File(std::string_view header, std::string_view data) {
  std::string file(8, '\0');
  for (int i = 0; i < 8; ++i) file[i] = static_cast<char>(header.size() >> (8 * i));
  return file.append(header).append(data);
}

std::string Error(std::string_view file) { return std::string(ParseSafetensors(file).status().message()); }
std::string Error(std::string_view header, std::string_view data) { return Error(File(header, data)); }

std::string Folder(const std::string& name) {
  std::string dir = testing::TempDir() + "/safetensors_test_" + name;
  std::filesystem::remove_all(dir);
  std::filesystem::create_directories(dir);
  return dir;
}

// Bytes as the reference implementation (Python, safetensors.numpy.save) lays them out.
TEST(ParseSafetensors, ReadsTheFormatAsSpecified) {
  SafetensorsMetadata metadata;
  std::string file =
      File(R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[1,2],"data_offsets":[2,10]},)"
           R"("a":{"dtype":"BF16","shape":[],"data_offsets":[0,2]},)"
           R"("empty":{"dtype":"I64","shape":[3,0],"data_offsets":[10,10]}}   )",
           "xy12345678");
  std::vector<TensorView> tensors = ParseSafetensors(file, &metadata).value();
  ASSERT_EQ(tensors.size(), 3u);
  EXPECT_EQ(tensors[0].name, "a");
  EXPECT_EQ(tensors[0].dtype, Dtype::kBF16);
  EXPECT_TRUE(tensors[0].shape.empty());
  EXPECT_EQ(tensors[0].bytes, "xy");
  EXPECT_EQ(tensors[1].bytes, "12345678");
  EXPECT_THAT(tensors[1].shape, ElementsAre(1, 2));
  EXPECT_EQ(tensors[2].bytes.size(), 0u);
  EXPECT_EQ(metadata["format"], "pt");
}

TEST(ParseSafetensors, RefusesBrokenHeaders) {
  EXPECT_THAT(Error(""), HasSubstr("not a safetensors file"));
  EXPECT_THAT(Error("1234567"), HasSubstr("7 bytes"));
  EXPECT_THAT(Error(std::string(8, '\xff')), HasSubstr("truncated"));
  EXPECT_THAT(Error(File("{}", "").substr(0, 9)), HasSubstr("truncated"));
  EXPECT_THAT(Error("", ""), HasSubstr("does not begin with {"));
  EXPECT_THAT(Error(" {}", ""), HasSubstr("does not begin with {"));
  EXPECT_THAT(Error("{}x", ""), HasSubstr("not JSON"));
  EXPECT_THAT(Error(std::string((16 << 20) + 1, '{'), ""), HasSubstr("limit"));
  EXPECT_THAT(Error(R"({"a":{"dtype":[[[[]]]]}})", ""), HasSubstr("nested"));
  EXPECT_THAT(Error(R"({"__metadata__":{"n":1}})", ""), HasSubstr("__metadata__.n is 1"));
  EXPECT_THAT(Error("{}", "x"), HasSubstr("1 bytes at the end"));
}

TEST(ParseSafetensors, NamesTheBrokenTensor) {
  auto error = [](std::string_view dtype, std::string_view shape, std::string_view offsets) {
    std::string header = R"({"w":{"dtype":)" + std::string(dtype) + R"(,"shape":)" + std::string(shape) +
                         R"(,"data_offsets":)" + std::string(offsets) + "}}";
    std::string message = Error(header, "12345678");
    EXPECT_THAT(message, HasSubstr("tensor w: ")) << header;
    return message;
  };
  EXPECT_THAT(error("\"F4\"", "[2]", "[0,8]"), HasSubstr("dtype is \"F4\""));
  EXPECT_THAT(error("7", "[2]", "[0,8]"), HasSubstr("dtype"));
  EXPECT_THAT(error("\"F32\"", "[-2]", "[0,8]"), HasSubstr("shape"));
  EXPECT_THAT(error("\"F32\"", "[2.0]", "[0,8]"), HasSubstr("shape"));
  EXPECT_THAT(error("\"F32\"", "2", "[0,8]"), HasSubstr("shape"));
  EXPECT_THAT(error("\"F32\"", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2]", "[0,8]"), HasSubstr("shape"));
  EXPECT_THAT(error("\"F32\"", "[3]", "[0,8]"), HasSubstr("needs 12 bytes, data_offsets give 8"));
  EXPECT_THAT(error("\"F64\"", "[2]", "[0,8]"), HasSubstr("needs 16 bytes"));
  // 2^62 * 4 is 0 in 64 bits: must not pass for a tensor of no bytes.
  EXPECT_THAT(error("\"F32\"", "[4611686018427387904,4]", "[0,0]"), HasSubstr("more than 2^63"));
  EXPECT_THAT(error("\"F32\"", "[2]", "[0,9]"), HasSubstr("data_offsets"));
  EXPECT_THAT(error("\"F32\"", "[2]", "[8,0]"), HasSubstr("data_offsets"));
  EXPECT_THAT(error("\"F32\"", "[2]", "[-8,0]"), HasSubstr("data_offsets"));
  EXPECT_THAT(error("\"F32\"", "[2]", "[18446744073709551608,0]"), HasSubstr("data_offsets"));
  EXPECT_THAT(error("\"F32\"", "[2]", "[0]"), HasSubstr("data_offsets"));
  EXPECT_THAT(error("\"F32\"", "[2]", "null"), HasSubstr("data_offsets is missing"));
}

TEST(ParseSafetensors, RefusesOverlapsHolesAndDuplicates) {
  const std::string a = R"("a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]})";
  EXPECT_EQ(Error("{" + a + R"(,"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})", "12345678"), "");
  EXPECT_THAT(Error("{" + a + R"(,"b":{"dtype":"U8","shape":[4],"data_offsets":[3,7]}})", "1234567"),
              HasSubstr("tensor b: begins at byte 3 of the data, inside"));
  EXPECT_THAT(Error("{" + a + R"(,"b":{"dtype":"U8","shape":[3],"data_offsets":[5,8]}})", "12345678"),
              HasSubstr("hole"));
  EXPECT_THAT(Error("{" + a + "," + a + "}", "1234"), HasSubstr("\"a\" is there twice"));
}

TEST(SafetensorsFile, WritesSortedAndAlignedAndReadsBack) {
  std::string path = Folder("roundtrip") + "/w.safetensors";
  std::string bytes = "abcdefgh";
  std::vector<TensorView> tensors = {{"z", Dtype::kF16, {2, 1}, std::string_view(bytes).substr(0, 4)},
                                     {"a.b", Dtype::kF64, {1}, bytes},
                                     {"m", Dtype::kBF16, {0}, ""}};
  ASSERT_TRUE(WriteSafetensors(path, tensors, {{"step", "3"}}).ok());
  std::string raw = ReadFile(path).value();
  EXPECT_EQ((raw.size() - 12) % 8, 0u);
  SafetensorsFile file = SafetensorsFile::Open(path).value();
  ASSERT_EQ(file.tensors().size(), 3u);
  EXPECT_EQ(file.tensors()[0].name, "a.b");
  EXPECT_EQ(file.Find("z")->bytes, "abcd");
  EXPECT_THAT(file.Find("z")->shape, ElementsAre(2, 1));
  EXPECT_EQ(file.Find("y"), nullptr);
  EXPECT_EQ(file.metadata().at("step"), "3");
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(reinterpret_cast<uintptr_t>(file.tensors()[0].bytes.data()) % 8, 0u);
  // Written over, with the old mapping still in use.
  std::string other = "ABCDEFGH";
  ASSERT_TRUE(WriteSafetensors(path, {{"a.b", Dtype::kF64, {1}, other}}).ok());
  EXPECT_EQ(file.tensors()[0].bytes, "abcdefgh");
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(path).parent_path())) {
    EXPECT_EQ(entry.path().filename(), "w.safetensors") << "left behind";
  }
}

TEST(WriteSafetensors, RefusesBadTensorsBeforeWriting) {
  std::string path = Folder("refuse") + "/w.safetensors";
  TensorView good{"a", Dtype::kU8, {1}, "x"};
  EXPECT_THAT(std::string(WriteSafetensors(path, {good, good}).message()),
              HasSubstr("two tensors are named a"));
  EXPECT_FALSE(WriteSafetensors(path, {{"a", Dtype::kU8, {2}, "x"}}).ok());
  EXPECT_FALSE(WriteSafetensors(path, {{"__metadata__", Dtype::kU8, {1}, "x"}}).ok());
  EXPECT_FALSE(WriteSafetensors(path, {{"\xff", Dtype::kU8, {1}, "x"}}).ok());
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(WriteSafetensors("/nonexistent/x", {good}).code(), absl::StatusCode::kNotFound);
}

TEST(SafetensorsFile, ErrorsNameTheFile) {
  std::string dir = Folder("errors");
  EXPECT_THAT(std::string(SafetensorsFile::Open(dir + "/absent").status().message()), HasSubstr("absent"));
  EXPECT_THAT(std::string(SafetensorsFile::Open(dir).status().message()), HasSubstr("not a regular file"));
  std::ofstream(dir + "/empty");
  EXPECT_THAT(std::string(SafetensorsFile::Open(dir + "/empty").status().message()),
              HasSubstr("empty: not a safetensors file"));
}

class ShardsTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = Folder("shards");
    ASSERT_TRUE(WriteSafetensors(dir_ + "/m-1.safetensors", {{"b", Dtype::kU8, {1}, "b"}}).ok());
    ASSERT_TRUE(WriteSafetensors(dir_ + "/m-2.safetensors",
                                 {{"a", Dtype::kU8, {1}, "a"}, {"c", Dtype::kU8, {1}, "c"}})
                    .ok());
  }
  std::string ErrorOf(const nlohmann::json& weight_map) {
    std::ofstream(dir_ + "/model.safetensors.index.json") << nlohmann::json{{"weight_map", weight_map}};
    return std::string(OpenModelTensors(dir_).status().message());
  }
  const nlohmann::json right_ = {
      {"a", "m-2.safetensors"}, {"b", "m-1.safetensors"}, {"c", "m-2.safetensors"}};
  std::string dir_;
};

TEST_F(ShardsTest, JoinsTheShards) {
  EXPECT_EQ(ErrorOf(right_), "");
  ModelTensors model = OpenModelTensors(dir_).value();
  ASSERT_EQ(model.tensors().size(), 3u);
  EXPECT_EQ(model.tensors()[0].bytes, "a");
  EXPECT_EQ(model.Find("b")->bytes, "b");
}

TEST_F(ShardsTest, TheIndexMustFitTheShards) {
  nlohmann::json map = right_;
  map["d"] = "m-1.safetensors";
  EXPECT_THAT(ErrorOf(map), HasSubstr("m-1.safetensors: no tensor d"));
  map = right_;
  map.erase("c");
  EXPECT_THAT(ErrorOf(map), HasSubstr("m-2.safetensors: holds tensor c"));
  map = right_;
  map["c"] = "../m-2.safetensors";
  EXPECT_THAT(ErrorOf(map), HasSubstr("must be a file name without folders"));
  map["c"] = 3;
  EXPECT_THAT(ErrorOf(map), HasSubstr("weight_map.c is 3"));
  map = right_;
  map["d"] = "m-3.safetensors";
  EXPECT_THAT(ErrorOf(map), HasSubstr("m-3.safetensors"));
  EXPECT_THAT(ErrorOf("x"), HasSubstr("weight_map is \"x\", must be an object"));
}

TEST_F(ShardsTest, NoWeightsAtAll) {
  EXPECT_THAT(std::string(OpenModelTensors(dir_).status().message()),
              HasSubstr("neither model.safetensors nor model.safetensors.index.json"));
}

// Files that another implementation wrote: transformers' save_pretrained.
TEST(OpenModelTensors, ReferenceModels) {
  if (!std::filesystem::exists("../shared/models/llama")) GTEST_SKIP() << "skipped: no data";
  ModelTensors model = OpenModelTensors("../shared/models/llama").value();
  EXPECT_EQ(model.tensors().size(), 30u);  // 3 layers of 9, embedding, final norm, lm_head
  ASSERT_NE(model.Find("model.layers.2.self_attn.k_proj.weight"), nullptr);
  EXPECT_THAT(model.Find("model.layers.2.self_attn.k_proj.weight")->shape, ElementsAre(32, 64));
  EXPECT_THAT(model.Find("lm_head.weight")->shape, ElementsAre(512, 64));
}

}  // namespace
}  // namespace drover::model
