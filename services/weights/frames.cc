#include "services/weights/frames.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::weights {
namespace {

using google::protobuf::internal::WireFormatLite;

// A tensor has few dimensions and a file's worth of names.
constexpr int kMaxTensors = 1'000'000;
constexpr int kMaxDimensions = 8;

void PutVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void PutTag(std::string& out, int field, WireFormatLite::WireType type) {
  PutVarint(out, WireFormatLite::MakeTag(field, type));
}

// gRPC slices are of mutable memory by type; nothing writes to one that is sent.
grpc::Slice Refer(const ChunkPart& part) {
  auto* keeper = new std::shared_ptr<const std::string>(part.data);
  return grpc::Slice(
      const_cast<char*>(part.data->data()) + part.offset, part.size,
      [](void* keeper) { delete static_cast<std::shared_ptr<const std::string>*>(keeper); }, keeper);
}

}  // namespace

v1::WeightFrame BeginFrame(const model::WeightVersion& version, const model::WeightSet& weights,
                           double published_unix_seconds, bool base) {
  v1::WeightFrame frame;
  v1::SnapshotBegin* begin = frame.mutable_snapshot_begin();
  begin->set_incarnation(version.incarnation);
  begin->set_version(version.number);
  begin->set_total_bytes(weights.bytes);
  begin->set_base(base);
  begin->set_published_unix_seconds(published_unix_seconds);
  for (const model::WeightTensor& tensor : weights.tensors) {
    v1::TensorInfo* info = begin->add_tensors();
    info->set_name(tensor.meta.name);
    info->set_dtype(std::string(model::DtypeName(tensor.meta.dtype)));
    for (const int64_t dimension : tensor.meta.shape) info->add_shape(dimension);
  }
  return frame;
}

v1::WeightFrame EndFrame(const model::WeightSet& weights) {
  v1::WeightFrame frame;
  frame.mutable_snapshot_end()->set_digest(weights.digest);
  return frame;
}

grpc::ByteBuffer Serialize(const v1::WeightFrame& frame) {
  grpc::Slice slice(frame.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

grpc::ByteBuffer ChunkFrame(uint64_t offset, const std::vector<ChunkPart>& parts) {
  uint64_t size = 0;
  for (const ChunkPart& part : parts) size += part.size;
  std::string inner;
  if (offset != 0) {
    PutTag(inner, v1::SnapshotChunk::kOffsetFieldNumber, WireFormatLite::WIRETYPE_VARINT);
    PutVarint(inner, offset);
  }
  PutTag(inner, v1::SnapshotChunk::kDataFieldNumber, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  PutVarint(inner, size);

  std::string head;
  PutTag(head, v1::WeightFrame::kSnapshotChunkFieldNumber, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  PutVarint(head, inner.size() + size);
  head += inner;

  std::vector<grpc::Slice> slices = {grpc::Slice(head)};
  for (const ChunkPart& part : parts) slices.push_back(Refer(part));
  return grpc::ByteBuffer(slices.data(), slices.size());
}

absl::StatusOr<std::vector<model::TensorMeta>> ReadLayout(const v1::SnapshotBegin& begin,
                                                          uint64_t max_bytes) {
  if (begin.total_bytes() > max_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat("weights of ", begin.total_bytes(),
                                                     " bytes, where at most ", max_bytes,
                                                     " are taken (SubscriberOptions::max_bytes)"));
  }
  if (begin.tensors_size() > kMaxTensors)
    return absl::InvalidArgumentError("weights of over a million tensors");
  std::vector<model::TensorMeta> tensors;
  for (const v1::TensorInfo& info : begin.tensors()) {
    const std::optional<model::Dtype> dtype = model::ParseDtype(info.dtype());
    if (!dtype.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor ", info.name(), ": unknown dtype ", info.dtype()));
    }
    if (info.shape_size() > kMaxDimensions) {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor ", info.name(), ": ", info.shape_size(), " dimensions"));
    }
    if (!tensors.empty() && tensors.back().name >= info.name()) {
      return absl::InvalidArgumentError(absl::StrCat("tensor ", info.name(), " comes after ",
                                                     tensors.back().name, "; tensors come sorted by name"));
    }
    tensors.push_back(
        {.name = info.name(), .dtype = *dtype, .shape = {info.shape().begin(), info.shape().end()}});
  }
  ASSIGN_OR_RETURN(tensors, model::LayOutWeights(std::move(tensors)));
  const uint64_t bytes = model::TotalBytes(tensors);
  if (bytes != begin.total_bytes()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the tensors take ", bytes, " bytes, but ", begin.total_bytes(), " are announced"));
  }
  return tensors;
}

}  // namespace drover::weights
