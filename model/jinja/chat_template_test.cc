#include "model/jinja/chat_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"

namespace drover::model::jinja {
namespace {

using ::testing::HasSubstr;

class ChatTemplateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    dir_ = ::testing::TempDir() + "/chat_template_test";
    std::filesystem::remove_all(dir_);
    ASSERT_TRUE(MakeFolders(dir_).ok());
  }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(dir_ + "/" + name, text).ok());
  }
  std::string Prompt() {
    const auto chat = ChatTemplate::Load(dir_);
    if (!chat.ok()) return std::string(chat.status().message());
    return chat->Render(UserMessage("Hi")).value_or("(error)");
  }
  std::string dir_;
};

TEST_F(ChatTemplateTest, WhereItIsFound) {
  EXPECT_EQ(ChatTemplate::Load(dir_).status().code(), absl::StatusCode::kNotFound);
  Write("tokenizer_config.json", R"({"bos_token":{"content":"<b>"},"eos_token":"<e>","pad_token":null})");
  EXPECT_EQ(ChatTemplate::Load(dir_).status().code(), absl::StatusCode::kNotFound);
  Write("tokenizer_config.json", R"({"bos_token":{"content":"<b>"},"eos_token":"<e>",
      "chat_template":"{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ pad_token }}"})");
  EXPECT_EQ(Prompt(), "<b>Hi<e>");
  Write("tokenizer_config.json", R"({"chat_template":[{"name":"tool_use","template":"no"},
      {"name":"default","template":"{{ messages[0].role }}{% if add_generation_prompt %}!{% endif %}"}]})");
  EXPECT_EQ(Prompt(), "user!");
  Write("chat_template.jinja", "own {{ messages | length }}\n");
  EXPECT_EQ(Prompt(), "own 1") << "the file of its own counts first";
}

TEST_F(ChatTemplateTest, ErrorsNameFileAndLine) {
  Write("chat_template.jinja", "a\n{% include 'x' %}");
  EXPECT_THAT(Prompt(), HasSubstr("chat_template.jinja: line 2: {% include %} is not known here"));
  Write("chat_template.jinja", "a\xff");
  EXPECT_THAT(Prompt(), HasSubstr("the template is not UTF-8 at byte 1"));
  Write("chat_template.jinja", "{{ 1 +");
  EXPECT_THAT(Prompt(), HasSubstr("chat_template.jinja: line 1: a tag is not closed"));
  Write("chat_template.jinja", "\n{{ raise_exception('no ' + messages[0].role) }}");
  EXPECT_THAT(std::string(ChatTemplate::Load(dir_)->Render(UserMessage("x")).status().message()),
              HasSubstr("line 2: the template refuses: no user"));
  std::filesystem::remove(dir_ + "/chat_template.jinja");
  Write("tokenizer_config.json", R"({"chat_template": 7})");
  EXPECT_THAT(Prompt(), HasSubstr("tokenizer_config.json: chat_template is 7"));
}

TEST_F(ChatTemplateTest, TheDateIsNobodysBusiness) {
  Write("chat_template.jinja",
        "{% if strftime_now is defined %}{{ strftime_now('%d') }}{% else %}none{% endif %}");
  EXPECT_EQ(Prompt(), "none");
}

TEST_F(ChatTemplateTest, WhatItIsToldBesideTheMessages) {
  Write("chat_template.jinja",
        "{{ tools is defined }} {{ tools is none }} {{ documents is none }} {{ add_generation_prompt }} {{ "
        "thinks | default('-') }}");
  const auto chat = ChatTemplate::Load(dir_).value();
  EXPECT_EQ(chat.Render(UserMessage("x")).value(), "True True True True -");
  ChatOptions options{.add_generation_prompt = false, .tools = Json::array({Json::object()})};
  options.variables["thinks"] = false;
  EXPECT_EQ(chat.Render(UserMessage("x"), options).value(), "True False True False False");
}

TEST(CheckMessages, WhatAChatIs) {
  EXPECT_TRUE(CheckMessages(UserMessage("x")).ok());
  for (const char* wrong : {R"([])", R"({"role":"user"})", R"("x")", R"([7])", R"([{"role":"user"}])",
                            R"([{"role":"user","content":[{"type":"text"}]}])", R"([{"content":"x"}])"}) {
    EXPECT_FALSE(CheckMessages(Json::parse(wrong)).ok()) << wrong;
  }
}

}  // namespace
}  // namespace drover::model::jinja
