#include "services/grading/server.h"

#include <grpcpp/server_context.h>

#include <deque>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "drover/v1/verifier.grpc.pb.h"
#include "services/grading/grade_one.h"
#include "services/rpc/status.h"
#include "services/rpc/streams.h"

namespace drover::grading {
namespace {

// One unary call.
class BatchCall : public grpc::ServerUnaryReactor {
 public:
  BatchCall(grpc::CallbackServerContext* context, const v1::GradeBatchRequest* request,
            v1::GradeBatchResponse* response, metrics::VerifierMetrics* metrics)
      : response_(response), metrics_(metrics), batch_(std::make_shared<Batch>()) {
    for (const v1::GradeRequest& one : request->requests()) batch_->requests.push_back(&one);
    batch_->deadline = absl::FromChrono(context->deadline());
    batch_->done = [this](Batch&, const absl::Status& status) { End(status); };
  }

  // After it, `this` may be gone.
  void Begin(const VerifierServerOptions& options, GraderPool& pool) {
    const std::shared_ptr<Batch> batch = batch_;
    absl::Status status = Check(options);
    if (status.ok()) status = pool.Submit(batch);
    if (!status.ok()) End(status);
  }

  void OnCancel() override { batch_->cancelled = true; }
  void OnDone() override { delete this; }

 private:
  absl::Status Check(const VerifierServerOptions& options) const {
    if (batch_->requests.size() > options.max_batch) {
      return absl::InvalidArgumentError(absl::StrCat("a batch of ", batch_->requests.size(),
                                                     " requests; at most ", options.max_batch,
                                                     " are taken in one call"));
    }
    for (const v1::GradeRequest* request : batch_->requests) RETURN_IF_ERROR(ValidateRequest(*request));
    return absl::OkStatus();
  }

  void End(const absl::Status& status) {
    if (metrics_) metrics_->errors.Count(status);
    if (status.ok()) {
      for (v1::GradeResult& result : batch_->results) response_->add_results()->Swap(&result);
    }
    Finish(rpc::ToGrpc(status));
  }

  v1::GradeBatchResponse* const response_;
  metrics::VerifierMetrics* const metrics_;
  const std::shared_ptr<Batch> batch_;
};

class StreamCall;

// What the streams have in common.
struct Streams {
  VerifierServerOptions options;
  GraderPool* pool;
  metrics::VerifierMetrics* metrics;
  rpc::OpenStreams<StreamCall> open{
      {.service = "the verifier", .kind = "grading streams", .most = options.max_streams}};
};

using GradeReactor = grpc::ServerBidiReactor<v1::GradeRequest, v1::GradeResult>;

// One bidirectional stream.
//
//   read --> pool (at most max_stream_in_flight) --> results --> write
//
// It is finished when nothing is in flight and the reads have ended (the client's doing, an error, or Drain).
class StreamCall : public GradeReactor {
 public:
  explicit StreamCall(std::shared_ptr<Streams> streams) : streams_(std::move(streams)) {}

  void Begin() {
    absl::MutexLock lock(&mutex_);
    MaybeRead();
  }

  void ShutDown(const absl::Status& why) {
    absl::MutexLock lock(&mutex_);
    Stop(why);
    MaybeFinish();
  }

  void OnReadDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    reading_ = false;
    if (!ok) {
      Stop(absl::OkStatus());
    } else if (!stopped_) {
      if (const absl::Status valid = ValidateRequest(incoming_); valid.ok()) {
        Grade();
      } else {
        Stop(valid);
      }
    }
    MaybeRead();
    MaybeFinish();
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    --in_flight_;
    if (!ok) Stop(absl::CancelledError("the client has gone"));
    MaybeWrite();
    MaybeRead();
    MaybeFinish();
  }

  void OnCancel() override {  // also when the stream's deadline has passed
    absl::MutexLock lock(&mutex_);
    Stop(absl::CancelledError("the client has gone"));
    gone_ = true;
    for (Batch* one : grading_) one->cancelled = true;
    MaybeFinish();
  }

