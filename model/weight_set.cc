#include "model/weight_set.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::model {
namespace {

// Digested at a time, so that the second digest finds the bytes in the cache.
constexpr size_t kDigestBytes = size_t{128} << 10;

// The digest of `data`, which `whole` takes up as well.
std::string Digest(std::string_view data, Digester& whole) {
  Digester own;
  while (!data.empty()) {
    const std::string_view part = data.substr(0, kDigestBytes);
    own.Update(part);
    whole.Update(part);
    data.remove_prefix(part.size());
  }
  return own.Hex();
}

}  // namespace

absl::StatusOr<std::vector<TensorMeta>> LayOutWeights(std::vector<TensorMeta> tensors) {
  std::sort(tensors.begin(), tensors.end(),
            [](const TensorMeta& a, const TensorMeta& b) { return a.name < b.name; });
  uint64_t total = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    TensorMeta& tensor = tensors[i];
    if (i > 0 && tensors[i - 1].name == tensor.name) {
      return absl::InvalidArgumentError(absl::StrCat("two tensors are named ", tensor.name));
    }
    std::optional<uint64_t> bytes = TensorBytes(tensor.dtype, tensor.shape);
    // Both terms are below 2^63, so the sum cannot wrap.
    if (!bytes || *bytes + total > uint64_t{std::numeric_limits<int64_t>::max()}) {
      return absl::InvalidArgumentError(absl::StrCat("tensor ", tensor.name, ": its shape is impossible"));
    }
    tensor.bytes = *bytes;
    total += *bytes;
  }
  return tensors;
}

uint64_t TotalBytes(const std::vector<TensorMeta>& tensors) {
  uint64_t total = 0;
  for (const TensorMeta& tensor : tensors) total += tensor.bytes;
  return total;
}

const WeightTensor* WeightSetBuilder::InBase(const WeightTensor& tensor) const {
  if (base_ == nullptr) return nullptr;
  const auto found =
      std::lower_bound(base_->tensors.begin(), base_->tensors.end(), tensor.meta.name,
                       [](const WeightTensor& a, const std::string& name) { return a.meta.name < name; });
  if (found == base_->tensors.end() || found->meta.name != tensor.meta.name) return nullptr;
  const bool same = found->meta.dtype == tensor.meta.dtype && found->meta.shape == tensor.meta.shape &&
                    found->digest == tensor.digest;
  return same ? &*found : nullptr;
}

absl::Status WeightSetBuilder::Add(TensorMeta meta, std::string data) {
  if (!weights_.tensors.empty() && weights_.tensors.back().meta.name >= meta.name) {
    return absl::InvalidArgumentError(absl::StrCat("tensor ", meta.name, " comes after ",
                                                   weights_.tensors.back().meta.name,
                                                   "; tensors come sorted by name"));
  }
  const std::optional<uint64_t> bytes = TensorBytes(meta.dtype, meta.shape);
  if (!bytes) {
    return absl::InvalidArgumentError(absl::StrCat("tensor ", meta.name, ": its shape is impossible"));
  }
  if (*bytes != data.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("tensor ", meta.name, ": its shape needs ", *bytes, " bytes, it has ", data.size()));
  }
  meta.bytes = *bytes;
  WeightTensor tensor = {.meta = std::move(meta)};
  tensor.digest = Digest(data, whole_);
  const WeightTensor* const same = InBase(tensor);
  tensor.data = same != nullptr ? same->data : std::make_shared<const std::string>(std::move(data));
  weights_.bytes += *bytes;
  weights_.tensors.push_back(std::move(tensor));
  return absl::OkStatus();
}

WeightSet WeightSetBuilder::Finish() && {
  weights_.digest = whole_.Hex();
  return std::move(weights_);
}

absl::StatusOr<WeightSet> PackWeights(const std::vector<TensorView>& tensors) {
  std::vector<const TensorView*> order;
  for (const TensorView& tensor : tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(),
            [](const TensorView* a, const TensorView* b) { return a->name < b->name; });
  WeightSetBuilder builder;
  for (const TensorView* tensor : order) {
    RETURN_IF_ERROR(builder.Add({.name = tensor->name, .dtype = tensor->dtype, .shape = tensor->shape},
                                std::string(tensor->bytes)));
  }
  return std::move(builder).Finish();
}

std::vector<TensorView> WeightViews(const WeightSet& weights) {
  std::vector<TensorView> views;
  for (const WeightTensor& tensor : weights.tensors) {
    views.push_back({.name = tensor.meta.name,
                     .dtype = tensor.meta.dtype,
                     .shape = tensor.meta.shape,
                     .bytes = *tensor.data});
  }
  return views;
}

}  // namespace drover::model
