#include "services/weights/subscriber.h"

#include <grpcpp/client_context.h>

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/address.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/status.h"
#include "drover/v1/weights.grpc.pb.h"
#include "services/rpc/channel.h"
#include "services/rpc/status.h"
#include "services/weights/assembler.h"

namespace drover::weights {

absl::Status SubscriberOptions::Validate() const {
  RETURN_IF_ERROR(ParseHostPort(address).status());
  if (stream_deadline <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("weight subscriber: stream_deadline must be positive");
  }
  return absl::OkStatus();
}

struct WeightSubscriber::Impl {
  Impl(const SubscriberOptions& options, metrics::WeightSubscriberMetrics* metrics)
      : options_(options),
        metrics_(metrics),
        channel_(rpc::MakeChannel(options.address,
                                  {.security = options.security, .keepalive_time = options.keepalive_time})),
        stub_(v1::WeightService::NewStub(channel_)),
        thread_([this] { Run(); }) {}

  ~Impl() {
    Stop();
    thread_.join();
  }

  void Stop() {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    if (context_ != nullptr) context_->TryCancel();
    if (fetch_context_ != nullptr) fetch_context_->TryCancel();
  }

  absl::StatusOr<std::shared_ptr<const Received>> Fetch(const model::WeightVersion& version) {
    v1::SubscribeRequest request;
    request.set_subscriber(options_.name);
    request.set_incarnation(version.incarnation);
    request.set_version(version.number);
    request.set_only(true);
    const std::shared_ptr<const Received> newest = Newest();
    if (newest != nullptr && newest->base != nullptr) request.set_base_digest(newest->base->digest);
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + options_.fetch_deadline));
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return absl::CancelledError("stopped");
      fetch_context_ = &context;
    }
    auto reader = stub_->Subscribe(&context, request);
    Assembler assembler(options_.max_bytes, newest);
    absl::StatusOr<std::shared_ptr<const Received>> whole(nullptr);
    for (v1::WeightFrame frame; whole.ok() && *whole == nullptr && reader->Read(&frame);) {
      whole = assembler.Add(frame);
      if (metrics_) {
        metrics_->received_bytes.Increment(static_cast<double>(frame.snapshot_chunk().data().size()));
      }
    }
    if (!whole.ok() || *whole != nullptr) context.TryCancel();  // nothing more is wanted
    const absl::Status end = rpc::FromGrpc(reader->Finish());
    absl::MutexLock lock(&mutex_);
    fetch_context_ = nullptr;
    if (!whole.ok()) return whole;
    if (*whole == nullptr) {
      return end.ok() ? absl::UnavailableError("the publisher ended the stream before the version was whole")
                      : end;
    }
    if ((*whole)->version == version) return whole;
    return absl::FailedPreconditionError(absl::StrCat("asked for version ", version.number,
                                                      ", the publisher sent ", (*whole)->version.number,
                                                      ": it is of an older release"));
  }

  // Streams, one after another, until Stop.
  void Run() {
    rpc::Backoff backoff(options_.backoff, Hash64(options_.name));
    Heartbeats::Pulse pulse = BeginPulse(options_.heartbeats, "weights");
    while (true) {
      pulse.Beat(options_.stream_deadline);
      bool brought = false;
      const absl::Status end = StreamOnce(&brought);
      if (brought) backoff.Reset();
      pulse.Beat(options_.backoff.max);
      absl::MutexLock lock(&mutex_);
      if (stopping_) return;
      NoteEnd(end);
      mutex_.AwaitWithTimeout(absl::Condition(&stopping_), backoff.Next());
      if (stopping_) return;
      rpc::ConnectNow(*channel_);
    }
  }

  // One stream from its request to its end, which is never OK. *brought: it brought a whole version.
  absl::Status StreamOnce(bool* brought) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + options_.stream_deadline));
    v1::SubscribeRequest request;
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return absl::CancelledError("stopped");
      context_ = &context;
      request = Request();
    }
    auto reader = stub_->Subscribe(&context, request);
    absl::Status status = ReadAll(*reader, brought);
    if (!status.ok()) context.TryCancel();
    const absl::Status end = rpc::FromGrpc(reader->Finish());
    absl::MutexLock lock(&mutex_);
    context_ = nullptr;
    if (!status.ok()) return status;
    return end.ok() ? absl::UnavailableError("the publisher ended the stream") : end;
  }

  std::shared_ptr<const Received> Newest() {
    absl::MutexLock lock(&mutex_);
    return newest_;
  }

  std::shared_ptr<const Received> WaitForNewer(const Received* than, absl::Duration timeout) {
    absl::MutexLock lock(&mutex_);
    const auto newer = [this, than]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return newest_ != nullptr && (than == nullptr || newest_->version > than->version);
    };
    const auto over = [this, &newer]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stopping_ || newer(); };
    mutex_.AwaitWithTimeout(absl::Condition(&over), timeout);
    return !stopping_ && newer() ? newest_ : nullptr;
  }

  v1::SubscribeRequest Request() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    v1::SubscribeRequest request;
    request.set_subscriber(options_.name);
    if (newest_ != nullptr) {
      request.set_has_version(true);
      request.set_incarnation(newest_->version.incarnation);
      request.set_version(newest_->version.number);
      if (newest_->base != nullptr) request.set_base_digest(newest_->base->digest);
    }
    return request;
  }

  // OK when the stream ended by itself; an error when what it brought is wrong.
  absl::Status ReadAll(grpc::ClientReader<v1::WeightFrame>& reader, bool* brought) {
    Assembler assembler(options_.max_bytes, Newest());
    absl::Time begun;
    for (v1::WeightFrame frame; reader.Read(&frame);) {
      if (frame.has_snapshot_begin()) begun = absl::Now();
      if (metrics_)
        metrics_->received_bytes.Increment(static_cast<double>(frame.snapshot_chunk().data().size()));
      ASSIGN_OR_RETURN(std::shared_ptr<const Received> whole, assembler.Add(frame));
      if (whole == nullptr) continue;
      *brought = true;
      if (metrics_) metrics_->sync_seconds.Observe(absl::ToDoubleSeconds(absl::Now() - begun));
      Deliver(std::move(whole));
    }
    return absl::OkStatus();
  }

  void Deliver(std::shared_ptr<const Received> received) {
    absl::MutexLock lock(&mutex_);
    if (newest_ != nullptr && received->version <= newest_->version) return;
    if (metrics_) {
      metrics_->received_versions.Increment();
      metrics_->version.Set(static_cast<double>(received->version.number));
      metrics_->incarnation.Set(received->version.incarnation);
      metrics_->received_timestamp.Set(metrics::UnixSeconds());
      metrics_->connected.Set(1);
    }
    log::Write(up_ ? log::Level::kDebug : log::Level::kInfo, "weights received",
               {{"incarnation", received->version.incarnation},
                {"version", received->version.number},
                {"bytes", received->weights.bytes},
                {"digest", received->weights.digest}});
    up_ = true;
    failed_before_ = false;
    newest_ = std::move(received);
  }

  // Logs the first end of a series only; a run of failures is one piece of news.
  void NoteEnd(const absl::Status& end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (metrics_) {
      metrics_->connected.Set(0);
      metrics_->errors.Count(end);
      if (absl::IsDataLoss(end)) metrics_->digest_mismatches.Increment();
    }
    const bool news = up_ || !failed_before_ || absl::IsDataLoss(end);
    log::Write(news ? log::Level::kWarning : log::Level::kDebug, "weight stream ended; trying again",
               {{"publisher", options_.address}, {"status", end.ToString()}});
    up_ = false;
    failed_before_ = true;
  }

  const SubscriberOptions options_;
  metrics::WeightSubscriberMetrics* const metrics_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::WeightService::Stub> stub_;

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  bool up_ ABSL_GUARDED_BY(mutex_) = false;             // the stream brought what it should
  bool failed_before_ ABSL_GUARDED_BY(mutex_) = false;  // since it last did
  grpc::ClientContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;
  grpc::ClientContext* fetch_context_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::shared_ptr<const Received> newest_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // last: it uses all of the above
};

WeightSubscriber::WeightSubscriber(const SubscriberOptions& options,
                                   metrics::WeightSubscriberMetrics* metrics)
    : impl_(std::make_unique<Impl>(options, metrics)) {}
WeightSubscriber::~WeightSubscriber() = default;

std::shared_ptr<const Received> WeightSubscriber::Newest() const { return impl_->Newest(); }

std::shared_ptr<const Received> WeightSubscriber::WaitForNewer(const Received* than,
                                                               absl::Duration timeout) const {
  return impl_->WaitForNewer(than, timeout);
}

absl::StatusOr<std::shared_ptr<const Received>> WeightSubscriber::Fetch(const model::WeightVersion& version) {
  return impl_->Fetch(version);
}

void WeightSubscriber::Stop() { impl_->Stop(); }

}  // namespace drover::weights
