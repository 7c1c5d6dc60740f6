#include "services/weights/assembler.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/status.h"
#include "services/weights/frames.h"

namespace drover::weights {
namespace {

// Reserved at once; further memory comes as bytes do, doubling.
constexpr uint64_t kReserveUpTo = uint64_t{256} << 20;

}  // namespace

void Assembler::Reset() {
  receiving_ = false;
  total_bytes_ = 0;
  received_ = {};
  data_ = {};
}

absl::StatusOr<std::optional<Received>> Assembler::Add(v1::WeightFrame frame) {
  absl::Status status;
  switch (frame.frame_case()) {
    case v1::WeightFrame::kSnapshotBegin:
      status = Begin(frame.snapshot_begin());
      break;
    case v1::WeightFrame::kSnapshotChunk:
      status = Chunk(frame.snapshot_chunk());
      break;
    case v1::WeightFrame::kSnapshotEnd: {
      absl::StatusOr<Received> whole = End(frame.snapshot_end());
      Reset();
      if (!whole.ok()) return whole.status();
      return std::optional<Received>(*std::move(whole));
    }
    case v1::WeightFrame::FRAME_NOT_SET:
      status =
          absl::InvalidArgumentError("a frame of a kind unknown here: is the publisher a newer release?");
  }
  if (!status.ok()) {
    Reset();
    return status;
  }
  return std::optional<Received>();
}

absl::Status Assembler::Begin(const v1::SnapshotBegin& begin) {
  if (receiving_) return absl::InvalidArgumentError("a version begins before the last one ended");
  ASSIGN_OR_RETURN(received_.weights.tensors, ReadLayout(begin, max_bytes_));
  received_.version = {begin.incarnation(), begin.version()};
  total_bytes_ = begin.total_bytes();
  data_.reserve(std::min(total_bytes_, kReserveUpTo));
  receiving_ = true;
  return absl::OkStatus();
}

absl::Status Assembler::Chunk(const v1::SnapshotChunk& chunk) {
  if (!receiving_) return absl::InvalidArgumentError("a chunk comes outside of a version");
  if (chunk.offset() != data_.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("a chunk at offset ", chunk.offset(), ", where ", data_.size(), " comes next"));
  }
  if (chunk.data().empty()) return absl::InvalidArgumentError("an empty chunk");
  if (chunk.data().size() > total_bytes_ - data_.size()) {
    return absl::InvalidArgumentError(absl::StrCat("a chunk of ", chunk.data().size(), " bytes at offset ",
                                                   chunk.offset(), ", over the ", total_bytes_,
                                                   " announced"));
  }
  data_ += chunk.data();
  return absl::OkStatus();
}

absl::StatusOr<Received> Assembler::End(const v1::SnapshotEnd& end) {
  if (!receiving_) return absl::InvalidArgumentError("an end comes outside of a version");
  if (data_.size() != total_bytes_) {
    return absl::InvalidArgumentError(
        absl::StrCat("the version ends after ", data_.size(), " of ", total_bytes_, " bytes"));
  }
  const std::string digest = HexDigest(data_);
  if (digest != end.digest()) {
    return absl::DataLossError(absl::StrCat("version ", received_.version.number,
                                            ": the digest of what came is ", digest,
                                            ", that of what was sent ", end.digest()));
  }
  received_.weights.data = std::make_shared<const std::string>(std::move(data_));
  received_.weights.digest = digest;
  return std::move(received_);
}

}  // namespace drover::weights
