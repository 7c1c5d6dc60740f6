#include "programs/model/serve/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "programs/model/serve/testing/scripted_generator.h"

namespace drover::serve {
namespace {

using ::testing::HasSubstr;

constexpr char kTemplate[] =
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}{% if loud is defined and loud %}!{% endif %}";

class ApiTest : public ::testing::Test {
 protected:
  Api Make(bool chat = true) {
    ServedModel model = {
        .name = "tiny", .tokenizer = tokenizer_.get(), .context = 50, .vocabulary = kFirstByte + 256};
    if (chat) model.chat = model::jinja::ChatTemplate::Parse(kTemplate, model::jinja::Json::object());
    return {model, ApiKeys(), ApiLimits(), &metrics_,
            [](AcceptedRequest) { FAIL() << "Accept submits nothing"; }};
  }
  AcceptedRequest Taken(ApiEndpoint endpoint, const std::string& body) {
    auto accepted = Make().Accept(endpoint, body);
    if (const auto* error = std::get_if<ApiError>(&accepted)) {
      ADD_FAILURE() << error->message;
      return {};
    }
    return std::get<AcceptedRequest>(std::move(accepted));
  }
  ApiError Refused(ApiEndpoint endpoint, const std::string& body, bool chat = true) {
    auto accepted = Make(chat).Accept(endpoint, body);
    if (const auto* error = std::get_if<ApiError>(&accepted)) return *error;
    ADD_FAILURE() << "taken: " << body;
    return {};
  }

  const std::unique_ptr<model::Tokenizer> tokenizer_ = ByteTokenizer();
  metrics::ServeMetrics metrics_;
};

TEST_F(ApiTest, ChatsAreWrittenDownByTheTemplate) {
  const AcceptedRequest request = Taken(ApiEndpoint::kChat, R"({"model":"tiny","messages":[
      {"role":"user","content":"Hi"}],"chat_template_kwargs":{"loud":true}})");
  EXPECT_EQ(request.prompts, (std::vector<std::vector<uint32_t>>{ByteIds("[user]Hi[assistant]!")}));
  EXPECT_EQ(request.max_tokens, std::vector<uint32_t>{30}) << "what the context leaves";
  EXPECT_THAT(request.head.id, ::testing::StartsWith("chatcmpl-"));
  EXPECT_EQ(request.head.model, "tiny");
}

TEST_F(ApiTest, CompletionsAreOfTextsAndTokens) {
  const AcceptedRequest request =
      Taken(ApiEndpoint::kCompletions, R"({"prompt":["ab",[3,4]],"echo":true,"seed":9})");
  EXPECT_EQ(request.prompts, (std::vector<std::vector<uint32_t>>{ByteIds("ab"), {3, 4}}));
  EXPECT_EQ(request.echoes, (std::vector<std::string>{"ab", std::string("\x01\x02")}));
  EXPECT_EQ(request.max_tokens, (std::vector<uint32_t>{16, 16}));
  EXPECT_EQ(request.seed, 9u);
  EXPECT_THAT(request.head.id, ::testing::StartsWith("cmpl-"));
  const std::string short_of_room = R"({"prompt":")" + std::string(45, 'a') + "\"}";
  EXPECT_EQ(Taken(ApiEndpoint::kCompletions, short_of_room).max_tokens, std::vector<uint32_t>{5});
}

TEST_F(ApiTest, WithoutASeedTheyDiffer) {
  const std::string body = R"({"prompt":"a"})";
  EXPECT_NE(Taken(ApiEndpoint::kCompletions, body).seed, Taken(ApiEndpoint::kCompletions, body).seed);
}

TEST_F(ApiTest, Refusals) {
  ApiError error = Refused(ApiEndpoint::kCompletions, R"({"model":"gpt","prompt":"a"})");
  EXPECT_EQ(error.status, 404u);
  EXPECT_EQ(error.code, "model_not_found");
  EXPECT_THAT(error.message, HasSubstr("this server has \"tiny\""));

  error = Refused(ApiEndpoint::kCompletions, R"({"prompt":"abcdefghij","max_tokens":41})");
  EXPECT_EQ(error.status, 400u);
  EXPECT_EQ(error.code, "context_length_exceeded");
  EXPECT_THAT(error.message,
              HasSubstr("context is 50 tokens; prompt has 10 and max_tokens 41 make 51: at most 40"));
  error = Refused(ApiEndpoint::kCompletions, R"({"prompt":")" + std::string(60, 'a') + "\"}");
  EXPECT_EQ(error.code, "context_length_exceeded");

  error = Refused(ApiEndpoint::kCompletions, R"({"prompt":["a",[5,258]]})");
  EXPECT_EQ(error.param, "prompt[1][1]");
  EXPECT_THAT(error.message, HasSubstr("must be below 258"));
  EXPECT_EQ(Refused(ApiEndpoint::kCompletions, R"({"prompt":""})").param, "prompt");

  const std::string chat = R"({"messages":[{"role":"user","content":"a"}]})";
  EXPECT_THAT(Refused(ApiEndpoint::kChat, chat, /*chat=*/false).message, HasSubstr("no chat template"));
}

TEST(ApiKeysTest, OneOfTheFile) {
  const auto keys = ApiKeys::Parse("# mine\n\nsk-one\r\n  sk-two  \n");
  ASSERT_TRUE(keys.ok());
  for (const char* right : {"Bearer sk-one", "bearer sk-two", "Bearer  sk-one "})
    EXPECT_TRUE(keys->Allow(right)) << right;
  for (const char* wrong :
       {"", "sk-one", "Bearer", "Bearer ", "Bearer sk-on", "Bearer sk-onee", "Basic sk-one"}) {
    EXPECT_FALSE(keys->Allow(wrong)) << wrong;
  }
  EXPECT_TRUE(ApiKeys().Allow(""));
  EXPECT_THAT(ApiKeys::Parse("ok\nnot ok").status().message(), HasSubstr("line 2"));
  EXPECT_THAT(ApiKeys::Parse("# none\n").status().message(), HasSubstr("no key"));
  EXPECT_EQ(ApiKeys::Read("/nowhere/keys").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace drover::serve
