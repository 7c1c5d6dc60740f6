#include "services/weights/publisher.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "drover/v1/weights.grpc.pb.h"
#include "services/weights/frames.h"

namespace drover::weights {
namespace {

struct Published {
  model::WeightVersion version;
  model::WeightSet weights;
  double unix_seconds = 0;
};

// What the subscriber holds.
std::optional<model::WeightVersion> Held(const v1::SubscribeRequest& request) {
  if (!request.has_version()) return std::nullopt;
  return model::WeightVersion{request.incarnation(), request.version()};
}

grpc::Status ShuttingDown() {
  return {grpc::StatusCode::UNAVAILABLE, "the weight publisher is shutting down"};
}

class Stream;

// What the streams have in common; lives as long as the last of them.
struct Shared {
  PublisherOptions options;
  metrics::WeightPublisherMetrics* metrics = nullptr;

  absl::Mutex mutex;
  std::shared_ptr<const Published> newest ABSL_GUARDED_BY(mutex);
  std::set<Stream*> streams ABSL_GUARDED_BY(mutex);
  bool shut_down ABSL_GUARDED_BY(mutex) = false;
};

// One subscriber's stream. Reactions (OnWriteDone, OnCancel, OnDone) come from gRPC's threads; Wake from the publisher's.
// At most one write is under way; `mutex_` decides who begins the next step.
class Stream : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  Stream(std::shared_ptr<Shared> shared, grpc::CallbackServerContext* context,
         const v1::SubscribeRequest& request)
      : shared_(std::move(shared)), context_(context), name_(request.subscriber()), held_(Held(request)) {}

  // Goes on when there is something to do: a newer version to begin, a shutdown to obey.
  void Proceed(const std::shared_ptr<const Published>& newest, bool shut_down) {
    absl::MutexLock lock(&mutex_);
    if (finished_) return;
    if (shut_down) return MaybeFinish(ShuttingDown());
    if (sending_ != nullptr || newest == nullptr) return;
    if (held_ >= newest->version) return;
    BeginVersion(newest);
  }

  void Wake() {
    absl::MutexLock lock(&shared_->mutex);
    Proceed(shared_->newest, shared_->shut_down);
  }

  // What it is being sent; null: nothing.
  std::shared_ptr<const Published> Sending() {
    absl::MutexLock lock(&mutex_);
    return sending_;
  }

  // Ends the stream though its reader takes nothing any more: a status would wait behind what is unread.
  void Abandon() {
    log::Warning("a weight stream is too slow: it is ended", {{"subscriber", name_}});
    context_->TryCancel();
  }

  // Ends the stream unless it has ended.
  void End(const grpc::Status& status) {
    absl::MutexLock lock(&mutex_);
    MaybeFinish(status);
  }

  void OnWriteDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      if (finished_) return;
      if (!ok) return MaybeFinish({grpc::StatusCode::CANCELLED, "the subscriber has gone"});
      if (NextFrame()) return;
      CompleteVersion();
    }
    Wake();
  }

  void OnCancel() override { End({grpc::StatusCode::CANCELLED, "the subscriber has gone"}); }

  void OnDone() override {
    {
      absl::MutexLock lock(&shared_->mutex);
      shared_->streams.erase(this);
      if (shared_->metrics) shared_->metrics->subscribers.Set(static_cast<double>(shared_->streams.size()));
    }
    log::Debug("weight stream ended", {{"subscriber", name_}});
    delete this;
  }

 private:
  void BeginVersion(const std::shared_ptr<const Published>& next) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (shared_->metrics && held_ && next->version.incarnation == held_->incarnation) {
      shared_->metrics->skipped_versions.Increment(
          static_cast<double>(next->version.number - held_->number - 1));
    }
    sending_ = next;
    offset_ = 0;
    ended_ = false;
    begun_ = absl::Now();
    Send(Serialize(BeginFrame(sending_->version, sending_->weights, sending_->unix_seconds)));
  }

  // Writes the next frame of the version; false when it was sent whole.
  bool NextFrame() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (ended_) return false;
    const uint64_t total = sending_->weights.data->size();
    if (offset_ == total) {
      ended_ = true;
      Send(Serialize(EndFrame(sending_->weights)));
      return true;
    }
    const uint64_t size = std::min<uint64_t>(shared_->options.chunk_bytes, total - offset_);
    Send(ChunkFrame(sending_->weights.data, offset_, size));
    offset_ += size;
    if (shared_->metrics) shared_->metrics->sent_bytes.Increment(static_cast<double>(size));
    return true;
  }

  void Send(grpc::ByteBuffer buffer) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    buffer_.Swap(&buffer);
    StartWrite(&buffer_);
  }

  void CompleteVersion() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    held_ = sending_->version;
    sending_.reset();
    grpc::ByteBuffer().Swap(&buffer_);
    if (!shared_->metrics) return;
    shared_->metrics->sent_versions.Increment();
    shared_->metrics->send_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - begun_));
  }

  void MaybeFinish(const grpc::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    finished_ = true;
    Finish(status);
  }

  const std::shared_ptr<Shared> shared_;
  grpc::CallbackServerContext* const context_;  // until OnDone
  const std::string name_;

  absl::Mutex mutex_ ABSL_ACQUIRED_AFTER(shared_->mutex);
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  // What the subscriber holds; unset, which is older than any version: nothing.
  std::optional<model::WeightVersion> held_ ABSL_GUARDED_BY(mutex_);
  // What it is being sent; null: nothing.
  std::shared_ptr<const Published> sending_ ABSL_GUARDED_BY(mutex_);
  uint64_t offset_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time begun_ ABSL_GUARDED_BY(mutex_);
  grpc::ByteBuffer buffer_;  // of the write under way
};

