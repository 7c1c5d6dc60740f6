#include "services/weights/publisher.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/log.h"
#include "drover/v1/weights.grpc.pb.h"
#include "services/rpc/status.h"
#include "services/rpc/streams.h"
#include "services/weights/frame_source.h"

namespace drover::weights {
namespace {

model::WeightVersion Named(const v1::SubscribeRequest& request) {
  return {request.incarnation(), request.version()};
}

// What the subscriber holds.
std::optional<model::WeightVersion> Held(const v1::SubscribeRequest& request) {
  if (!request.has_version()) return std::nullopt;
  return Named(request);
}

using FrameReactor = grpc::ServerWriteReactor<grpc::ByteBuffer>;

class Stream;

// What the streams have in common; lives as long as the last of them. Locks are taken in this order: that of `streams`,
// then a stream's, then the one here.
struct Shared {
  Shared(const PublisherOptions& o, metrics::WeightPublisherMetrics* m)
      : options(o),
        metrics(m),
        streams({.service = "the weight publisher",
                 .kind = "weight streams",
                 .most = o.max_subscribers,
                 .changed = [m](size_t open) {
                   if (m) m->subscribers.Set(static_cast<double>(open));
                 }}) {}

  std::shared_ptr<const Published> Newest() {
    absl::MutexLock lock(&mutex);
    return newest;
  }

  // Null: there is no such version here.
  std::shared_ptr<const Published> Find(const model::WeightVersion& version) {
    absl::MutexLock lock(&mutex);
    for (const auto& each : {newest, kept}) {
      if (each != nullptr && each->version == version) return each;
    }
    return nullptr;
  }

  std::shared_ptr<const Published> Base() {
    absl::MutexLock lock(&mutex);
    return base;
  }

  const PublisherOptions options;
  metrics::WeightPublisherMetrics* const metrics;
  rpc::OpenStreams<Stream> streams;
  absl::Mutex mutex;
  std::shared_ptr<const Published> newest ABSL_GUARDED_BY(mutex);
  std::shared_ptr<const Published> kept ABSL_GUARDED_BY(mutex);
  std::shared_ptr<const Published> base ABSL_GUARDED_BY(mutex);  // null: versions are whole
};

// One subscriber's stream. Reactions (OnWriteDone, OnCancel, OnDone) come from gRPC's threads; Proceed and ShutDown from
// the publisher's. At most one write is under way; `mutex_` decides who begins the next step.
class Stream : public FrameReactor {
 public:
  // `only`: what is sent and nothing after it; null: every newer version.
  Stream(std::shared_ptr<Shared> shared, grpc::CallbackServerContext* context,
         const v1::SubscribeRequest& request, std::shared_ptr<const Published> only)
      : shared_(std::move(shared)),
        context_(context),
        name_(request.subscriber()),
        only_(std::move(only)),
        held_(only_ != nullptr ? std::nullopt : Held(request)),
        held_base_(request.base_digest()) {}

  void Begin() {
    log::Debug("weight stream begun", {{"subscriber", name_}, {"peer", context_->peer()}});
    Proceed();
  }

  // Begins the newest version when the subscriber has an older one and is not being sent any.
  void Proceed() {
    absl::MutexLock lock(&mutex_);
    if (finished_ || sending_ != nullptr) return;
    const std::shared_ptr<const Published> next = only_ != nullptr ? only_ : shared_->Newest();
    if (next == nullptr || held_ >= next->version) return;
    BeginVersion(next);
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

  void ShutDown(const absl::Status& why) { End(rpc::ToGrpc(why)); }

  void OnWriteDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      if (finished_) return;
      if (!ok) return MaybeFinish({grpc::StatusCode::CANCELLED, "the subscriber has gone"});
      if (NextFrame()) return;
      CompleteVersion();
      if (only_ != nullptr) return MaybeFinish(grpc::Status::OK);
    }
    Proceed();
  }

  void OnCancel() override { End({grpc::StatusCode::CANCELLED, "the subscriber has gone"}); }

  void OnDone() override {
    shared_->streams.Left(this);
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
    const std::shared_ptr<const Published> base = shared_->Base();
    const bool whole = base == nullptr || base->weights.digest == held_base_;
    frames_.emplace(whole ? next : base, shared_->options.chunk_bytes);
    if (!whole) held_base_ = base->weights.digest;
    sending_base_ = !whole;
    begun_ = absl::Now();
    NextFrame();
  }

  // Writes the next frame of the version; false when it was sent whole.
  bool NextFrame() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::optional<FrameSource::Frame> frame = frames_->Next();
    if (!frame.has_value() && std::exchange(sending_base_, false)) {
      frame = frames_.emplace(sending_, shared_->options.chunk_bytes).Next();
    }
    if (!frame.has_value()) return false;
    buffer_.Swap(&frame->buffer);
    StartWrite(&buffer_);
    if (shared_->metrics) shared_->metrics->sent_bytes.Increment(static_cast<double>(frame->tensor_bytes));
    return true;
  }

