#include "services/page/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_split.h"

namespace drover::page {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

const char kHostile[] = "</script><script>alert(1)</script><!-- {{nonce}} \xff \xe2\x80\xa8 &lt;";

TEST(HtmlTest, AModelsTextStaysInItsBlock) {
  const Json data = {{"runs", {{{"name", kHostile}}}}};
  const std::string page = Html({.title = kHostile, .data = data, .nonce = "N0NCE"});
  EXPECT_THAT(page, Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(page, HasSubstr("&lt;/script&gt;&lt;script&gt;alert(1)"));
  // Three scripts of the page's own: charts, data, program.
  EXPECT_EQ(std::vector<std::string>(absl::StrSplit(page, "<script")).size(), 4U);
  // What stands in the data is not filled in like the page's own places.
  EXPECT_THAT(page, HasSubstr("{{nonce}}"));
}

TEST(HtmlTest, TheDataComesBackAsItWas) {
  const Json data = {{"text", "a<b></script>\"\\\n"}};
  const std::string text = ScriptSafeJson(data);
  EXPECT_THAT(text, Not(HasSubstr("<")));
  EXPECT_EQ(Json::parse(text), data);
}

TEST(HtmlTest, OnlyTheNonceRunsAndNothingIsFetched) {
  const std::string page = Html({.title = "t", .data = Json::object(), .nonce = "N0NCE"});
  EXPECT_THAT(page, HasSubstr("script-src 'nonce-N0NCE'"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, HasSubstr("connect-src 'none'"));
  EXPECT_THAT(page, Not(HasSubstr("src=\"http")));
  EXPECT_THAT(page, Not(HasSubstr("sourceMappingURL")));
  EXPECT_THAT(ContentSecurityPolicy("n", /*live=*/true), HasSubstr("connect-src 'self'"));
}

TEST(HtmlTest, EveryPlaceIsFilled) {
  const std::string page = Html({.title = "t", .data = Json::object(), .nonce = "n"});
  for (const char* place : {"{{title}}", "{{policy}}", "{{nonce}}", "{{style}}", "{{notice}}", "{{charts}}",
                            "{{program}}", "{{data}}"}) {
    EXPECT_THAT(page, Not(HasSubstr(place)));
  }
}

}  // namespace
}  // namespace drover::page
