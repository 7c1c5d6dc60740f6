#include "data/supervised_set.h"

#include <fstream>
#include <map>
#include <numeric>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace drover::data {
namespace {

using model::jinja::ChatTemplate;
using testing::ElementsAre;
using testing::HasSubstr;

// ChatML in one character a mark: "<" begins a message, ">" ends it.
constexpr char kChatMl[] =
    "{% for m in messages %}<{{ m.role[0] }}{{ m.content }}>\n{% endfor %}{% if add_generation_prompt %}<a{% "
    "endif %}";

class SupervisedSetTest : public testing::Test {
 protected:
  SupervisedSetTest() {
    alphabet_ = "abcdefghijklmnopqrstuvwxyz<>?.0123456789 \n";
    tokenizer_ = *model::Tokenizer::Parse(model::CharacterTokenizerJson(alphabet_));
    recipe_.mutable_data()->set_template_("q {question}?");
    v1::SupervisedSettings& sft = *recipe_.mutable_sft();
    sft.set_train(testing::TempDir() + "/sft_train.jsonl");
    sft.set_format(v1::PAIRS);
    sft.set_text_key("text");
    sft.set_prompt_key("problem");
    sft.set_response_key("answer");
    sft.set_messages_key("messages");
    sft.set_response_text("{response}");
    sft.set_loss_on(v1::RESPONSES);
    sft.set_append_eos(true);
    sft.set_max_tokens(64);
    sft.set_heldout_examples(100);
  }

  void Write(const std::string& text) { std::ofstream(recipe_.sft().train()) << text; }

  absl::StatusOr<SupervisedData> Load() {
    return LoadSupervisedData(recipe_, {.tokenizer = tokenizer_.get(),
                                        .chat = chat_,
                                        .size = tokenizer_->size(),
                                        .positions = 64,
                                        .eos = {kEos}});
  }
  SupervisedSet Train() {
    auto data = Load();
    EXPECT_TRUE(data.ok()) << data.status();
    return data.ok() ? data->train : SupervisedSet();
  }
  std::string Error() {
    const auto data = Load();
    return data.ok() ? "" : std::string(data.status().message());
  }
  // The text of a sequence, with "[" and "]" around what is learned and "$" for the end of the sequence.
  std::string Show(const SupervisedSet& set, size_t i) const {
    std::string shown;
    bool inside = false;
    for (size_t t = 0; t < set.length(i); ++t) {
      const bool learned = set.learned(i)[t] != 0;
      if (learned != inside) shown += learned ? "[" : "]";
      inside = learned;
      shown += set.ids(i)[t] == kEos ? "$" : tokenizer_->Decode({set.ids(i)[t]});
    }
    return inside ? shown + "]" : shown;
  }

  static constexpr uint32_t kEos = 1;
  std::string alphabet_;
  std::unique_ptr<model::Tokenizer> tokenizer_;
  std::shared_ptr<const ChatTemplate> chat_;
  v1::Recipe recipe_;
};

TEST_F(SupervisedSetTest, AResponseIsLearnedAndItsPromptIsNot) {
  Write(R"({"problem": "one", "answer": "two"})"
        "\n\n"
        R"({"answer": 1.50, "problem": "n"})");
  const SupervisedSet train = Train();
  ASSERT_EQ(train.size(), 2u);
  EXPECT_EQ(Show(train, 0), "q one?[two$]");
  EXPECT_EQ(Show(train, 1), "q n?[1.50$]");  // numbers as they are written
  EXPECT_EQ(train.learned_tokens(), 4u + 5u);
}

TEST_F(SupervisedSetTest, LossOnAllLeavesTheFirstTokenOut) {
  recipe_.mutable_sft()->set_loss_on(v1::ALL_TOKENS);
  recipe_.mutable_sft()->set_response_text(" a {response}.");
  Write(R"({"problem": "x", "answer": "y"})");
  EXPECT_EQ(Show(Train(), 0), "q[ x? a y.$]");
}

TEST_F(SupervisedSetTest, KeysMayBeNested) {
  recipe_.mutable_sft()->set_prompt_key("in.q");
  recipe_.mutable_sft()->set_append_eos(false);
  Write(R"({"in": {"q": "x"}, "answer": "y"})");
  EXPECT_EQ(Show(Train(), 0), "q x?[y]");
}

// Pieces share one token, so that each token but the first is predicted exactly once.
TEST_F(SupervisedSetTest, ALongTextIsCutAndEveryTokenIsLearnedOnce) {
  recipe_.mutable_sft()->set_format(v1::TEXT);
  recipe_.mutable_sft()->set_max_tokens(4);
  Write(R"({"text": "abcdefgh"})");
  const SupervisedSet train = Train();
  ASSERT_EQ(train.size(), 3u);
  EXPECT_EQ(Show(train, 0), "a[bcd]");
  EXPECT_EQ(Show(train, 1), "d[efg]");
  EXPECT_EQ(Show(train, 2), "g[h$]");
  for (size_t length = 1; length <= 30; ++length) {
    Write(R"({"text": ")" + std::string(length, 'x') + "\"}");
    EXPECT_EQ(Train().learned_tokens(), length) << length;  // the x behind the first, and the end
  }
}

