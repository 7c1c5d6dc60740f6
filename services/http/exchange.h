// One request whose answer comes later or piece by piece: what its handler and its connection share. Knows neither
// sockets nor the library that serves them.
//
//   waiting --Send--> answered          the connection Takes the answer; or Reads the body as it comes
//           --Stream--> streaming --Close or Cut--> ended
//   any state --Leave (the connection has gone, or the server ends)--> gone
//
// A connection that finds nothing to send is parked, and woken when there is something. Both are calls to the owner of
// the connection under the exchange's lock, so that no wake can come before its park; after Leave there is none.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "services/http/message.h"

namespace drover::http {

// Thread-safe.
class Exchange {
 public:
  struct Connection {
    std::function<void()> park;  // do not ask again until woken
    std::function<void()> wake;
    std::function<bool()> hung_up;  // whether the client has closed its end; null: nobody can tell
  };
  // `buffer_bytes`: of a streamed body that the connection has not taken yet.
  Exchange(Connection connection, size_t buffer_bytes);

  // The handler's end. Send or Stream once, then for Stream: Write, and Close or Cut once.
  void Send(Response response);
  void Stream(Head head);
  absl::Status Write(std::string_view data, absl::Duration patience);
  void Close();
  void Cut();
  // Nobody will read any more. Sees a client that has hung up though nothing is sent to it.
  bool ClientGone();

  // The connection's end. `streamed`: the body is to be Read.
  struct Answer {
    Response response;
    bool streamed = false;
  };
  // Nullopt: not yet, and the connection is parked.
  std::optional<Answer> Take();
  enum class BodyState { kMore, kParked, kEnd, kCut };
  // Up to `most` bytes of the body go to `to`; `*read` of them, above 0 with kMore.
  BodyState Read(char* to, size_t most, size_t* read);
  // The connection has gone: it is called no more, and writers hear of it.
  void Leave();
  // The server ends: like Leave for the handler, while the connection is woken, to be ended.
  void End();

 private:
  void Wake() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasRoom(size_t bytes) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const size_t buffer_bytes_;

  absl::Mutex mutex_;
  Connection connection_ ABSL_GUARDED_BY(mutex_);
  bool parked_ ABSL_GUARDED_BY(mutex_) = false;
  bool gone_ ABSL_GUARDED_BY(mutex_) = false;  // nobody will read any more
  std::optional<Answer> answer_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;  // the body ends after what is in the buffer
  bool cut_ ABSL_GUARDED_BY(mutex_) = false;     // the body is not whole
  std::string buffer_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace drover::http