  void OnDone() override {
    streams_->open.Left(this);
    {
      // A grading thread may still be on its way out of Graded(); with the lock we know that it has left.
      absl::MutexLock lock(&mutex_);
    }
    delete this;
  }

 private:
  struct One : Batch {
    v1::GradeRequest request;
  };

  void MaybeRead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (reading_ || stopped_ || in_flight_ >= streams_->options.max_stream_in_flight) return;
    reading_ = true;
    StartRead(&incoming_);
  }

  void Grade() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    auto one = std::make_shared<One>();
    one->request.Swap(&incoming_);
    one->requests.push_back(&one->request);
    one->done = [this](Batch& batch, const absl::Status& status) { Graded(batch, status); };
    ++in_flight_;
    grading_.insert(one.get());
    Batch* const batch = one.get();
    // Bounded by max_streams x max_stream_in_flight, so the queue's limit need not refuse it.
    if (const absl::Status status = streams_->pool->Submit(std::move(one), /*reserved=*/true); !status.ok()) {
      --in_flight_;
      grading_.erase(batch);
      Stop(status);
    }
  }

  void Graded(Batch& batch, const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    grading_.erase(&batch);
    if (!status.ok() || gone_) {
      --in_flight_;
      Stop(status);
    } else {
      results_.push_back(std::move(batch.results[0]));
      MaybeWrite();
    }
    MaybeFinish();
  }

  void MaybeWrite() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || results_.empty()) return;
    if (gone_) {
      in_flight_ -= results_.size();
      results_.clear();
      return;
    }
    writing_ = true;
    outgoing_ = std::move(results_.front());
    results_.pop_front();
    StartWrite(&outgoing_);
  }

  // No further read; the first reason counts.
  void Stop(const absl::Status& why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (stopped_) return;
    stopped_ = true;
    end_ = why;
  }

  void MaybeFinish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (gone_) MaybeWrite();  // drops what nobody will read
    if (finished_ || !stopped_ || in_flight_ > 0) return;
    finished_ = true;
    if (streams_->metrics) streams_->metrics->errors.Count(end_);
    Finish(rpc::ToGrpc(end_));
  }

  const std::shared_ptr<Streams> streams_;

  absl::Mutex mutex_;  // after that of streams_->open
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool gone_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status end_ ABSL_GUARDED_BY(mutex_);
  size_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;      // read and not yet written back
  std::set<Batch*> grading_ ABSL_GUARDED_BY(mutex_);  // those of them that the pool has
  std::deque<v1::GradeResult> results_ ABSL_GUARDED_BY(mutex_);
  v1::GradeRequest incoming_;
  v1::GradeResult outgoing_;
};

}  // namespace

class VerifierServer::Impl : public v1::VerifierService::CallbackService {
 public:
  Impl(const VerifierServerOptions& options, GraderPool* pool, metrics::VerifierMetrics* metrics)
      : streams_(new Streams{.options = options, .pool = pool, .metrics = metrics}) {}

  grpc::ServerUnaryReactor* Grade(grpc::CallbackServerContext* context, const v1::GradeBatchRequest* request,
                                  v1::GradeBatchResponse* response) override {
    if (streams_->metrics) streams_->metrics->unary_calls.Increment();
    auto* call = new BatchCall(context, request, response, streams_->metrics);
    call->Begin(streams_->options, *streams_->pool);
    return call;
  }

  GradeReactor* GradeStream(grpc::CallbackServerContext*) override {
    if (streams_->metrics) streams_->metrics->stream_calls.Increment();
    return rpc::Open<GradeReactor>(streams_->open, std::make_unique<StreamCall>(streams_));
  }

  void Drain() { streams_->open.ShutDown(); }

 private:
  const std::shared_ptr<Streams> streams_;
};

VerifierServer::VerifierServer(const VerifierServerOptions& options, GraderPool* pool,
                               metrics::VerifierMetrics* metrics)
    : impl_(std::make_unique<Impl>(options, pool, metrics)) {}
VerifierServer::~VerifierServer() = default;
grpc::Service* VerifierServer::service() { return impl_.get(); }
void VerifierServer::Drain() { impl_->Drain(); }

}  // namespace drover::grading