TEST_F(SupervisedSetTest, AChatIsLearnedWhereTheAssistantSpeaks) {
  chat_ = std::make_shared<ChatTemplate>(*ChatTemplate::Parse(kChatMl, model::jinja::Json::object()));
  recipe_.mutable_sft()->set_format(v1::CHATS);
  std::string one;
  for (const char* part :
       {R"({"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "hi"},)",
        R"({"role": "assistant", "content": "yo"}, {"role": "user", "content": "so"},)",
        R"({"role": "assistant", "content": "no"}, {"role": "user", "content": "left out"}]})"}) {
    one += part;
  }
  Write(one);
  EXPECT_EQ(Show(Train(), 0), "<ss>\n<uhi>\n<a[yo>\n]<uso>\n<a[no>\n]");
}

// What a template puts behind the end of an answer is never generated, so it is not learned.
TEST_F(SupervisedSetTest, AnAnswerEndsWithItsEndToken) {
  chat_ = std::make_shared<ChatTemplate>(
      *ChatTemplate::Parse("{% for m in messages %}{{ m.role[0] }}{{ m.content }}<eos>\n{% endfor %}{% if "
                           "add_generation_prompt %}a{% endif %}",
                           model::jinja::Json::object()));
  recipe_.mutable_data()->set_template_("chat");
  Write(R"({"problem": "q", "answer": "r"})");
  EXPECT_EQ(Show(Train(), 0), "uq$\na[r$]\n");
}

TEST_F(SupervisedSetTest, ATemplateThatRewritesEarlierTurnsIsRefused) {
  chat_ = std::make_shared<ChatTemplate>(
      *ChatTemplate::Parse("{{ messages | length }}{% for m in messages %}<{{ m.content }}>{% endfor %}",
                           model::jinja::Json::object()));
  recipe_.mutable_sft()->set_format(v1::CHATS);
  Write(R"({"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo"}]})");
  EXPECT_THAT(Error(), HasSubstr(":1: the record is a conversation whose beginning"));
}

TEST_F(SupervisedSetTest, WhatIsLeftOutIsCounted) {
  recipe_.mutable_sft()->set_max_tokens(12);
  Write(R"({"problem": "fits", "answer": "it"})"
        "\n"
        R"({"problem": "x", "answer": " "})"
        "\n"
        R"({"problem": "is much too long", "answer": "x"})");
  const auto data = Load();
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->records, 3u);
  EXPECT_EQ(data->blank, 1u);
  EXPECT_EQ(data->too_long, 1u);
  EXPECT_THAT(data->too_long_example, HasSubstr("sft_train.jsonl:3: 21 tokens"));
}

