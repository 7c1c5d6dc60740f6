#include "services/weights/assembler.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "services/weights/frames.h"

namespace drover::weights {
namespace {

// Reserved at once; further memory comes as bytes do, doubling.
constexpr uint64_t kReserveUpTo = uint64_t{256} << 20;

}  // namespace

absl::StatusOr<std::shared_ptr<const Received>> Assembler::Add(const v1::WeightFrame& frame) {
  absl::Status status;
  switch (frame.frame_case()) {
    case v1::WeightFrame::kSnapshotBegin:
      status = Begin(frame.snapshot_begin());
      break;
    case v1::WeightFrame::kSnapshotChunk:
      status = Chunk(frame.snapshot_chunk());
      break;
    case v1::WeightFrame::kSnapshotEnd: {
      const bool base = incoming_.has_value() && incoming_->base;
      absl::StatusOr<Received> whole = End(frame.snapshot_end());
      Reset();
      if (!whole.ok()) return whole.status();
      if (base) {
        base_ = std::make_shared<const model::WeightSet>(std::move(whole->weights));
        return nullptr;
      }
      return last_ = std::make_shared<const Received>(*std::move(whole));
    }
    case v1::WeightFrame::FRAME_NOT_SET:
      status =
          absl::InvalidArgumentError("a frame of a kind unknown here: is the publisher a newer release?");
  }
  if (!status.ok()) {
    Reset();
    return status;
  }
  return nullptr;
}

absl::Status Assembler::Begin(const v1::SnapshotBegin& begin) {
  if (incoming_.has_value()) return absl::InvalidArgumentError("a version begins before the last one ended");
  ASSIGN_OR_RETURN(std::vector<model::TensorMeta> layout, ReadLayout(begin, max_bytes_));
  // The set of the last version, kept alive by it.
  std::shared_ptr<const model::WeightSet> last;
  if (last_ != nullptr && !begin.base()) last = {last_, &last_->weights};
  Incoming& incoming = incoming_.emplace(std::move(last));
  incoming.version = {begin.incarnation(), begin.version()};
  incoming.base = begin.base();
  incoming.layout = std::move(layout);
  incoming.total_bytes = begin.total_bytes();
  return CompleteTensors(incoming);
}

absl::Status Assembler::Chunk(const v1::SnapshotChunk& chunk) {
  if (!incoming_.has_value()) return absl::InvalidArgumentError("a chunk comes outside of a version");
  Incoming& incoming = *incoming_;
  if (chunk.offset() != incoming.received_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("a chunk at offset ", chunk.offset(), ", where ",
                                                   incoming.received_bytes, " comes next"));
  }
  if (chunk.data().empty()) return absl::InvalidArgumentError("an empty chunk");
  if (chunk.data().size() > incoming.total_bytes - incoming.received_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("a chunk of ", chunk.data().size(), " bytes at offset ",
                                                   chunk.offset(), ", over the ", incoming.total_bytes,
                                                   " announced"));
  }
  incoming.received_bytes += chunk.data().size();
  for (std::string_view rest = chunk.data(); !rest.empty();) {
    const uint64_t bytes = incoming.layout[incoming.next].bytes;
    if (incoming.data.empty()) incoming.data.reserve(std::min(bytes, kReserveUpTo));
    const std::string_view part = rest.substr(0, bytes - incoming.data.size());
    incoming.data += part;
    rest.remove_prefix(part.size());
    RETURN_IF_ERROR(CompleteTensors(incoming));
  }
  return absl::OkStatus();
}

// Takes the tensors whose bytes are all there: the one that was under way, and those after it that have none. So the next
// one lacks a byte, or there is no next.
absl::Status Assembler::CompleteTensors(Incoming& incoming) {
  while (incoming.next < incoming.layout.size() &&
         incoming.data.size() == incoming.layout[incoming.next].bytes) {
    RETURN_IF_ERROR(incoming.builder.Add(std::move(incoming.layout[incoming.next]),
                                         std::exchange(incoming.data, std::string())));
    ++incoming.next;
  }
  return absl::OkStatus();
}

absl::StatusOr<Received> Assembler::End(const v1::SnapshotEnd& end) {
  if (!incoming_.has_value()) return absl::InvalidArgumentError("an end comes outside of a version");
  if (incoming_->received_bytes != incoming_->total_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("the version ends after ", incoming_->received_bytes,
                                                   " of ", incoming_->total_bytes, " bytes"));
  }
  Received received{
      .version = incoming_->version, .weights = std::move(incoming_->builder).Finish(), .base = base_};
  if (received.weights.digest != end.digest()) {
    return absl::DataLossError(absl::StrCat("version ", received.version.number,
                                            ": the digest of what came is ", received.weights.digest,
                                            ", that of what was sent ", end.digest()));
  }
  return received;
}

}  // namespace drover::weights
