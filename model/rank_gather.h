// How the ranks that hold a model together (rank_share.h) get at what the others have computed. One rank's part of a row is
// what it computed of it; a gathered row is all parts, one after the other, on every rank: bytes are moved, nothing is added,
// so that a number has the bits that its rank gave it.
#pragma once

#include <torch/types.h>

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "model/ops.h"
#include "model/rank_share.h"

namespace drover::model {

// The other ranks. Not thread-safe.
class RankGroup {
 public:
  virtual ~RankGroup() = default;
  virtual RankShare share() const = 0;
  // `runs` [ranks, ...], contiguous: of each rank its run, of which this rank's is there; the others' are filled in. All ranks
  // call it in the same order with tensors of one size. Throws (std::runtime_error, as LibTorch does in the middle of a
  // forward) where a rank is lost: it and the others then end.
  virtual void Gather(const torch::Tensor& runs) = 0;
};

// own [..., w], the rank's RunOf(width) of the columns -> [..., width]. Of a null group: own.
torch::Tensor GatherColumns(const torch::Tensor& own, int64_t width, RankGroup* group);

// own [..., w]: some heads of the rank, as many as others have, of rows of `width` that are normalised as a whole. `norm`,
// given and giving [..., width], does that. Several ranks may have the same heads, those that follow each other.
torch::Tensor NormTogether(const torch::Tensor& own, int64_t width, RankGroup* group,
                           absl::FunctionRef<torch::Tensor(const torch::Tensor& all)> norm);

// Rows of a table of which the rank has RunOf(rows): of ids_N int64 this rank's are looked up here by `look_up(ids)` [N, D],
// which is given ids of its own rows, and whose numbers at others' ids are no matter. [N, D].
torch::Tensor GatherRows(const torch::Tensor& ids_N, int64_t rows, RankGroup* group,
                         absl::FunctionRef<torch::Tensor(const torch::Tensor& own_ids_N)> look_up);

// A block's last linear map, from its inner numbers back to the model's width. With a group: of inputs that it has a part of,
// and with a run of the outputs.
class OutputLinear {
 public:
  // `linear` has the rows of `description`.
  OutputLinear(const LinearDescription& description, ops::LinearWeights linear, RankGroup* group);

  // own [..., w], the rank's part of the inputs -> [..., D], as ops::Linear leaves it in float32.
  torch::Tensor Forward(const torch::Tensor& own) const;
  // residual [..., D] + Forward(own), as ops::AddLinear adds.
  torch::Tensor AddForward(torch::Tensor& residual, const torch::Tensor& own) const;

 private:
  const int64_t inputs_, outputs_;  // of the whole map
  const ops::LinearWeights linear_;
  RankGroup* const group_;
};

}  // namespace drover::model
