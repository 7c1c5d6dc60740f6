// How a handler answers when it does not have the whole answer at once: later, from any thread, or piece by piece.
//
//   Request --handler--> Reply --Send(response)-----------------------------> the client
//                             --Stream(head)--> BodyWriter --Write, Close---> the client, as fast as it reads
//
// Both are handles of an exchange that the server also holds. Each may be used and destroyed at any time, after the
// client or the server has gone as well.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/http/message.h"

namespace drover::http {

class Exchange;

// The body of an answer that is sent as it is written, such as server-sent events. Not thread-safe.
class BodyWriter {
 public:
  explicit BodyWriter(std::shared_ptr<Exchange> exchange);
  // Without Close before it the connection is cut, so that the client sees that the body is not whole.
  ~BodyWriter();
  BodyWriter(const BodyWriter&) = delete;
  BodyWriter& operator=(const BodyWriter&) = delete;

  // Hands over all of `data` or nothing. Back-pressure: while the client has not taken so much of what was written before
  // that ServerOptions::stream_buffer_bytes hold the rest, it waits for up to `patience` (zero: not at all). A piece
  // larger than the buffer waits for an empty one. RESOURCE_EXHAUSTED: there was no room in time, and the call may be
  // made again. CANCELLED: the client has gone or the server ends, and nobody will read any more; a client's going is
  // seen when something is sent to it, so by the writes after that one.
  absl::Status Write(std::string_view data, absl::Duration patience = absl::InfiniteDuration());

  // As Reply::ClientGone.
  bool ClientGone() const;

  // The body is whole. No Write comes after it.
  void Close();

 private:
  const std::shared_ptr<Exchange> exchange_;
  bool closed_ = false;
};

// The right and the duty to answer one request: once. Not thread-safe.
class Reply {
 public:
  explicit Reply(std::shared_ptr<Exchange> exchange);
  // Answers 500 when nothing else was.
  ~Reply();
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  // Whether the client has hung up or the server ends, so that no answer will be read: asks the system, at the price of a
  // call. One that has closed only its sending half counts as gone.
  bool ClientGone() const;

  void Send(Response response);
  // Sends the head now, and the body as it is written. The answer to a HEAD request has no body: its writer hears
  // CANCELLED.
  std::unique_ptr<BodyWriter> Stream(Head head);

 private:
  const std::shared_ptr<Exchange> exchange_;
  bool answered_ = false;
};

}  // namespace drover::http
