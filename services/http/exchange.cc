#include "services/http/exchange.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace drover::http {

Exchange::Exchange(Connection connection, size_t buffer_bytes)
    : buffer_bytes_(buffer_bytes), connection_(std::move(connection)) {}

void Exchange::Wake() {
  if (!std::exchange(parked_, false)) return;
  connection_.wake();
}

bool Exchange::HasRoom(size_t bytes) const {
  return buffer_.empty() || buffer_.size() + bytes <= buffer_bytes_;
}

void Exchange::Send(Response response) {
  absl::MutexLock lock(&mutex_);
  answer_ = {.response = std::move(response)};
  Wake();
}

void Exchange::Stream(Head head) {
  absl::MutexLock lock(&mutex_);
  answer_ = {.response = {.head = std::move(head)}, .streamed = true};
  Wake();
}

absl::Status Exchange::Write(std::string_view data, absl::Duration patience) {
  absl::MutexLock lock(&mutex_);
  const auto decided = [this, &data]()
                           ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return gone_ || HasRoom(data.size()); };
  if (!mutex_.AwaitWithTimeout(absl::Condition(&decided), patience)) {
    return absl::ResourceExhaustedError("the client does not read so fast");
  }
  if (gone_) return absl::CancelledError("the client has gone");
  buffer_ += data;
  if (!data.empty()) Wake();
  return absl::OkStatus();
}

void Exchange::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  Wake();
}

void Exchange::Cut() {
  absl::MutexLock lock(&mutex_);
  cut_ = true;
  Wake();
}

bool Exchange::ClientGone() {
  absl::MutexLock lock(&mutex_);
  return gone_ || (connection_.hung_up && connection_.hung_up());
}

std::optional<Exchange::Answer> Exchange::Take() {
  absl::MutexLock lock(&mutex_);
  if (!answer_.has_value() && gone_) return Answer{.response = Text(503, "the server is shutting down\n")};
  if (answer_.has_value()) return answer_;
  parked_ = true;
  connection_.park();
  return std::nullopt;
}

Exchange::BodyState Exchange::Read(char* to, size_t most, size_t* read) {
  absl::MutexLock lock(&mutex_);
  *read = 0;
  if (gone_ || cut_) return BodyState::kCut;
  if (!buffer_.empty()) {
    *read = std::min(most, buffer_.size());
    std::memcpy(to, buffer_.data(), *read);
    buffer_.erase(0, *read);
    return BodyState::kMore;
  }
  if (closed_) return BodyState::kEnd;
  parked_ = true;
  connection_.park();
  return BodyState::kParked;
}

void Exchange::Leave() {
  absl::MutexLock lock(&mutex_);
  gone_ = true;
  parked_ = false;
  connection_ = {};
  buffer_ = {};
}

void Exchange::End() {
  absl::MutexLock lock(&mutex_);
  gone_ = true;
  Wake();
}

}  // namespace drover::http
