#include "services/http/exchange.h"

#include <gtest/gtest.h>

#include <thread>

#include "services/http/reply.h"

namespace drover::http {
namespace {

class ExchangeTest : public ::testing::Test {
 protected:
  // What the connection would read next; "(parked)", "(end)" or "(cut)".
  std::string Read(size_t most = 100) {
    std::string text(most, '\0');
    size_t read = 0;
    const Exchange::BodyState state = exchange_->Read(text.data(), most, &read);
    text.resize(read);
    if (state == Exchange::BodyState::kMore) return text;
    return state == Exchange::BodyState::kParked ? "(parked)"
           : state == Exchange::BodyState::kEnd  ? "(end)"
                                                 : "(cut)";
  }
  static constexpr absl::Duration kNow = absl::ZeroDuration();

  int parked_ = 0;
  int woken_ = 0;
  std::shared_ptr<Exchange> exchange_ = std::make_shared<Exchange>(
      Exchange::Connection{.park = [this] { ++parked_; }, .wake = [this] { ++woken_; }}, /*buffer_bytes=*/8);
  std::unique_ptr<Reply> reply_ = std::make_unique<Reply>(exchange_);
};

TEST_F(ExchangeTest, AnAnswerThatIsThereIsTakenWithoutParking) {
  reply_->Send(Text(201, "made"));
  const auto answer = exchange_->Take();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->response.head.code, 201u);
  EXPECT_EQ(answer->response.body, "made");
  EXPECT_FALSE(answer->streamed);
  EXPECT_EQ(parked_ + woken_, 0);
}

TEST_F(ExchangeTest, AnAnswerThatComesLaterWakesTheConnectionOnce) {
  EXPECT_FALSE(exchange_->Take().has_value());
  EXPECT_EQ(parked_, 1);
  EXPECT_EQ(woken_, 0);
  reply_->Send(Text(200, "late"));
  EXPECT_EQ(woken_, 1);
  EXPECT_EQ(exchange_->Take()->response.body, "late");
  reply_->Send(Text(200, "twice"));
  EXPECT_EQ(exchange_->Take()->response.body, "late");
  EXPECT_EQ(parked_, 1);
  EXPECT_EQ(woken_, 1);
}

TEST_F(ExchangeTest, AHandlerThatForgetsItIsAnError) {
  EXPECT_FALSE(exchange_->Take().has_value());
  reply_.reset();
  EXPECT_EQ(exchange_->Take()->response.head.code, 500u);
}

TEST_F(ExchangeTest, ABodyIsReadAsItIsWritten) {
  const auto writer = reply_->Stream({.code = 200, .type = "text/event-stream"});
  const auto answer = exchange_->Take();
  EXPECT_TRUE(answer->streamed);
  EXPECT_EQ(answer->response.head.type, "text/event-stream");
  EXPECT_EQ(Read(), "(parked)");
  EXPECT_TRUE(writer->Write("abc", kNow).ok());
  EXPECT_EQ(woken_, 1);
  EXPECT_TRUE(writer->Write("def", kNow).ok());
  EXPECT_EQ(woken_, 1) << "it is awake";
  EXPECT_EQ(Read(4), "abcd");
  EXPECT_EQ(Read(4), "ef");
  EXPECT_EQ(Read(), "(parked)");
  writer->Close();
  EXPECT_EQ(woken_, 2);
  EXPECT_EQ(Read(), "(end)");
}

TEST_F(ExchangeTest, WhatIsNotReadHoldsTheWriterUp) {
  const auto writer = reply_->Stream({});
  EXPECT_TRUE(writer->Write("12345", kNow).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(writer->Write("6789", kNow)));
  EXPECT_TRUE(writer->Write("678", kNow).ok()) << "eight bytes";
  EXPECT_TRUE(absl::IsResourceExhausted(writer->Write("9", kNow)));
  std::thread reader([this] { EXPECT_EQ(Read(3), "123"); });
  EXPECT_TRUE(writer->Write("9", absl::Seconds(20)).ok()) << "as soon as there is room";
  reader.join();
  EXPECT_TRUE(absl::IsResourceExhausted(writer->Write("more than eight", kNow)));
  EXPECT_EQ(Read(), "456789");
  EXPECT_TRUE(writer->Write("more than eight", kNow).ok()) << "a large piece alone";
  EXPECT_EQ(Read(), "more than eight");
}

TEST_F(ExchangeTest, ABodyWithoutItsEndIsCut) {
  auto writer = reply_->Stream({});
  EXPECT_TRUE(writer->Write("half", kNow).ok());
  writer.reset();
  EXPECT_EQ(Read(), "(cut)");
}

TEST_F(ExchangeTest, AWriterHearsThatTheClientHasGone) {
  const auto writer = reply_->Stream({});
  EXPECT_EQ(Read(), "(parked)");
  EXPECT_TRUE(writer->Write("12345678", kNow).ok());
  std::thread leaves([this] { exchange_->Leave(); });
  EXPECT_TRUE(absl::IsCancelled(writer->Write("9", absl::Seconds(20))));
  leaves.join();
  EXPECT_TRUE(absl::IsCancelled(writer->Write("", kNow)));
  writer->Close();
  EXPECT_EQ(woken_, 1) << "nobody is there to be woken";
}

TEST_F(ExchangeTest, TheEndOfTheServerWakesWhatIsParkedAndParksNothingMore) {
  EXPECT_FALSE(exchange_->Take().has_value());
  exchange_->End();
  EXPECT_EQ(woken_, 1);
  EXPECT_EQ(exchange_->Take()->response.head.code, 503u);
  const auto writer = reply_->Stream({});
  EXPECT_EQ(Read(), "(cut)");
  EXPECT_TRUE(absl::IsCancelled(writer->Write("a", kNow)));
  EXPECT_EQ(parked_, 1);
}

TEST_F(ExchangeTest, AClientThatHangsUpIsSeenWithoutAWrite) {
  bool hung_up = false;
  const auto exchange = std::make_shared<Exchange>(Exchange::Connection{.hung_up = [&] { return hung_up; }},
                                                   /*buffer_bytes=*/8);
  Reply reply(exchange);
  EXPECT_FALSE(reply.ClientGone());
  hung_up = true;
  EXPECT_TRUE(reply.ClientGone());
  hung_up = false;
  exchange->Leave();  // and is not asked again
  EXPECT_TRUE(reply.ClientGone());
  EXPECT_FALSE(exchange_->ClientGone()) << "nobody can tell";
}

}  // namespace
}  // namespace drover::http
