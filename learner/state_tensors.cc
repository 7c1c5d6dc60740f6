#include "learner/state_tensors.h"

#include <ATen/ATen.h>

#include <array>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/torch_dtype.h"

namespace drover::learner {
namespace {

struct Part {
  std::string_view prefix;
  std::map<std::string, torch::Tensor> TrainerState::*tensors;
};

constexpr std::array kParts = {
    Part{"weight.", &TrainerState::weights}, Part{"first_moment.", &TrainerState::first_moments},
    Part{"second_moment.", &TrainerState::second_moments}, Part{"reference.", &TrainerState::reference}};

}  // namespace

absl::StatusOr<StateTensors> ToTensors(const TrainerState& state) {
  StateTensors result;
  for (const Part& part : kParts) {
    for (const auto& [name, tensor] : state.*part.tensors) {
      const torch::Tensor plain = tensor.detach().to(at::kCPU).contiguous();
      ASSIGN_OR_RETURN(model::TensorView view, model::ViewOfTensor(std::string(part.prefix) + name, plain));
      result.views.push_back(std::move(view));
      result.owners.push_back(plain);
    }
  }
  return result;
}

absl::StatusOr<TrainerState> FromTensors(const std::vector<model::TensorView>& views) {
  TrainerState state;
  for (const model::TensorView& view : views) {
    bool known = false;
    for (const Part& part : kParts) {
      if (view.name.compare(0, part.prefix.size(), part.prefix) != 0) continue;
      ASSIGN_OR_RETURN((state.*part.tensors)[view.name.substr(part.prefix.size())],
                       model::TensorOfView(view));
      known = true;
    }
    if (!known)
      return absl::InvalidArgumentError(absl::StrCat("tensor ", view.name, " is no part of the state"));
  }
  return state;
}

}  // namespace drover::learner