TEST_F(SupervisedSetTest, BadRecordsAreNamedByTheirLine) {
  const std::string good = R"({"problem": "a", "answer": "b"})"
                           "\n";
  const std::map<std::string, std::string> bad = {
      {R"({"problem": "a"})", ":2: the record has no `answer`"},
      {R"({"problem": "a", "answer": null})", ":2: the record has null as `answer`"},
      {R"({"problem": ["a"], "answer": "b"})", ":2: the record has a list or an object as `problem`"},
      {R"({"problem": "a", "answer": "b")", ":2: the record is not JSON"},
      {R"([1, 2])", ":2: the record"},
      {R"({"problem": "A", "answer": "b"})", ":2: the record"},  // a character that no token spells
      {"{\"problem\": \"a\xff\", \"answer\": \"b\"}", ":2: the record"},
  };
  for (const auto& [record, error] : bad) {
    Write(good + record + "\n");
    EXPECT_THAT(Error(), HasSubstr(error)) << record;
  }
  Write("PAR1 and more");
  EXPECT_THAT(Error(), HasSubstr("Parquet"));
  Write("");
  EXPECT_THAT(Error(), HasSubstr("nothing to learn from"));
  recipe_.mutable_sft()->set_train("/nowhere/at/all.jsonl");
  EXPECT_THAT(Error(), HasSubstr("/nowhere/at/all.jsonl"));
}

TEST_F(SupervisedSetTest, SettingsThatTheModelCannotServeAreRefused) {
  Write(R"({"problem": "a", "answer": "b"})");
  recipe_.mutable_sft()->set_max_tokens(65);
  EXPECT_THAT(Error(), HasSubstr("sft.max_tokens: got 65, may be at most the model's positions, 64"));
  recipe_.mutable_sft()->set_max_tokens(64);
  recipe_.mutable_sft()->set_response_text("no place");
  EXPECT_THAT(Error(), HasSubstr("which has no {response}"));
  recipe_.mutable_sft()->set_format(v1::CHATS);
  EXPECT_THAT(Error(), HasSubstr("chat template"));
}

// The same record is on the same side, whatever else is in the file, and on one side only.
TEST_F(SupervisedSetTest, TheSplitGoesByTheRecord) {
  recipe_.mutable_sft()->set_heldout_share(0.3);
  std::string text, reversed;
  for (int i = 0; i < 200; ++i) {
    const std::string line = R"({"problem": "number )" + std::to_string(i) + R"(", "answer": "a"})" + "\n";
    text += line;
    reversed = line + reversed;
  }
  const auto shown = [&](const std::string& file) {
    Write(file);
    const auto data = Load();
    std::set<std::string> heldout;
    for (size_t i = 0; i < data->heldout.size(); ++i) heldout.insert(Show(data->heldout, i));
    EXPECT_EQ(data->train.size() + data->heldout.size(), 200u);
    return heldout;
  };
  const auto heldout = shown(text);
  EXPECT_GT(heldout.size(), 35u);
  EXPECT_LT(heldout.size(), 85u);
  EXPECT_EQ(heldout, shown(reversed));
}

TEST_F(SupervisedSetTest, TheDigestKnowsIdsMarksAndBounds) {
  std::set<std::string> digests;
  for (const char* file : {R"({"problem": "a", "answer": "bc"})", R"({"problem": "b", "answer": "bc"})",
                           R"({"problem": "a?b", "answer": "c"})", R"({"problem": "a", "answer": "bc"}{})"}) {
    Write(file);
    if (const auto data = Load(); data.ok()) digests.insert(data->train.Digest());
  }
  EXPECT_EQ(digests.size(), 3u);
  SupervisedSet one, two;
  one.Add({2, 3, 4, 5}, {0, 1, 0, 1});
  two.Add({2, 3}, {0, 1});
  two.Add({4, 5}, {0, 1});
  EXPECT_NE(one.Digest(), two.Digest());
  two.KeepFirst(1);
  EXPECT_THAT(two.ids(0), ElementsAre(2, 3));
  EXPECT_EQ(two.tokens(), 2u);
}

}  // namespace
}  // namespace drover::data
