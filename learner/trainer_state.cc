#include "learner/trainer_state.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover::learner {
namespace {

using Tensors = std::map<std::string, torch::Tensor>;

std::string Describe(const torch::Tensor& tensor) {
  std::ostringstream out;
  out << tensor.scalar_type() << tensor.sizes();
  return out.str();
}

absl::Status Missing(std::string_view what, const std::string& name) {
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(what), " of ", name, " is missing"));
}

absl::Status Misshapen(std::string_view what, const std::string& name, const torch::Tensor& is,
                       const torch::Tensor& needed) {
  return absl::InvalidArgumentError(
      absl::StrCat(ToAbsl(what), " of ", name, " is ", Describe(is), "; the model needs ", Describe(needed)));
}

template <typename Value>
absl::Status CheckKnown(std::string_view what, const std::map<std::string, Value>& from, const Tensors& to) {
  for (const auto& [name, value] : from) {
    if (to.count(name) != 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(ToAbsl(what), " of ", name, ": the model has no such weight"));
  }
  return absl::OkStatus();
}

absl::Status CheckSame(std::string_view what, const Tensors& from, const Tensors& to) {
  for (const auto& [name, tensor] : to) {
    const auto found = from.find(name);
    if (found == from.end()) return Missing(what, name);
    if (found->second.sizes() != tensor.sizes() || found->second.scalar_type() != tensor.scalar_type()) {
      return Misshapen(what, name, found->second, tensor);
    }
  }
  return CheckKnown(what, from, to);
}

// One moment: whole and of the weight's shape, or flat pieces without gaps.
absl::Status CheckPieces(std::string_view what, const std::string& name,
                         const std::vector<MomentPiece>& pieces, const torch::Tensor& weight) {
  int64_t next = 0;
  for (const MomentPiece& piece : pieces) {
    const bool whole = pieces.size() == 1 && piece.values.dim() != 1;
    if (piece.values.scalar_type() != at::kFloat || (whole && piece.values.sizes() != weight.sizes())) {
      return Misshapen(what, name, piece.values, weight);
    }
    if (piece.begin != next) break;
    next += piece.values.numel();
  }
  if (next == weight.numel()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(what), " of ", name,
                                                 ": its pieces do not add up to the ", weight.numel(),
                                                 " elements of the weight: they fit up to element ", next));
}

absl::Status CheckMoments(std::string_view what, const Moments& from, const Tensors& weights) {
  for (const auto& [name, weight] : weights) {
    const auto found = from.find(name);
    if (found == from.end()) return Missing(what, name);
    RETURN_IF_ERROR(CheckPieces(what, name, found->second, weight));
  }
  return CheckKnown(what, from, weights);
}

}  // namespace

absl::Status CheckState(const TrainerState& state, const Tensors& weights, const Tensors& reference) {
  if (state.weight_pieces.empty()) {
    RETURN_IF_ERROR(CheckSame("weight", state.weights, weights));
  } else {
    RETURN_IF_ERROR(CheckMoments("weight", state.weight_pieces, weights));
  }
  RETURN_IF_ERROR(CheckMoments("first moment", state.first_moments, weights));
  RETURN_IF_ERROR(CheckMoments("second moment", state.second_moments, weights));
  return CheckSame("reference weight", state.reference, reference);
}

std::vector<MomentPiece> WeightIn(const TrainerState& state, const std::string& name) {
  if (state.weight_pieces.empty()) return {{0, state.weights.at(name)}};
  return state.weight_pieces.at(name);
}

void CopyTensors(const Tensors& from, const Tensors& to) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : to) tensor.detach().copy_(from.at(name));
}

void CopyMoment(const std::vector<MomentPiece>& from, int64_t begin, const torch::Tensor& to) {
  const int64_t end = begin + to.numel();
  for (const MomentPiece& piece : from) {
    const int64_t first = std::max(begin, piece.begin);
    const int64_t last = std::min(end, piece.begin + piece.values.numel());
    if (first >= last) continue;
    to.narrow(0, first - begin, last - first)
        .copy_(piece.values.reshape({-1}).narrow(0, first - piece.begin, last - first));
  }
}

absl::StatusOr<std::unique_ptr<model::Transformer>> NewReference(const model::Transformer& model) {
  if (model.options().lora) return model.WithoutAdapters();
  model::TransformerOptions options = model.options();
  options.trainable = false;
  options.deferred = false;  // every rank keeps a whole one, whatever part of the weights it has
  return model::Transformer::CreateEmpty(model.config(), options);
}

}  // namespace drover::learner