// A stream that ends as soon as it begins.
class Refusal : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit Refusal(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

class WeightPublisher::Impl
    : public v1::WeightService::WithRawCallbackMethod_Subscribe<v1::WeightService::Service> {
 public:
  Impl(const PublisherOptions& options, metrics::WeightPublisherMetrics* metrics)
      : shared_(std::make_shared<Shared>()) {
    shared_->options = options;
    shared_->metrics = metrics;
  }

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Subscribe(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* bytes) override {
    v1::SubscribeRequest request;
    grpc::ByteBuffer copy = *bytes;
    if (!grpc::SerializationTraits<v1::SubscribeRequest>::Deserialize(&copy, &request).ok()) {
      return new Refusal({grpc::StatusCode::INVALID_ARGUMENT, "not a SubscribeRequest"});
    }
    auto* stream = new Stream(shared_, context, request);
    if (const grpc::Status refused = Admit(stream); !refused.ok()) {
      delete stream;
      return new Refusal(refused);
    }
    log::Debug("weight stream begun", {{"subscriber", request.subscriber()}, {"peer", context->peer()}});
    stream->Wake();
    return stream;
  }

  void Publish(std::shared_ptr<const Published> next) {
    absl::MutexLock lock(&shared_->mutex);
    if (shared_->newest != nullptr && next->version <= shared_->newest->version) {
      log::Warning("weights not published: not newer than the newest", {{"version", next->version.number}});
      return;
    }
    if (shared_->metrics) {
      shared_->metrics->version_bytes.Set(static_cast<double>(next->weights.data->size()));
    }
    shared_->newest = std::move(next);
    AbandonTheSlowest();
    WakeAll();
  }

  void Shutdown() {
    absl::MutexLock lock(&shared_->mutex);
    shared_->shut_down = true;
    WakeAll();
  }

  size_t versions_held() const {
    absl::MutexLock lock(&shared_->mutex);
    return SlowStreams().size() + (shared_->newest != nullptr ? 1 : 0);
  }

  size_t subscribers() const {
    absl::MutexLock lock(&shared_->mutex);
    return shared_->streams.size();
  }

 private:
  // The lock keeps the streams: one that is done waits for it before it goes.
  void WakeAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared_->mutex) {
    for (Stream* stream : shared_->streams) stream->Proceed(shared_->newest, shared_->shut_down);
  }

  // The streams that still send a version other than the newest, by that version.
  std::map<model::WeightVersion, std::vector<Stream*>> SlowStreams() const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared_->mutex) {
    std::map<model::WeightVersion, std::vector<Stream*>> slow;
    for (Stream* stream : shared_->streams) {
      const std::shared_ptr<const Published> sending = stream->Sending();
      if (sending == nullptr || sending == shared_->newest) continue;
      slow[sending->version].push_back(stream);
    }
    return slow;
  }

  void AbandonTheSlowest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared_->mutex) {
    const auto slow = SlowStreams();
    size_t held = slow.size() + 1;
    for (const auto& [version, streams] : slow) {
      if (held-- <= shared_->options.max_versions) return;
      for (Stream* stream : streams) stream->Abandon();
    }
  }

  grpc::Status Admit(Stream* stream) {
    absl::MutexLock lock(&shared_->mutex);
    if (shared_->shut_down) return ShuttingDown();
    if (shared_->streams.size() >= shared_->options.max_subscribers) {
      return {grpc::StatusCode::RESOURCE_EXHAUSTED,
              absl::StrCat("the most of ", shared_->options.max_subscribers, " weight streams are open")};
    }
    shared_->streams.insert(stream);
    if (shared_->metrics) shared_->metrics->subscribers.Set(static_cast<double>(shared_->streams.size()));
    return grpc::Status::OK;
  }

  const std::shared_ptr<Shared> shared_;
};

WeightPublisher::WeightPublisher(const PublisherOptions& options, metrics::WeightPublisherMetrics* metrics)
    : impl_(std::make_unique<Impl>(options, metrics)) {}
WeightPublisher::~WeightPublisher() = default;

grpc::Service* WeightPublisher::service() { return impl_.get(); }

void WeightPublisher::Publish(const model::WeightVersion& version, model::WeightSet weights) {
  auto next = std::make_shared<Published>();
  next->version = version;
  next->weights = std::move(weights);
  next->unix_seconds = absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch());
  impl_->Publish(std::move(next));
}

void WeightPublisher::Shutdown() { impl_->Shutdown(); }
size_t WeightPublisher::versions_held() const { return impl_->versions_held(); }
size_t WeightPublisher::subscribers() const { return impl_->subscribers(); }

}  // namespace drover::weights