  void CompleteVersion() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    held_ = sending_->version;
    sending_.reset();
    frames_.reset();
    grpc::ByteBuffer().Swap(&buffer_);
    if (!shared_->metrics) return;
    shared_->metrics->sent_versions.Increment();
    shared_->metrics->send_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - begun_));
  }

  // Ends the stream unless it has ended.
  void End(const grpc::Status& status) {
    absl::MutexLock lock(&mutex_);
    MaybeFinish(status);
  }

  void MaybeFinish(const grpc::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (finished_) return;
    finished_ = true;
    Finish(status);
  }

  const std::shared_ptr<Shared> shared_;
  grpc::CallbackServerContext* const context_;  // until OnDone
  const std::string name_;
  const std::shared_ptr<const Published> only_;

  absl::Mutex mutex_;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  // What the subscriber holds; unset, which is older than any version: nothing.
  std::optional<model::WeightVersion> held_ ABSL_GUARDED_BY(mutex_);
  // What it is being sent; null: nothing.
  std::shared_ptr<const Published> sending_ ABSL_GUARDED_BY(mutex_);
  // Digest of the base that the subscriber holds or is being sent; whether it is being sent: the version comes after it.
  std::string held_base_ ABSL_GUARDED_BY(mutex_);
  bool sending_base_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<FrameSource> frames_ ABSL_GUARDED_BY(mutex_);
  absl::Time begun_ ABSL_GUARDED_BY(mutex_);
  grpc::ByteBuffer buffer_;  // of the write under way
};

}  // namespace

class WeightPublisher::Impl
    : public v1::WeightService::WithRawCallbackMethod_Subscribe<v1::WeightService::Service> {
 public:
  Impl(const PublisherOptions& options, metrics::WeightPublisherMetrics* metrics)
      : shared_(std::make_shared<Shared>(options, metrics)) {}

  FrameReactor* Subscribe(grpc::CallbackServerContext* context, const grpc::ByteBuffer* bytes) override {
    v1::SubscribeRequest request;
    grpc::ByteBuffer copy = *bytes;
    if (!grpc::SerializationTraits<v1::SubscribeRequest>::Deserialize(&copy, &request).ok()) {
      return new rpc::RefusedStream<FrameReactor>(absl::InvalidArgumentError("not a SubscribeRequest"));
    }
    std::shared_ptr<const Published> only;
    if (request.only() && (only = shared_->Find(Named(request))) == nullptr) {
      return new rpc::RefusedStream<FrameReactor>(absl::NotFoundError(
          absl::StrCat("version ", request.version(), " of incarnation ", request.incarnation(),
                       " is neither the newest nor being evaluated")));
    }
    return rpc::Open<FrameReactor>(shared_->streams,
                                   std::make_unique<Stream>(shared_, context, request, std::move(only)));
  }

  void Keep(bool keep) {
    absl::MutexLock lock(&shared_->mutex);
    shared_->kept = keep ? shared_->newest : nullptr;
  }

  void Publish(std::shared_ptr<const Published> next) {
    {
      absl::MutexLock lock(&shared_->mutex);
      if (shared_->newest != nullptr && next->version <= shared_->newest->version) {
        log::Warning("weights not published: not newer than the newest", {{"version", next->version.number}});
        return;
      }
      if (shared_->metrics) {
        shared_->metrics->version_bytes.Set(static_cast<double>(next->weights.bytes));
      }
      shared_->newest = std::move(next);
    }
    AbandonTheSlowest();
    // A stream that is admitted meanwhile looks for the newest by itself.
    shared_->streams.ForEach([](Stream& stream) { stream.Proceed(); });
  }

  void PublishBase(std::shared_ptr<const Published> base) {
    absl::MutexLock lock(&shared_->mutex);
    shared_->base = std::move(base);
  }

  std::shared_ptr<const Published> Newest() const { return shared_->Newest(); }

  void Shutdown() { shared_->streams.ShutDown(); }

  size_t versions_held() const {
    const std::shared_ptr<const Published> newest = shared_->Newest();
    return SlowVersions(newest).size() + (newest != nullptr ? 1 : 0);
  }

  size_t subscribers() const { return shared_->streams.size(); }

 private:
  using Versions = std::set<model::WeightVersion>;

  // The versions other than the newest that some stream still sends.
  Versions SlowVersions(const std::shared_ptr<const Published>& newest) const {
    Versions slow;
    shared_->streams.ForEach([&](Stream& stream) {
      const std::shared_ptr<const Published> sending = stream.Sending();
      if (sending != nullptr && sending != newest) slow.insert(sending->version);
    });
    return slow;
  }

  void AbandonTheSlowest() {
    Versions slow = SlowVersions(shared_->Newest());
    Versions abandoned;
    while (slow.size() + 1 > std::max<size_t>(shared_->options.max_versions, 1)) {
      abandoned.insert(slow.extract(slow.begin()));
    }
    if (abandoned.empty()) return;
    shared_->streams.ForEach([&](Stream& stream) {
      const std::shared_ptr<const Published> sending = stream.Sending();
      if (sending != nullptr && abandoned.contains(sending->version)) stream.Abandon();
    });
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

void WeightPublisher::Keep(bool keep) { impl_->Keep(keep); }
void WeightPublisher::PublishBase(model::WeightSet weights) {
  auto base = std::make_shared<Published>();
  base->weights = std::move(weights);
  base->base = true;
  impl_->PublishBase(std::move(base));
}

std::optional<model::WeightSet> WeightPublisher::Newest(const model::WeightVersion& version) const {
  const std::shared_ptr<const Published> newest = impl_->Newest();
  if (newest == nullptr || newest->version != version) return std::nullopt;
  return newest->weights;
}

void WeightPublisher::Shutdown() { impl_->Shutdown(); }
size_t WeightPublisher::versions_held() const { return impl_->versions_held(); }
size_t WeightPublisher::subscribers() const { return impl_->subscribers(); }

}  // namespace drover::weights
