#include "model/rank_gather.h"

#include <ATen/ATen.h>

#include <utility>
#include <vector>

#include "base/check.h"

namespace drover::model {

// Runs are sent as wide as the widest: columns that a narrower one lacks are 0.
torch::Tensor GatherColumns(const torch::Tensor& own, int64_t width, RankGroup* group) {
  if (group == nullptr) return own;
  const RankShare share = group->share();
  const int64_t own_width = own.size(-1);
  DROVER_CHECK(own_width == RunOf(width, share).size);
  const int64_t rows = own.numel() / own_width;
  const int64_t widest = RunOf(width, {0, share.ranks}).size;
  const torch::Tensor runs = at::empty({share.ranks, rows, widest}, own.options());
  const torch::Tensor mine = runs.select(0, share.rank);
  mine.narrow(1, 0, own_width).copy_(own.reshape({rows, own_width}));
  if (own_width < widest) mine.narrow(1, own_width, widest - own_width).zero_();
  group->Gather(runs);
  std::vector<int64_t> shape = own.sizes().vec();
  shape.back() = width;
  const torch::Tensor all = at::empty({rows, width}, own.options());
  for (int rank = 0; rank < share.ranks; ++rank) {
    const RowRun run = RunOf(width, {rank, share.ranks});
    all.narrow(1, run.begin, run.size).copy_(runs.select(0, rank).narrow(1, 0, run.size));
  }
  return all.view(shape);
}

torch::Tensor NormTogether(const torch::Tensor& own, int64_t width, RankGroup* group,
                           absl::FunctionRef<torch::Tensor(const torch::Tensor& all)> norm) {
  if (group == nullptr) return norm(own);
  const RankShare share = group->share();
  const int64_t own_width = own.size(-1);
  const int64_t holders = share.ranks * own_width / width;  // ranks that have the same heads
  torch::Tensor all = GatherColumns(own, share.ranks * own_width, group);
  if (holders > 1) {
    all = all.unflatten(-1, {share.ranks, own_width}).slice(-2, 0, share.ranks, holders).flatten(-2);
  }
  return norm(all).narrow(-1, share.rank / holders * own_width, own_width);
}

torch::Tensor GatherRows(const torch::Tensor& ids_N, int64_t rows, RankGroup* group,
                         absl::FunctionRef<torch::Tensor(const torch::Tensor& own_ids_N)> look_up) {
  if (group == nullptr) return look_up(ids_N);
  const RankShare share = group->share();
  const RowRun own = RunOf(rows, share);
  const torch::Tensor found = look_up((ids_N - own.begin).clamp(0, own.size - 1));
  const torch::Tensor runs = at::empty({share.ranks, found.size(0), found.size(1)}, found.options());
  runs.select(0, share.rank).copy_(found);
  group->Gather(runs);
  torch::Tensor owner_N = at::zeros_like(ids_N);
  for (int rank = 1; rank < share.ranks; ++rank) {
    owner_N = owner_N + ids_N.ge(RunOf(rows, {rank, share.ranks}).begin).to(at::kLong);
  }
  const torch::Tensor place_N = at::arange(ids_N.size(0), ids_N.options());
  return runs.flatten(0, 1).index_select(0, owner_N * ids_N.size(0) + place_N);
}

OutputLinear::OutputLinear(const LinearDescription& description, ops::LinearWeights linear, RankGroup* group)
    : inputs_(description.weight.shape[1]),
      outputs_(group == nullptr ? description.weight.shape[0] : description.weight.whole_rows),
      linear_(std::move(linear)),
      group_(group) {}

torch::Tensor OutputLinear::Forward(const torch::Tensor& own) const {
  return GatherColumns(ops::Linear(GatherColumns(own, inputs_, group_), linear_, at::kFloat), outputs_,
                       group_);
}

torch::Tensor OutputLinear::AddForward(torch::Tensor& residual, const torch::Tensor& own) const {
  if (group_ == nullptr) return ops::AddLinear(residual, own, linear_);
  const RowRun run = RunOf(outputs_, group_->share());
  torch::Tensor columns = residual.narrow(-1, run.begin, run.size).contiguous();
  return GatherColumns(ops::AddLinear(columns, GatherColumns(own, inputs_, group_), linear_), outputs_,
                       group_);
}

}  // namespace drover::model
