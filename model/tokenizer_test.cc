#include "model/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.h"
#include "base/random.h"
#include "model/utf8.h"

namespace drover::model {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kData[] = "model/testdata";

json File(const std::string& name) {
  return json::parse(ReadFile(std::string(kData) + "/" + name + "/tokenizer.json").value());
}

std::string ParseError(const json& file) {
  return std::string(Tokenizer::Parse(file.dump()).status().message());
}

// What Hugging Face's tokenizers gave for the same files (testdata/make_tokenizers.py).
TEST(Tokenizer, EncodesAndDecodesAsTheReference) {
  std::map<std::string, std::unique_ptr<Tokenizer>> tokenizers;
  std::ifstream in(std::string(kData) + "/golden.jsonl");
  int lines = 0;
  for (std::string line; std::getline(in, line); ++lines) {
    json golden = json::parse(line);
    auto& tokenizer = tokenizers[golden["tokenizer"]];
    if (tokenizer == nullptr) {
      tokenizer = Tokenizer::Load(std::string(kData) + "/" + golden["tokenizer"].get<std::string>()).value();
    }
    const auto wanted = golden["ids"].get<std::vector<uint32_t>>();
    if (golden.contains("text")) {
      auto ids = tokenizer->Encode(golden["text"].get<std::string>());
      ASSERT_TRUE(ids.ok()) << ids.status();
      EXPECT_EQ(*ids, wanted) << golden["tokenizer"] << ": " << golden["text"];
    }
    EXPECT_EQ(tokenizer->Decode(wanted), golden["decoded"].get<std::string>()) << line;
  }
  EXPECT_EQ(tokenizers.size(), 14u);
  EXPECT_GT(lines, 1500);
}

// Tokens one by one: every piece is UTF-8, and together they are the whole.
TEST(Detokenizer, GivesWholeCharactersAndTheWholeText) {
  RandomStream random(3, RandomPurpose::kQuestions, 0);
  for (const char* name : {"llama3", "smollm", "added", "llama2", "gemma", "mistral", "unknown", "normal"}) {
    const auto tokenizer = Tokenizer::Load(std::string(kData) + "/" + name).value();
    for (int round = 0; round < 2000; ++round) {
      const DecodeOptions options{.skip_special_tokens = random.Below(2) == 0};
      std::vector<uint32_t> ids(random.Below(16));
      for (uint32_t& id : ids) id = static_cast<uint32_t>(random.Below(tokenizer->size() + 2));
      Detokenizer detokenizer(*tokenizer, options);
      std::string text;
      for (const uint32_t id : ids) {
        std::string piece;
        detokenizer.Add(id, piece);
        ASSERT_EQ(FirstInvalidUtf8(piece), std::nullopt);
        text += piece;
      }
      detokenizer.Finish(text);
      ASSERT_EQ(text, tokenizer->Decode(ids, options)) << name;
    }
  }
}

TEST(Detokenizer, GivesACharacterWithItsLastByte) {
  const auto tokenizer = Tokenizer::Load("model/testdata/llama3").value();
  const std::vector<uint32_t> ids = tokenizer->Encode("\U0001F600a").value();
  ASSERT_EQ(ids.size(), 5u);
  Detokenizer detokenizer(*tokenizer);
  std::string text;
  for (int i = 0; i < 3; ++i) detokenizer.Add(ids[i], text);
  EXPECT_EQ(text, "");
  detokenizer.Add(ids[3], text);
  EXPECT_EQ(text, "\U0001F600");
  detokenizer.Add(ids[4], text);
  EXPECT_EQ(text, "\U0001F600a");
}

TEST(Tokenizer, TextComesBackWhole) {
  auto tokenizer = Tokenizer::Load("model/testdata/llama3").value();
  std::string text;
  for (char32_t c = 0; c < 0xD800; c += 7) AppendUtf8(c, text);  // some of every block
  text += "<|start|> Élan 東京 \n\n 12345 <|end|>";
  EXPECT_EQ(tokenizer->Decode(tokenizer->Encode(text).value()), text);
}

TEST(Tokenizer, TokensAndSpecialTokens) {
  auto tokenizer = Tokenizer::Load("model/testdata/smollm").value();
  uint32_t start = tokenizer->TokenId("<|start|>").value(), end = tokenizer->TokenId("<|end|>").value();
  EXPECT_TRUE(tokenizer->IsSpecial(start));
  EXPECT_FALSE(tokenizer->IsSpecial(0));
  EXPECT_FALSE(tokenizer->IsSpecial(1u << 31));
  EXPECT_EQ(tokenizer->TokenBytes(end), "<|end|>");
  EXPECT_EQ(tokenizer->size(), end + 1);
  EXPECT_EQ(tokenizer->TokenBytes(end + 1), "");
  EXPECT_EQ(tokenizer->TokenBytes(tokenizer->TokenId("\xC4\xA0").value()), " ");  // spelled Ġ
  EXPECT_EQ(tokenizer->TokenId("no such token"), std::nullopt);
  EXPECT_EQ(tokenizer->TokenId("\xff"), std::nullopt);
  std::vector<uint32_t> ids = tokenizer->Encode("<|start|>hi<|end|>").value();
  EXPECT_EQ(tokenizer->Decode(ids), "<|start|>hi<|end|>");
  EXPECT_EQ(tokenizer->Decode(ids, {.skip_special_tokens = true}), "hi");
  EXPECT_EQ(tokenizer->Decode({end + 1, UINT32_MAX}), "");
}

TEST(Tokenizer, HalfACharacterDecodesToTheReplacementCharacter) {
  auto tokenizer = Tokenizer::Load("model/testdata/llama3").value();
  std::vector<uint32_t> ids = tokenizer->Encode("\xF0\x9F\x98\x80").value();
  ASSERT_GT(ids.size(), 1u);
  EXPECT_EQ(tokenizer->Decode(absl::MakeSpan(ids).first(1)), "\uFFFD");
  EXPECT_EQ(tokenizer->TokenBytes(ids[0])[0], '\xF0');
}

TEST(Tokenizer, RefusesTextThatIsNotUtf8) {
  auto tokenizer = Tokenizer::Load("model/testdata/llama3").value();
  absl::Status status = tokenizer->Encode("ok \xff").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "the text is not UTF-8 at byte 3");
  EXPECT_EQ(tokenizer->Encode(std::string((64 << 20) + 1, 'a')).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(Tokenizer, ManyThreadsEncodeAtOnce) {
  auto tokenizer = Tokenizer::Load("model/testdata/qwen2").value();
  const std::string text = "the theatre then e\xCC\x81t 12 + 345 <|end|>";
  const std::vector<uint32_t> expected = tokenizer->Encode(text).value();
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 200; ++k) wrong += tokenizer->Encode(text).value() != expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

// Each change of one field to a value that would mean another tokenizer, or none.
TEST(Tokenizer, RefusesOtherTokenizersByField) {
  struct {
    const char* pointer;
    json content;
    const char* message;
  } cases[] = {
      {"/model/type", "Unigram", "model.type is \"Unigram\""},
      {"/model/dropout", 0.1, "model.dropout is 0.1"},
      {"/model/end_of_word_suffix", "</w>", "model.end_of_word_suffix"},
      {"/model/continuing_subword_prefix", "##", "model.continuing_subword_prefix"},
      {"/model/byte_fallback", true, "model.byte_fallback"},
      {"/model/unk_token", "<unk>", "model.unk_token is \"<unk>\""},
      {"/model/vocab", json::array(), "model.vocab"},
      {"/model/vocab/a", -1, "the id of \"a\" is -1"},
      {"/model/vocab/a", 1.5, "the id of \"a\" is 1.5"},
      {"/model/vocab/a", 1u << 30, "the id of \"a\""},
      {"/model/vocab/a", 66, "as another token has"},
      {"/model/merges", nullptr, "model.merges is missing"},
      {"/model/merges/0", "a b c", "model.merges[0] is \"a b c\""},
      {"/model/merges/0", {"a"}, "model.merges[0]"},
      {"/model/merges/0", "a zzz", "model.merges[0]: \"zzz\" is not in the vocabulary"},
      {"/model/merges/0", "a \xE6\xBC\xA2", "outside the byte alphabet"},
      {"/normalizer", {{"type", "Nmt"}}, "normalizer.type is \"Nmt\""},
      {"/normalizer",
       {{"type", "Sequence"}, {"normalizers", {{{"type", "Precompiled"}}}}},
       "normalizer.normalizers[0]"},
      {"/pre_tokenizer", nullptr, "decoder is {\"add_prefix_space\""},
      {"/decoder", nullptr, "decoder is missing"},
      {"/decoder/type", "WordPiece", "decoder.type is \"WordPiece\""},
      {"/added_tokens/0/id", 5, "added_tokens[0].id is 5"},
      {"/added_tokens/0/content", "", "added_tokens[0].content"},
      {"/added_tokens/0/lstrip", 3, "added_tokens[0].lstrip is 3"},
      {"/added_tokens/1/content", "<|start|>", "added_tokens[1].id"},
      {"/added_tokens", 7, "added_tokens is 7"},
  };
  for (const auto& c : cases) {
    json file = File("smollm");
    file[json::json_pointer(c.pointer)] = c.content;
    EXPECT_THAT(ParseError(file), HasSubstr(c.message)) << c.pointer;
  }
  EXPECT_THAT(std::string(Tokenizer::Parse("[]").status().message()), HasSubstr("must be an object"));
  EXPECT_EQ(Tokenizer::Load("/nonexistent").status().code(), absl::StatusCode::kNotFound);
}

TEST(Tokenizer, RefusesACharacterTokenizersFieldsToo) {
  struct {
    const char* pointer;
    json content;
    const char* message;
  } cases[] = {
      {"/decoder", {{"type", "ByteLevel"}}, "decoder is {\"type\":\"ByteLevel\"}, must be another one"},
      {"/decoder", nullptr, "decoder is missing"},
      {"/decoder/decoders/1/type", "CTC", "decoder.decoders[1].type is \"CTC\""},
      {"/normalizer/normalizers/0/prepend", 7, "normalizer.normalizers[0].prepend is 7"},
      {"/pre_tokenizer",
       {{"type", "ByteLevel"}},
       "must be ByteLevel where the pre_tokenizer ends with ByteLevel"},
      {"/model/unk_token", "zzz", "model.unk_token is \"zzz\""},
      {"/model/merges/0", "a zzz", "model.merges[0]: \"zzz\" is not in the vocabulary"},
  };
  for (const auto& c : cases) {
    json file = File("llama2");
    file[json::json_pointer(c.pointer)] = c.content;
    EXPECT_THAT(ParseError(file), HasSubstr(c.message)) << c.pointer;
  }
}

// Words that a tokenizer met before, and that push each other out of its memory, are encoded as they were at first.
TEST(Tokenizer, WhatItMetBeforeChangesNothing) {
  RandomStream random(4, RandomPurpose::kQuestions, 0);
  for (const char* name : {"smollm", "llama3", "llama2", "gemma", "unknown"}) {
    const auto used = Tokenizer::Load(std::string(kData) + "/" + name).value();
    for (int round = 0; round < 40; ++round) {
      std::string text;
      for (uint64_t words = random.Below(400); words > 0; --words) {
        text += random.Below(3) == 0 ? "  " : " ";
        for (uint64_t letters = random.Below(30); letters > 0; --letters) {
          AppendUtf8(
              static_cast<char32_t>("aehiknst.0"[random.Below(10)] + (random.Below(50) == 0 ? 0xE00 : 0)),
              text);
        }
      }
      const auto fresh = Tokenizer::Load(std::string(kData) + "/" + name).value();
      ASSERT_EQ(used->Encode(text).value(), fresh->Encode(text).value()) << name;
      ASSERT_EQ(used->Encode(text).value(), fresh->Encode(text).value()) << name;
    }
  }
}

TEST(Tokenizer, TruncationAndPaddingAreNotApplied) {
  json file = File("smollm");
  auto plain = Tokenizer::Parse(file.dump()).value()->Encode("hello there").value();
  file["truncation"] = {{"max_length", 1}};
  file["padding"] = {{"strategy", {{"Fixed", 64}}}};
  EXPECT_EQ(Tokenizer::Parse(file.dump()).value()->Encode("hello there").value(), plain);
}

TEST(Tokenizer, ThePostProcessorIsAppliedOnDemand) {
  json file = File("smollm");
  const std::vector<uint32_t> plain =
      Tokenizer::Parse(file.dump()).value()->Encode("<|start|>hello there").value();
  const uint32_t start = plain[0];
  file["post_processor"] = {
      {"type", "TemplateProcessing"},
      {"single", {{{"SpecialToken", {{"id", "<|start|>"}}}}, {{"Sequence", {{"id", "A"}}}}}},
      {"special_tokens",
       {{"<|start|>", {{"id", "<|start|>"}, {"ids", {start}}, {"tokens", {"<|start|>"}}}}}}};
  const auto tokenizer = Tokenizer::Parse(file.dump()).value();
  EXPECT_EQ(tokenizer->Encode("<|start|>hello there").value(), plain);
  EXPECT_NE(tokenizer->Encode("hello there").value(), plain);
  for (const char* text : {"hello there", "<|start|>hello there"}) {
    EXPECT_EQ(tokenizer->Encode(text, {.add_special_tokens = true}).value(), plain) << text;
  }
  file["post_processor"] = {{"type", "TemplateProcessing"}};
  EXPECT_FALSE(Tokenizer::Parse(file.dump()).ok());
}

TEST(CharacterTokenizer, OneTokenACharacter) {
  auto tokenizer = Tokenizer::Parse(CharacterTokenizerJson("0123456789+-= \n")).value();
  EXPECT_EQ(tokenizer->size(), 17u);
  EXPECT_THAT(tokenizer->Encode("12+9=\n 0<eos>").value(), ElementsAre(3, 4, 12, 11, 14, 16, 15, 2, 1));
  EXPECT_EQ(tokenizer->Decode({3, 4, 12, 1}), "12+<eos>");
  EXPECT_EQ(tokenizer->Decode({0, 3, 16, 1}, {.skip_special_tokens = true}), "1\n");
  EXPECT_EQ(tokenizer->TokenId("<pad>"), 0u);
  EXPECT_TRUE(tokenizer->IsSpecial(1));
}

TEST(CharacterTokenizer, OtherCharactersAreNamed) {
  auto tokenizer = Tokenizer::Parse(CharacterTokenizerJson("01+")).value();
  absl::Status status = tokenizer->Encode("1+é").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'é' (U+00E9) is not in the tokenizer's alphabet"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"+01\""));
  EXPECT_THAT(std::string(tokenizer->Encode("1\n").status().message()), HasSubstr("(U+000A)"));
}

TEST(CharacterTokenizer, EveryAsciiCharacterCanBeInIt) {
  std::string alphabet;
  for (int c = 0; c < 128; ++c) alphabet += static_cast<char>(c);
  auto tokenizer = Tokenizer::Parse(CharacterTokenizerJson(alphabet)).value();
  std::vector<uint32_t> ids = tokenizer->Encode(alphabet).value();
  ASSERT_EQ(ids.size(), 128u);
  for (uint32_t i = 0; i < 128; ++i) EXPECT_EQ(ids[i], i + 2);
  EXPECT_EQ(tokenizer->Decode(ids), alphabet);
}

TEST(ValidateAlphabet, NamesTheCharacter) {
  EXPECT_TRUE(ValidateAlphabet("ab\n").ok());
  EXPECT_FALSE(ValidateAlphabet("").ok());
  EXPECT_THAT(std::string(ValidateAlphabet("aba").message()), HasSubstr("0x61 twice"));
  EXPECT_THAT(std::string(ValidateAlphabet("\xC3\xA9").message()), HasSubstr("0xC3, must be ASCII"));
}

// ids that transformers gave for SmolLM2's chat prompts.
TEST(Tokenizer, SmolLm2) {
  absl::StatusOr<std::string> reference = ReadFile("../shared/models/smollm2_135m_reference.json");
  const std::string dir = "models/smollm2-135m-instruct";
  if (!reference.ok() || !std::filesystem::exists(dir)) GTEST_SKIP() << "skipped: no data";
  auto tokenizer = Tokenizer::Load(dir).value();
  EXPECT_EQ(tokenizer->size(), 49152u);
  json cases = json::parse(*reference)["cases"];
  ASSERT_EQ(cases.size(), 10u);
  for (const json& c : cases) {
    auto ids = c["ids"].get<std::vector<uint32_t>>();
    EXPECT_EQ(tokenizer->Encode(c["text"].get<std::string>()).value(), ids) << c["text"];
    EXPECT_EQ(tokenizer->Decode(ids), c["text"]);
  }
}

}  // namespace
}  // namespace drover::model
