#include "model/weight_set.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/status.h"

namespace drover::model {

absl::StatusOr<std::vector<TensorMeta>> LayOutWeights(std::vector<TensorMeta> tensors) {
  std::sort(tensors.begin(), tensors.end(),
            [](const TensorMeta& a, const TensorMeta& b) { return a.name < b.name; });
  uint64_t offset = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    TensorMeta& tensor = tensors[i];
    if (i > 0 && tensors[i - 1].name == tensor.name) {
      return absl::InvalidArgumentError(absl::StrCat("two tensors are named ", tensor.name));
    }
    std::optional<uint64_t> bytes = TensorBytes(tensor.dtype, tensor.shape);
    // Both terms are below 2^63, so the sum cannot wrap.
    if (!bytes || *bytes + offset > uint64_t{std::numeric_limits<int64_t>::max()}) {
      return absl::InvalidArgumentError(absl::StrCat("tensor ", tensor.name, ": its shape is impossible"));
    }
    tensor.offset = offset;
    tensor.bytes = *bytes;
    offset += *bytes;
  }
  return tensors;
}

absl::StatusOr<WeightSet> PackWeights(const std::vector<TensorView>& tensors) {
  std::vector<const TensorView*> order;
  std::vector<TensorMeta> metas;
  for (const TensorView& tensor : tensors) {
    order.push_back(&tensor);
    metas.push_back({.name = tensor.name, .dtype = tensor.dtype, .shape = tensor.shape});
  }
  std::sort(order.begin(), order.end(),
            [](const TensorView* a, const TensorView* b) { return a->name < b->name; });
  WeightSet weights;
  ASSIGN_OR_RETURN(weights.tensors, LayOutWeights(std::move(metas)));
  auto data = std::make_shared<std::string>();
  data->reserve(weights.tensors.empty() ? 0 : weights.tensors.back().offset + weights.tensors.back().bytes);
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i]->bytes.size() != weights.tensors[i].bytes) {
      return absl::InvalidArgumentError(absl::StrCat("tensor ", order[i]->name, ": its shape needs ",
                                                     weights.tensors[i].bytes, " bytes, it has ",
                                                     order[i]->bytes.size()));
    }
    data->append(order[i]->bytes);
  }
  weights.digest = HexDigest(*data);
  weights.data = std::move(data);
  return weights;
}

std::vector<TensorView> WeightViews(const WeightSet& weights) {
  std::vector<TensorView> views;
  for (const TensorMeta& tensor : weights.tensors) {
    views.push_back({.name = tensor.name,
                     .dtype = tensor.dtype,
                     .shape = tensor.shape,
                     .bytes = std::string_view(*weights.data).substr(tensor.offset, tensor.bytes)});
  }
  return views;
}

absl::Status VerifyWeights(const WeightSet& weights) {
  if (weights.data == nullptr) return absl::InvalidArgumentError("the weights have no data");
  ASSIGN_OR_RETURN(std::vector<TensorMeta> expected, LayOutWeights(weights.tensors));
  for (size_t i = 0; i < expected.size(); ++i) {
    const TensorMeta &is = weights.tensors[i], &should = expected[i];
    if (is.name != should.name) {
      return absl::InvalidArgumentError(absl::StrCat("tensor ", is.name, ": not in order of names"));
    }
    if (is.offset != should.offset || is.bytes != should.bytes) {
      return absl::InvalidArgumentError(absl::StrCat("tensor ", is.name, ": ", is.bytes, " bytes at ",
                                                     is.offset, ", must be ", should.bytes, " at ",
                                                     should.offset));
    }
  }
  uint64_t total = expected.empty() ? 0 : expected.back().offset + expected.back().bytes;
  if (total != weights.data->size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the tensors take ", total, " bytes, the data have ", weights.data->size()));
  }
  std::string digest = HexDigest(*weights.data);
  if (digest == weights.digest) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("the weights have digest ", digest, ", but were announced with ", weights.digest));
}

}  // namespace drover::model
