// Which rank owns which part of the optimizer's state. Pure arithmetic; every rank computes the same plan from the same
// arguments.
//
//   parameters, in order   | 0 ........ | 1 ... | 2 ..................... |      one flat vector, as the gradients are
//   ranks                  | rank 0         | rank 1         | rank 2     |..|   runs of run_elements() each
//   pieces                 | 0:[0,12) 1:[0,4) | 1:[4,8) 2:[0,12) | 2:[12,24)
//
// A rank's run is what a reduce-scatter of the flat gradient gives it and what an all-gather takes from it, so all runs
// have one length: where the number of ranks does not divide the elements, the last ranks own less of theirs, or
// nothing, and the rest is padding. A rank keeps the moments of its run and steps the weights in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace drover::learner {

// Consecutive elements of one parameter, taken as a flat vector.
struct ShardPiece {
  size_t parameter = 0;  // its number
  int64_t begin = 0;     // the first element of the parameter
  int64_t elements = 0;  // at least one

  bool operator==(const ShardPiece& other) const;
};

class ShardPlan {
 public:
  // `parameter_elements`: the size of each parameter, at least 1. `ranks`: at least 1.
  ShardPlan(std::vector<int64_t> parameter_elements, int ranks);

  int ranks() const { return ranks_; }
  const std::vector<int64_t>& parameter_elements() const { return parameter_elements_; }
  // The length of every rank's run, padding included: ceil(sum of elements / ranks).
  int64_t run_elements() const { return run_elements_; }

  // What `rank` owns, in the order of its run; without gaps from the run's beginning. Over all ranks each element of
  // each parameter is in exactly one piece, and the ranks' pieces one after the other are the flat vector.
  std::vector<ShardPiece> Pieces(int rank) const;

 private:
  std::vector<int64_t> parameter_elements_;
  int ranks_;
  int64_t run_elements_;
};

}  // namespace drover::learner
