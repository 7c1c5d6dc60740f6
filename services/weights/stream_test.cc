// Publisher and subscriber over loopback.
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "drover/v1/weights.grpc.pb.h"
#include "services/rpc/channel.h"
#include "services/rpc/server.h"
#include "services/weights/frames.h"
#include "services/weights/publisher.h"
#include "services/weights/subscriber.h"
#include "services/weights/testing/small_weights.h"

namespace drover::weights {
namespace {

constexpr absl::Duration kLong = absl::Seconds(10);

std::unique_ptr<rpc::Server> Serve(grpc::Service* service, const std::string& listen = "127.0.0.1:0") {
  auto server = rpc::Server::Start({.listen = listen}, {{v1::WeightService::service_full_name(), service}});
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

SubscriberOptions Options(const std::string& address) {
  SubscriberOptions options;
  options.address = address;
  options.name = "test";
  options.backoff = {.initial = absl::Milliseconds(20), .max = absl::Milliseconds(100)};
  return options;
}

class StreamTest : public ::testing::Test {
 protected:
  StreamTest() { server_ = Serve(publisher_.service()); }
  ~StreamTest() override {
    publisher_.Shutdown();
    server_.reset();
  }

  prometheus::Registry registry_;
  metrics::WeightPublisherMetrics publisher_metrics_{registry_};
  metrics::WeightSubscriberMetrics subscriber_metrics_{registry_};
  WeightPublisher publisher_{{.chunk_bytes = 1000}, &publisher_metrics_};
  std::unique_ptr<rpc::Server> server_;
};

TEST_F(StreamTest, VersionsArriveWhole) {
  WeightSubscriber subscriber(Options(server_->address()), &subscriber_metrics_);
  EXPECT_EQ(subscriber.WaitForNewer(nullptr, absl::Milliseconds(50)), nullptr);
  std::shared_ptr<const Received> newest;
  for (uint64_t version = 0; version < 5; ++version) {
    const model::WeightSet weights = TestWeights(version);
    publisher_.Publish({1, version}, weights);
    newest = subscriber.WaitForNewer(newest.get(), kLong);
    ASSERT_NE(newest, nullptr);
    EXPECT_EQ(newest->version.number, version);
    EXPECT_TRUE(AllBytes(newest->weights) == AllBytes(weights));
    EXPECT_EQ(newest->weights.digest, weights.digest);
  }
  EXPECT_EQ(subscriber_metrics_.received_versions.Value(), 5);
  EXPECT_EQ(publisher_metrics_.sent_bytes.Value(), 5 * 4400);
  EXPECT_EQ(subscriber_metrics_.received_bytes.Value(), 5 * 4400);
  EXPECT_EQ(publisher_.subscribers(), 1u);
}

TEST_F(StreamTest, TheNewestVersionIsToBeHadWithoutACopy) {
  EXPECT_FALSE(publisher_.Newest({1, 0}).has_value());
  const model::WeightSet weights = TestWeights(3);
  publisher_.Publish({2, 3}, weights);
  const std::optional<model::WeightSet> newest = publisher_.Newest({2, 3});
  ASSERT_TRUE(newest.has_value());
  EXPECT_EQ(newest->tensors[0].data, weights.tensors[0].data);
  for (const model::WeightVersion& other : {model::WeightVersion{1, 3}, {2, 2}, {2, 4}}) {
    EXPECT_FALSE(publisher_.Newest(other).has_value());
  }
}

// What versions adapt comes before the first of them to whoever has it not, and once.
TEST_F(StreamTest, ABaseComesOnceBeforeTheVersions) {
  const model::WeightSet base = TestWeights(77);
  publisher_.PublishBase(base);
  WeightSubscriber subscriber(Options(server_->address()), &subscriber_metrics_);
  publisher_.Publish({1, 1}, TestWeights(1));
  const auto first = subscriber.WaitForNewer(nullptr, kLong);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->version.number, 1u);
  EXPECT_EQ(first->weights.digest, TestWeights(1).digest);
  ASSERT_NE(first->base, nullptr);
  EXPECT_EQ(first->base->digest, base.digest);
  EXPECT_TRUE(AllBytes(*first->base) == AllBytes(base));
  publisher_.Publish({1, 2}, TestWeights(2));
  const auto second = subscriber.WaitForNewer(first.get(), kLong);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(second->base, first->base);
  EXPECT_EQ(publisher_metrics_.sent_bytes.Value(), 3 * 4400);  // the base and two versions
  // The publisher counts a version when its last write is done, which may be after it arrived.
  const absl::Time deadline = absl::Now() + kLong;
  while (publisher_metrics_.sent_versions.Value() < 2 && absl::Now() < deadline) std::this_thread::yield();
  EXPECT_EQ(publisher_metrics_.sent_versions.Value(), 2);

  WeightSubscriber late(Options(server_->address()));
  const auto third = late.WaitForNewer(nullptr, kLong);
  ASSERT_NE(third, nullptr);
  EXPECT_EQ(third->version.number, 2u);
  EXPECT_EQ(third->base->digest, base.digest);
}

// Who comes back with the base that it holds is sent the version alone; with another one, that of now.
TEST_F(StreamTest, ABaseThatIsHeldIsNotSentAgain) {
  const std::string address = server_->address();
  publisher_.PublishBase(TestWeights(77));
  publisher_.Publish({1, 1}, TestWeights(1));
  WeightSubscriber subscriber(Options(address));
  auto newest = subscriber.WaitForNewer(nullptr, kLong);
  ASSERT_NE(newest, nullptr);
  publisher_.Shutdown();
  server_.reset();
  for (const uint64_t seed : {77, 78}) {
    prometheus::Registry registry;
    metrics::WeightPublisherMetrics metrics(registry);
    WeightPublisher again({.chunk_bytes = 1000}, &metrics);
    const auto server = Serve(again.service(), address);
    again.PublishBase(TestWeights(seed));
    again.Publish({static_cast<uint32_t>(seed), 1}, TestWeights(1));
    newest = subscriber.WaitForNewer(newest.get(), kLong);  // than that before: it may be there by now
    ASSERT_NE(newest, nullptr);
    EXPECT_EQ(newest->base->digest, TestWeights(seed).digest);
    EXPECT_EQ(metrics.sent_bytes.Value(), seed == 77 ? 4400 : 2 * 4400);
    again.Shutdown();
  }
}

TEST_F(StreamTest, TensorsThatStayTheSameAreHeldOnce) {
  WeightSubscriber subscriber(Options(server_->address()));
  const model::WeightSet first = TestWeights(1);
  publisher_.Publish({1, 1}, first);
  const auto before = subscriber.WaitForNewer(nullptr, kLong);
  ASSERT_NE(before, nullptr);
  std::vector<model::TensorView> changed = model::WeightViews(first);
  const std::string vector = RandomBytes(changed[1].bytes.size(), 99);
  changed[1].bytes = vector;
  const model::WeightSet second = model::PackWeights(changed).value();
  publisher_.Publish({1, 2}, second);
  const auto after = subscriber.WaitForNewer(before.get(), kLong);
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(after->weights.digest, second.digest);
  EXPECT_EQ(after->weights.tensors[0].data, before->weights.tensors[0].data);
  EXPECT_EQ(*after->weights.tensors[1].data, vector);
}

TEST_F(StreamTest, ALateSubscriberGetsOnlyTheNewest) {
  for (uint64_t version = 0; version < 5; ++version) publisher_.Publish({1, version}, TestWeights(version));
  WeightSubscriber subscriber(Options(server_->address()), &subscriber_metrics_);
  const auto newest = subscriber.WaitForNewer(nullptr, kLong);
  ASSERT_NE(newest, nullptr);
  EXPECT_EQ(newest->version.number, 4u);
  EXPECT_EQ(subscriber_metrics_.received_versions.Value(), 1);
}

TEST_F(StreamTest, OldVersionsAreNotPublished) {
  publisher_.Publish({1, 3}, TestWeights(3));
  publisher_.Publish({1, 2}, TestWeights(2));
  publisher_.Publish({1, 3}, TestWeights(4));
  WeightSubscriber subscriber(Options(server_->address()));
  EXPECT_EQ(subscriber.WaitForNewer(nullptr, kLong)->weights.digest, TestWeights(3).digest);
}

TEST_F(StreamTest, ANewIncarnationReplacesALaterVersion) {
  WeightSubscriber subscriber(Options(server_->address()));
  publisher_.Publish({1, 17}, TestWeights(17));
  const auto before = subscriber.WaitForNewer(nullptr, kLong);
  ASSERT_NE(before, nullptr);
  publisher_.Publish({2, 12}, TestWeights(12));
  const auto after = subscriber.WaitForNewer(before.get(), kLong);
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(after->version, (model::WeightVersion{2, 12}));
}

TEST_F(StreamTest, ASlowReaderSkipsVersionsAndDoesNotHoldTheOthers) {
  // A subscriber by hand that reads nothing for a while: flow control stops its stream.
  publisher_.Publish({1, 0}, TestWeights(0, /*columns=*/100'000));
  auto stub = v1::WeightService::NewStub(rpc::MakeChannel(server_->address()));
  grpc::ClientContext context;
  v1::SubscribeRequest request;
  request.set_subscriber("slow");
  auto reader = stub->Subscribe(&context, request);
  v1::WeightFrame frame;
  ASSERT_TRUE(reader->Read(&frame));

  WeightSubscriber fast(Options(server_->address()));
  auto newest = fast.WaitForNewer(nullptr, kLong);
  for (uint64_t version = 1; version <= 5; ++version) {
    publisher_.Publish({1, version}, TestWeights(version, 100'000));
    newest = fast.WaitForNewer(newest.get(), kLong);
    ASSERT_NE(newest, nullptr);
    EXPECT_EQ(newest->version.number, version);
  }

  std::vector<uint64_t> begun = {frame.snapshot_begin().version()};
  while (begun.back() != 5 || !frame.has_snapshot_end()) {
    ASSERT_TRUE(reader->Read(&frame));
    if (frame.has_snapshot_begin()) begun.push_back(frame.snapshot_begin().version());
  }
  // How many frames fit into flow control's windows is gRPC's business.
  EXPECT_LT(begun.size(), 6u);
  EXPECT_EQ(publisher_metrics_.skipped_versions.Value(), 6 - static_cast<double>(begun.size()));
  EXPECT_TRUE(std::is_sorted(begun.begin(), begun.end()));
  context.TryCancel();
  reader->Finish();
}

TEST_F(StreamTest, ManySubscribersAndAStormOfVersions) {
  std::vector<std::unique_ptr<WeightSubscriber>> subscribers;
  for (int i = 0; i < 8; ++i)
    subscribers.push_back(std::make_unique<WeightSubscriber>(Options(server_->address())));
  for (uint64_t version = 0; version < 200; ++version) publisher_.Publish({1, version}, TestWeights(version));
  for (const auto& subscriber : subscribers) {
    std::shared_ptr<const Received> newest;
    while (newest == nullptr || newest->version.number < 199) {
      newest = subscriber->WaitForNewer(newest.get(), kLong);
      ASSERT_NE(newest, nullptr);
    }
    EXPECT_EQ(newest->weights.digest, TestWeights(199).digest);
  }
}

TEST_F(StreamTest, SubscribersComeBackToALearnerThatDoes) {
  const std::string address = server_->address();
  WeightSubscriber subscriber(Options(address), &subscriber_metrics_);
  publisher_.Publish({1, 3}, TestWeights(3));
  const auto before = subscriber.WaitForNewer(nullptr, kLong);
  ASSERT_NE(before, nullptr);
  publisher_.Shutdown();
  server_.reset();

  WeightPublisher again({});
  again.Publish({2, 1}, TestWeights(1));
  const auto server = Serve(again.service(), address);
  ASSERT_NE(server, nullptr);
  const auto after = subscriber.WaitForNewer(before.get(), kLong);
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(after->version, (model::WeightVersion{2, 1}));
  again.Shutdown();
}

TEST_F(StreamTest, AGoneSubscriberIsForgotten) {
  publisher_.Publish({1, 0}, TestWeights(0));
  {
    WeightSubscriber subscriber(Options(server_->address()));
    ASSERT_NE(subscriber.WaitForNewer(nullptr, kLong), nullptr);
  }
  const absl::Time deadline = absl::Now() + kLong;
  while (publisher_.subscribers() > 0 && absl::Now() < deadline) std::this_thread::yield();
  EXPECT_EQ(publisher_.subscribers(), 0u);
}

TEST_F(StreamTest, StopEndsAWait) {
  WeightSubscriber subscriber(Options(server_->address()));
  std::thread stopper([&] { subscriber.Stop(); });
  EXPECT_EQ(subscriber.WaitForNewer(nullptr, absl::Hours(1)), nullptr);
  stopper.join();
}

TEST(StreamLimits, FurtherSubscribersAreRefused) {
  WeightPublisher publisher({.max_subscribers = 1});
  const auto server = Serve(publisher.service());
  publisher.Publish({1, 0}, TestWeights(0));
  WeightSubscriber first(Options(server->address()));
  ASSERT_NE(first.WaitForNewer(nullptr, kLong), nullptr);
  WeightSubscriber second(Options(server->address()));
  EXPECT_EQ(second.WaitForNewer(nullptr, absl::Milliseconds(200)), nullptr);
  publisher.Shutdown();
}

// Streams that are never read would each keep the version that they were sent alive.
TEST(StreamLimits, UnreadStreamsKeepFewVersionsAlive) {
  WeightPublisher publisher({.chunk_bytes = 100'000, .max_versions = 3});
  const auto server = Serve(publisher.service());
  WeightSubscriber healthy(Options(server->address()));
  std::shared_ptr<const Received> newest;
  struct Unread {
    grpc::ClientContext context;
    std::unique_ptr<v1::WeightService::Stub> stub;
    std::unique_ptr<grpc::ClientReader<v1::WeightFrame>> reader;
  };
  std::vector<std::unique_ptr<Unread>> unread;
  const model::WeightSet weights = TestWeights(0, /*columns=*/400'000);
  size_t most = 0;
  for (uint64_t version = 0; version < 12; ++version) {
    publisher.Publish({1, version}, weights);
    auto each = std::make_unique<Unread>();
    each->stub = v1::WeightService::NewStub(rpc::MakeChannel(server->address()));
    v1::SubscribeRequest request;
    request.set_subscriber("unread");
    each->reader = each->stub->Subscribe(&each->context, request);
    v1::WeightFrame frame;
    ASSERT_TRUE(each->reader->Read(&frame));
    unread.push_back(std::move(each));
    newest = healthy.WaitForNewer(newest.get(), kLong);
    ASSERT_NE(newest, nullptr) << "the others are served";
    EXPECT_EQ(newest->version.number, version);
    // Ending one takes gRPC a moment.
    const absl::Time deadline = absl::Now() + kLong;
    while (publisher.versions_held() > 4 && absl::Now() < deadline) absl::SleepFor(absl::Milliseconds(5));
    most = std::max(most, publisher.versions_held());
  }
  EXPECT_LE(most, 4u);
  EXPECT_GE(most, 3u) << "a reader may be slow";
  for (auto& each : unread) each->context.TryCancel();
  unread.clear();
  publisher.Shutdown();
}

// A publisher that sends a version with a wrong digest, then cuts one, then sends it right.
class Faulty : public v1::WeightService::Service {
 public:
  grpc::Status Subscribe(grpc::ServerContext*, const v1::SubscribeRequest*,
                         grpc::ServerWriter<v1::WeightFrame>* writer) override {
    const int attempt = ++attempts;
    const model::WeightSet weights = TestWeights(1);
    writer->Write(BeginFrame({1, 1}, weights, 0));
    v1::WeightFrame chunk;
    chunk.mutable_snapshot_chunk()->set_data(AllBytes(weights));
    if (attempt == 1) (*chunk.mutable_snapshot_chunk()->mutable_data())[0] ^= 1;
    if (attempt == 2) return {grpc::StatusCode::UNAVAILABLE, "cut"};
    writer->Write(chunk);
    writer->Write(EndFrame(weights));
    return grpc::Status::OK;
  }
  std::atomic<int> attempts = 0;
};

TEST(FaultyPublisher, WrongAndCutVersionsAreNeverHandedOver) {
  Faulty faulty;
  const auto server = Serve(&faulty);
  prometheus::Registry registry;
  metrics::WeightSubscriberMetrics metrics(registry);
  WeightSubscriber subscriber(Options(server->address()), &metrics);
  const auto received = subscriber.WaitForNewer(nullptr, kLong);
  ASSERT_NE(received, nullptr);
  EXPECT_EQ(received->weights.digest, TestWeights(1).digest);
  EXPECT_GE(faulty.attempts, 3);
  EXPECT_EQ(metrics.digest_mismatches.Value(), 1);
}

// --- A version that is asked for by its name -------------------------------------------------------------------------

TEST_F(StreamTest, AKeptVersionCanBeFetchedAfterNewerOnes) {
  const model::WeightSet weights = TestWeights(3);
  publisher_.Publish({1, 3}, weights);
  publisher_.Keep(true);
  publisher_.Publish({1, 4}, TestWeights(4));
  WeightSubscriber subscriber(Options(server_->address()));
  ASSERT_NE(subscriber.WaitForNewer(nullptr, kLong), nullptr);
  const auto fetched = subscriber.Fetch({1, 3});
  ASSERT_TRUE(fetched.ok()) << fetched.status();
  EXPECT_EQ((*fetched)->version, (model::WeightVersion{1, 3}));
  EXPECT_EQ((*fetched)->weights.digest, weights.digest);
  EXPECT_EQ(subscriber.Newest()->version.number, 4u) << "what is fetched is not the newest";
  EXPECT_TRUE(subscriber.Fetch({1, 4}).ok()) << "the newest has a name too";
}

TEST_F(StreamTest, AVersionThatIsNotKeptIsNotFound) {
  publisher_.Publish({1, 3}, TestWeights(3));
  publisher_.Keep(true);
  publisher_.Publish({1, 4}, TestWeights(4));
  WeightSubscriber subscriber(Options(server_->address()));
  EXPECT_EQ(subscriber.Fetch({1, 2}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(subscriber.Fetch({2, 3}).status().code(), absl::StatusCode::kNotFound) << "another incarnation's";
  publisher_.Keep(false);
  EXPECT_EQ(subscriber.Fetch({1, 3}).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(StreamTest, AFetchFromNobodyEnds) {
  SubscriberOptions options = Options("127.0.0.1:1");
  options.fetch_deadline = absl::Milliseconds(300);
  WeightSubscriber subscriber(options);
  EXPECT_FALSE(subscriber.Fetch({1, 3}).ok());
  subscriber.Stop();
  EXPECT_EQ(subscriber.Fetch({1, 3}).status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace drover::weights
