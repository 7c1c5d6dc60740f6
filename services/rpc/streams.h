// The open streams of a service: how many there may be, and how all of them end.
//
//   a call --Open--> admitted: in OpenStreams until OnDone, and begun
//                --> refused: ended at once, with UNAVAILABLE or RESOURCE_EXHAUSTED
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "services/rpc/status.h"

namespace drover::rpc {

struct OpenStreamsOptions {
  std::string service;                       // "the verifier", in errors
  std::string kind;                          // "grading streams"
  size_t most = 0;                           // open at a time
  std::function<void(size_t)> changed = {};  // told how many are open whenever that changes; may be null
};

// Thread-safe. Outlives its streams: they hold it by shared_ptr. A Stream has ShutDown(const absl::Status&), which ends it
// as soon as it may, and a lock of its own that is taken after the one here.
template <class Stream>
class OpenStreams {
 public:
  explicit OpenStreams(OpenStreamsOptions options) : options_(std::move(options)) {}

  absl::Status Admit(Stream* stream) {
    absl::MutexLock lock(&mutex_);
    if (shut_down_) return ShuttingDown();
    if (streams_.size() >= options_.most) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the most of ", options_.most, " ", options_.kind, " are open"));
    }
    streams_.insert(stream);
    Changed();
    return absl::OkStatus();
  }

  // From OnDone. After it nobody here calls the stream any more.
  void Left(Stream* stream) {
    absl::MutexLock lock(&mutex_);
    streams_.erase(stream);
    Changed();
  }

  // use(stream) for each; they stay meanwhile, since one that is done waits to leave.
  template <class Use>
  void ForEach(const Use& use) const {
    absl::MutexLock lock(&mutex_);
    for (Stream* stream : streams_) use(*stream);
  }

  // Ends every stream, and refuses new ones, with UNAVAILABLE.
  void ShutDown() {
    absl::MutexLock lock(&mutex_);
    shut_down_ = true;
    for (Stream* stream : streams_) stream->ShutDown(ShuttingDown());
  }

  size_t size() const {
    absl::MutexLock lock(&mutex_);
    return streams_.size();
  }

 private:
  absl::Status ShuttingDown() const {
    return absl::UnavailableError(absl::StrCat(options_.service, " is shutting down"));
  }
  void Changed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (options_.changed) options_.changed(streams_.size());
  }

  const OpenStreamsOptions options_;
  mutable absl::Mutex mutex_;
  std::set<Stream*> streams_ ABSL_GUARDED_BY(mutex_);
  bool shut_down_ ABSL_GUARDED_BY(mutex_) = false;
};

// A stream that ends as soon as it begins. `Reactor`: gRPC's class of the call.
template <class Reactor>
class RefusedStream : public Reactor {
 public:
  explicit RefusedStream(const absl::Status& why) { this->Finish(ToGrpc(why)); }
  void OnDone() override { delete this; }
};

// What gRPC is given as the call's reactor: `stream`, admitted and begun (Stream::Begin), which leaves and deletes itself in
// OnDone; or a refusal.
template <class Reactor, class Stream>
Reactor* Open(OpenStreams<Stream>& streams, std::unique_ptr<Stream> stream) {
  if (const absl::Status admitted = streams.Admit(stream.get()); !admitted.ok()) {
    return new RefusedStream<Reactor>(admitted);
  }
  Stream* const open = stream.release();
  open->Begin();
  return open;
}

}  // namespace drover::rpc
