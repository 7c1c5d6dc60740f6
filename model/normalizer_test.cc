#include "model/normalizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::model {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

struct Normal {
  std::string text;
  bool keeps_start;
};

Normal Apply(const std::string& value, std::string_view text) {
  const absl::StatusOr<Normalizer> normalizer = Normalizer::Parse(json::parse(value));
  EXPECT_TRUE(normalizer.ok()) << normalizer.status();
  NormalText normal;
  if (!normalizer.ok() || !normalizer->Apply(text, normal).ok()) return {"(error)", false};
  return {std::string(normal.text), normal.keeps_start};
}

TEST(Normalizer, Steps) {
  EXPECT_EQ(Apply(R"({"type":"NFC"})", "e\u0301").text, "\u00e9");
  EXPECT_EQ(Apply(R"({"type":"NFD"})", "\u00e9").text, "e\u0301");
  EXPECT_EQ(Apply(R"({"type":"NFKC"})", "\ufb01\uff21").text, "fiA");
  EXPECT_EQ(Apply(R"({"type":"NFKD"})", "\u00bd\u00e9").text, "1\u20442e\u0301");
  EXPECT_EQ(Apply(R"({"type":"Lowercase"})", "ÀΣİß").text, "àσi\u0307ß");
  EXPECT_EQ(Apply(R"({"type":"StripAccents"})", "e\u0301a").text, "ea");
  EXPECT_EQ(Apply(R"({"type":"Strip","strip_left":true,"strip_right":false})", "\u3000 a ").text, "a ");
  EXPECT_EQ(Apply(R"({"type":"Strip","strip_left":false,"strip_right":true})", " a \u0085").text, " a");
  EXPECT_EQ(Apply(R"({"type":"Strip","strip_left":true,"strip_right":true})", "  ").text, "");
  EXPECT_EQ(Apply(R"({"type":"Prepend","prepend":"_"})", "a").text, "_a");
  EXPECT_EQ(Apply(R"({"type":"Prepend","prepend":"_"})", "").text, "");
  EXPECT_EQ(Apply(R"({"type":"Replace","pattern":{"String":"ab"},"content":"c"})", "abxab").text, "cxc");
  EXPECT_EQ(Apply(R"({"type":"Replace","pattern":{"Regex":"\\s+"},"content":"_"})", "a  b \n").text, "a_b_");
}

TEST(Normalizer, StepsInSequence) {
  const std::string steps =
      R"({"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"},{"type":"Sequence","normalizers":[]},
          {"type":"Strip","strip_left":true,"strip_right":true},{"type":"Lowercase"},
          {"type":"Replace","pattern":{"String":" "},"content":"_"},{"type":"Prepend","prepend":"_"}]})";
  EXPECT_EQ(Apply(steps, " \u00c9t\u00c9 \u00e0 ").text, "_ete_a");
  EXPECT_EQ(Apply(steps, "").text, "");
}

// Metaspace puts its mark before the first piece of a text, which is one that begins where the text did.
TEST(Normalizer, TellsWhetherTheStartIsStillThere) {
  EXPECT_TRUE(Apply(R"({"type":"NFD"})", "\u00e9").keeps_start);
  EXPECT_TRUE(Apply(R"({"type":"Strip","strip_left":true})", "a ").keeps_start);
  EXPECT_FALSE(Apply(R"({"type":"Strip","strip_left":true})", " a").keeps_start);
  EXPECT_FALSE(Apply(R"({"type":"StripAccents"})", "\u0301a").keeps_start);
  EXPECT_TRUE(Apply(R"({"type":"Replace","pattern":{"String":"a"},"content":"b"})", "a").keeps_start);
  EXPECT_FALSE(Apply(R"({"type":"Replace","pattern":{"String":"a"},"content":""})", "ab").keeps_start);
  EXPECT_FALSE(Apply(R"({"type":"Replace","pattern":{"String":"ab"},"content":"c"})", "ab").keeps_start);
}

TEST(Normalizer, RefusesByField) {
  const auto error = [](const char* value) {
    return std::string(Normalizer::Parse(json::parse(value)).status().message());
  };
  EXPECT_THAT(error(R"({"type":"Nmt"})"), HasSubstr("normalizer.type is \"Nmt\""));
  EXPECT_THAT(error(R"({"type":"Sequence"})"), HasSubstr("normalizer.normalizers is missing"));
  EXPECT_THAT(error(R"({"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Precompiled"}]})"),
              HasSubstr("normalizer.normalizers[1].type is \"Precompiled\""));
  EXPECT_THAT(error((R"({"type":"Prepend","prepend":")" + std::string(257, 'a') + "\"}").c_str()),
              HasSubstr("must be at most 256 bytes"));
  EXPECT_THAT(error(R"({"type":"Prepend"})"), HasSubstr("normalizer.prepend is missing"));
  EXPECT_THAT(error(R"({"type":"Replace","pattern":{"String":""},"content":"x"})"),
              HasSubstr("normalizer.pattern.String is \"\""));
  EXPECT_THAT(error(R"({"type":"Replace","pattern":{"Regex":"("},"content":"x"})"),
              HasSubstr("normalizer.pattern.Regex"));
  EXPECT_THAT(error(R"({"type":"Strip","strip_left":1})"), HasSubstr("normalizer.strip_left is 1"));
}

TEST(Normalizer, WhatItMakesIsBounded) {
  const std::string content(256, 'b');
  const auto normalizer =
      Normalizer::Parse({{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", content}}).value();
  NormalText normal;
  EXPECT_EQ(normalizer.Apply(std::string(4 << 20, 'a'), normal).code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace drover::model
