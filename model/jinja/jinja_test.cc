#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "model/jinja/parser.h"
#include "model/jinja/renderer.h"

namespace drover::model::jinja {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<std::string> RenderText(const std::string& source, const Json& context = Json::object()) {
  const auto block = Parse(source);
  if (!block.ok()) return block.status();
  return Render(*block, context);
}

std::string Source(const Json& golden) {
  if (golden.contains("template")) return golden["template"];
  return ReadFile("model/jinja/testdata/templates/" + golden["file"].get<std::string>()).value();
}

// Templates, those of published models among them, and contexts with what jinja2, set up as Hugging Face does, makes of them (make_golden.py).
TEST(Jinja, AsJinja2RendersIt) {
  std::ifstream file("model/jinja/testdata/golden.jsonl");
  size_t lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    const Json golden = Json::parse(line);
    const auto text = RenderText(Source(golden), golden["context"]);
    if (golden["text"].is_null()) {
      EXPECT_FALSE(text.ok()) << line << "\n" << *text;
      continue;
    }
    ASSERT_TRUE(text.ok()) << line << "\n" << text.status();
    EXPECT_EQ(*text, golden["text"].get<std::string>()) << line;
  }
  EXPECT_GT(lines, 300u);
}

TEST(Jinja, ErrorsNameTheLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"{{ 1 + }}", "line 1: expected a value"},
      {"a\n{{ 'x }}", "line 2: a string is not closed"},
      {"{% if x %}", "{% endif %} is missing"},
      {"{% endif %}", "line 1: {% endif %} is not known here"},
      {"{# never", "a comment is not closed"},
      {"{{ x.y.z }}", "line 1: 'x' is undefined, and so is its y"},
      {"{{ x + 1 }}", "'x' is undefined"},
      {"\n\n{{ 1 + 'a' }}", "line 3: cannot do number + text"},
      {"{{ [1] }}", "printing a list without tojson is not known here"},
      {"{{ 1 | frobnicate }}", "the filter frobnicate of a number is not known here"},
      {"{{ 1 is frobnicated }}", "the test frobnicated"},
      {"{{ 'a'.format(1) }}", "the method format"},
      {"{{ f() }}", "'f' cannot be called"},
      {"{{ 1 // 0 }}", "division by zero"},
      {"{% for a, b in [1] %}{% endfor %}", "there are not 2 values"},
      {"{% set x.y = 1 %}", "x is no namespace"},
  };
  for (const auto& [source, why] : cases) {
    const auto text = RenderText(source);
    ASSERT_FALSE(text.ok()) << source << " gives " << *text;
    EXPECT_THAT(std::string(text.status().message()), HasSubstr(why)) << source;
  }
}

// Templates come with models from anywhere.
TEST(Jinja, HostileTemplatesAreBounded) {
  const auto repeat = [](const std::string& part, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += part;
    return text;
  };
  const std::string hostile[] = {
      "{% for i in range(999999999999) %}{% endfor %}",
      "{% for i in range(9999) %}{% for j in range(9999) %}{% for k in range(9999) %}x{% endfor %}{% endfor "
      "%}{% endfor %}",
      "{{ 'a' * 999999999 }}",
      "{% set ns = namespace(x='a') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
      "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% set x = 'a' * 1000000 %}{{ ('a' * 1000000).replace('a', x) }}",
      "{% set x = 'a' * 1000000 %}{{ (x | list) | join(x) }}",
      "{{ " + repeat("(", 100'000),
      "{{ " + repeat("[", 100'000),
      "{{ " + repeat("-", 100'000) + "1 }}",
      "{{ " + repeat("not ", 100'000) + "1 }}",
      "{{ 1" + repeat(" + 1", 100'000) + " }}",
      "{{ x" + repeat(".a", 100'000) + " }}",
      repeat("{% if 1 %}", 100'000),
      "{% if 1 %}" + repeat("{% elif 1 %}", 100'000) + "{% endif %}",
      "{% macro m() %}{% if 1 %}" + repeat("{% for i in [1] %}", 40) + "{{ m() }}" +
          repeat("{% endfor %}", 40) + "{% endif %}{% endmacro %}{{ m() }}",
  };
  for (const std::string& source : hostile) EXPECT_FALSE(RenderText(source).ok()) << source.substr(0, 80);
}

}  // namespace
}  // namespace drover::model::jinja
