#include "services/http/reply.h"

#include <utility>

#include "services/http/exchange.h"

namespace drover::http {

BodyWriter::BodyWriter(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

BodyWriter::~BodyWriter() {
  if (!closed_) exchange_->Cut();
}

absl::Status BodyWriter::Write(std::string_view data, absl::Duration patience) {
  return exchange_->Write(data, patience);
}

bool BodyWriter::ClientGone() const { return exchange_->ClientGone(); }

void BodyWriter::Close() {
  if (std::exchange(closed_, true)) return;
  exchange_->Close();
}

Reply::Reply(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}

Reply::~Reply() {
  if (!answered_) exchange_->Send(Text(500, "the server has no answer\n"));
}

bool Reply::ClientGone() const { return exchange_->ClientGone(); }

void Reply::Send(Response response) {
  if (std::exchange(answered_, true)) return;
  exchange_->Send(std::move(response));
}

std::unique_ptr<BodyWriter> Reply::Stream(Head head) {
  answered_ = true;
  exchange_->Stream(std::move(head));
  return std::make_unique<BodyWriter>(exchange_);
}

}  // namespace drover::http
