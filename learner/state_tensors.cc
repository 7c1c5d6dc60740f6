#include "learner/state_tensors.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"
#include "model/torch_dtype.h"

namespace drover::learner {
namespace {

constexpr char kBegin[] = "drover.begin.";

template <typename Member>
struct Part {
  std::string_view prefix;
  Member TrainerState::*tensors;
};

constexpr std::array kParts = {
    Part<std::map<std::string, torch::Tensor>>{"weight.", &TrainerState::weights},
    Part<std::map<std::string, torch::Tensor>>{"reference.", &TrainerState::reference}};
constexpr std::array kPieces = {Part<Moments>{"weight.", &TrainerState::weight_pieces},
                                Part<Moments>{"first_moment.", &TrainerState::first_moments},
                                Part<Moments>{"second_moment.", &TrainerState::second_moments}};

absl::Status Append(const std::string& name, const torch::Tensor& tensor, StateTensors* tensors) {
  const torch::Tensor plain = tensor.detach().to(at::kCPU, tensor.scalar_type(), /*non_blocking=*/false,
                                                 /*copy=*/true, at::MemoryFormat::Contiguous);
  ASSIGN_OR_RETURN(model::TensorView view, model::ViewOfTensor(name, plain));
  tensors->views.push_back(std::move(view));
  tensors->owners.push_back(plain);
  return absl::OkStatus();
}

// The rest of `name`, if it is of this part.
template <typename Member>
std::optional<std::string> NameIn(const Part<Member>& part, const std::string& name) {
  if (name.compare(0, part.prefix.size(), part.prefix) != 0) return std::nullopt;
  return name.substr(part.prefix.size());
}

absl::StatusOr<int64_t> BeginOf(const model::SafetensorsMetadata& metadata, const std::string& tensor) {
  const auto found = metadata.find(kBegin + tensor);
  if (found == metadata.end()) return 0;
  int64_t begin = 0;
  if (absl::SimpleAtoi(found->second, &begin) && begin >= 0) return begin;
  return absl::InvalidArgumentError(absl::StrCat("metadata ", found->first, " is \"", found->second,
                                                 "\"; it must be a whole number, 0 or more"));
}

absl::Status AddTensor(const model::TensorView& view, const model::SafetensorsMetadata& metadata, bool shard,
                       TrainerState* state) {
  ASSIGN_OR_RETURN(const torch::Tensor tensor, model::TensorOfView(view));
  for (const auto& part : kParts) {
    const auto name = NameIn(part, view.name);
    if (!name || shard) continue;
    (state->*part.tensors)[*name] = tensor;
    return absl::OkStatus();
  }
  for (const auto& part : kPieces) {
    const auto name = NameIn(part, view.name);
    if (!name) continue;
    ASSIGN_OR_RETURN(const int64_t begin, BeginOf(metadata, view.name));
    std::vector<MomentPiece>& pieces = (state->*part.tensors)[*name];
    pieces.push_back({begin, tensor});
    std::sort(pieces.begin(), pieces.end(),
              [](const MomentPiece& a, const MomentPiece& b) { return a.begin < b.begin; });
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("tensor ", view.name, " is no part of the state"));
}

}  // namespace

absl::StatusOr<StateTensors> ToTensors(const TrainerState& state) {
  StateTensors result;
  for (const auto& part : kParts) {
    for (const auto& [name, tensor] : state.*part.tensors) {
      RETURN_IF_ERROR(Append(std::string(part.prefix) + name, tensor, &result));
    }
  }
  for (const auto& part : kPieces) {
    for (const auto& [name, pieces] : state.*part.tensors) {
      DROVER_CHECK(pieces.size() == 1);
      const std::string full = std::string(part.prefix) + name;
      RETURN_IF_ERROR(Append(full, pieces[0].values, &result));
      if (pieces[0].begin > 0) result.begins[kBegin + full] = absl::StrCat(pieces[0].begin);
    }
  }
  return result;
}

absl::Status AddTensors(const std::vector<model::TensorView>& views,
                        const model::SafetensorsMetadata& metadata, bool shard, TrainerState* state) {
  for (const model::TensorView& view : views) RETURN_IF_ERROR(AddTensor(view, metadata, shard, state));
  return absl::OkStatus();
}

}  // namespace drover::learner
