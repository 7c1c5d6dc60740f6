#include "services/rpc/streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace drover::rpc {
namespace {

using ::testing::ElementsAre;

// As gRPC's, without a call.
class FakeReactor {
 public:
  virtual ~FakeReactor() = default;
  virtual void OnDone() = 0;
  void Finish(const grpc::Status& status) { finished.push_back(status); }
  std::vector<grpc::Status> finished;
};

class FakeStream : public FakeReactor {
 public:
  explicit FakeStream(OpenStreams<FakeStream>* streams) : streams_(streams) {}
  void Begin() { begun = true; }
  void ShutDown(const absl::Status& why) { Finish(ToGrpc(why)); }
  void OnDone() override {
    streams_->Left(this);
    delete this;
  }
  bool begun = false;

 private:
  OpenStreams<FakeStream>* const streams_;
};

class StreamsTest : public ::testing::Test {
 protected:
  FakeReactor* Call() { return Open<FakeReactor>(streams_, std::make_unique<FakeStream>(&streams_)); }
  static std::string Refusal(FakeReactor* reactor) {
    const std::string text = reactor->finished.empty() ? "admitted" : reactor->finished[0].error_message();
    reactor->OnDone();
    return text;
  }

  std::vector<size_t> sizes_;
  OpenStreams<FakeStream> streams_{
      {.service = "the verifier", .kind = "grading streams", .most = 2, .changed = [this](size_t size) {
         sizes_.push_back(size);
       }}};
};

TEST_F(StreamsTest, AreBoundedAndThereIsRoomAgainWhenOneIsDone) {
  FakeReactor* const first = Call();
  FakeReactor* const second = Call();
  EXPECT_TRUE(static_cast<FakeStream*>(first)->begun);
  EXPECT_EQ(Refusal(Call()), "the most of 2 grading streams are open");
  first->OnDone();
  FakeReactor* const third = Call();
  EXPECT_EQ(streams_.size(), 2u);
  EXPECT_THAT(sizes_, ElementsAre(1, 2, 1, 2));
  second->OnDone();
  third->OnDone();
}

TEST_F(StreamsTest, AllEndAtTheShutdownAndNoneBeginsAfterIt) {
  FakeReactor* const first = Call();
  streams_.ShutDown();
  ASSERT_EQ(first->finished.size(), 1u);
  EXPECT_EQ(first->finished[0].error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Refusal(Call()), "the verifier is shutting down");
  first->OnDone();
  EXPECT_EQ(streams_.size(), 0u);
}

TEST_F(StreamsTest, EachIsThereToBeUsed) {
  FakeReactor* const first = Call();
  FakeReactor* const second = Call();
  std::set<FakeReactor*> used;
  streams_.ForEach([&](FakeStream& stream) { used.insert(&stream); });
  EXPECT_EQ(used, (std::set<FakeReactor*>{first, second}));
  first->OnDone();
  second->OnDone();
}

}  // namespace
}  // namespace drover::rpc
