#include "services/completions/transfer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::completions {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ParseBaseUrlTest, ThePathIsCompleted) {
  for (const auto& [text, url] : std::vector<std::pair<std::string, std::string>>{
           {"http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"},
           {"http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1"},
           {"http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1"},
           {"https://example.org/api/openai/v3", "https://example.org/api/openai/v3"},
           {"http://[::1]:80/v1", "http://[::1]:80/v1"}}) {
    const auto base = ParseBaseUrl(text);
    ASSERT_TRUE(base.ok()) << text << ": " << base.status();
    EXPECT_EQ(base->url, url);
  }
}

TEST(ParseBaseUrlTest, PasswordsAreNotShown) {
  const auto base = ParseBaseUrl("https://user:secret@example.org/v1");
  ASSERT_TRUE(base.ok()) << base.status();
  EXPECT_THAT(base->url, HasSubstr("secret"));
  EXPECT_EQ(base->shown, "https://example.org/v1");
}

TEST(ParseBaseUrlTest, WhatIsNoAddressIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("127.0.0.1:8000"), std::string("localhost"), std::string("ftp://a/v1"),
        std::string("file:///etc/passwd"), std::string("http://"), std::string("http://a:99999"),
        std::string("http://a/v1?x=1"), std::string("http://a/v1#x"),
        std::string("http://a/v1/chat/completions"), std::string("http://a b/"),
        "http://a/" + std::string(10000, 'x')}) {
    const auto base = ParseBaseUrl(text);
    EXPECT_TRUE(absl::IsInvalidArgument(base.status())) << text << ": " << base.status();
    EXPECT_THAT(std::string(base.status().message()), Not(HasSubstr("secret")));
  }
}

TEST(TransferTest, NobodyThereIsUnavailable) {
  Transfer transfer({.api_key = "k"});
  const std::atomic<bool> stop = false;
  const auto reply = transfer.Post("http://127.0.0.1:1/v1/completions", "{}", stop);
  EXPECT_TRUE(absl::IsUnavailable(reply.status())) << reply.status();
}

TEST(TransferTest, OtherProtocolsAreRefused) {
  Transfer transfer({});
  const std::atomic<bool> stop = false;
  EXPECT_FALSE(transfer.Post("file:///etc/hostname", "{}", stop).ok());
}

}  // namespace
}  // namespace drover::completions
