#include "learner/trainer_state.h"

#include <ATen/ATen.h>

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

absl::Status CheckSame(std::string_view what, const Tensors& from, const Tensors& to) {
  for (const auto& [name, tensor] : to) {
    const auto found = from.find(name);
    if (found == from.end()) {
      return absl::InvalidArgumentError(absl::StrCat(ToAbsl(what), " of ", name, " is missing"));
    }
    if (found->second.sizes() != tensor.sizes() || found->second.scalar_type() != tensor.scalar_type()) {
      return absl::InvalidArgumentError(absl::StrCat(ToAbsl(what), " of ", name, " is ",
                                                     Describe(found->second), "; the model needs ",
                                                     Describe(tensor)));
    }
  }
  for (const auto& [name, tensor] : from) {
    if (to.count(name) == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(ToAbsl(what), " of ", name, ": the model has no such weight"));
    }
  }
  return absl::OkStatus();
}

void Copy(const Tensors& from, Tensors& to) {
  for (auto& [name, tensor] : to) tensor.detach().copy_(from.at(name));
}

}  // namespace

std::vector<torch::Tensor> WeightList(const model::Transformer& model) {
  std::vector<torch::Tensor> weights;
  for (const auto& [name, weight] : model.weights()) weights.push_back(weight);
  return weights;
}

absl::StatusOr<std::unique_ptr<model::Transformer>> NewReference(const model::Transformer& model) {
  model::TransformerOptions options = model.options();
  options.trainable = false;
  return model::Transformer::CreateEmpty(model.config(), options);
}

absl::Status CopyState(const TrainerState& from, TrainerState* to) {
  RETURN_IF_ERROR(CheckSame("weight", from.weights, to->weights));
  RETURN_IF_ERROR(CheckSame("first moment", from.first_moments, to->first_moments));
  RETURN_IF_ERROR(CheckSame("second moment", from.second_moments, to->second_moments));
  RETURN_IF_ERROR(CheckSame("reference weight", from.reference, to->reference));
  at::NoGradGuard no_grad;
  Copy(from.weights, to->weights);
  Copy(from.first_moments, to->first_moments);
  Copy(from.second_moments, to->second_moments);
  Copy(from.reference, to->reference);
  return absl::OkStatus();
}

}  // namespace drover::learner
