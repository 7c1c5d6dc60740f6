// Which rank owns which part of the optimizer's state. Pure arithmetic; every rank computes the same plan from the same
// arguments.
//
//   parameters, in order   | 0 ........ | 1 ... | 2 ..................... |      one flat vector, as the gradients are
//   ranks                  | rank 0         | rank 1         | rank 2     |..|   runs of one length each
//   pieces                 | 0:[0,12) 1:[0,4) | 1:[4,8) 2:[0,12) | 2:[12,24)
//
// A rank's run is what a reduce-scatter of the flat gradient gives it and what an all-gather takes from it, so all runs
// have one length: where the number of ranks does not divide the elements, the last ranks own less of theirs, or
// nothing, and the rest is padding. A rank keeps the moments of its run and steps the weights in it.
//
// So that not all of the vector has to be in memory at once, it may consist of buckets: consecutive parameters, each
// bucket cut among the ranks as above, padded by itself, and exchanged by itself.
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
  // The place of the first one among all that the rank owns: its runs one after the other, padding included.
  int64_t place = 0;

  bool operator==(const ShardPiece& other) const;
};

// Consecutive parameters that are exchanged together.
struct ShardBucket {
  size_t first = 0;  // its first parameter's number
  size_t parameters = 0;
  int64_t begin = 0;         // in the flat vector
  int64_t run_elements = 0;  // the length of each rank's run: ceil(sum of elements / ranks)
};

class ShardPlan {
 public:
  // `parameter_elements`: the size of each parameter, at least 1. `ranks`: at least 1. One bucket, of all.
  ShardPlan(std::vector<int64_t> parameter_elements, int ranks);
  // `bucket_parameters`: how many parameters each bucket has, in order, at least 1; together all.
  ShardPlan(std::vector<int64_t> parameter_elements, const std::vector<size_t>& bucket_parameters, int ranks);

  int ranks() const { return ranks_; }
  const std::vector<int64_t>& parameter_elements() const { return parameter_elements_; }
  const std::vector<ShardBucket>& buckets() const { return buckets_; }
  // What every rank owns, padding included.
  int64_t run_elements() const;
  // The length of the flat vector: ranks() times run_elements().
  int64_t flat_elements() const { return ranks_ * run_elements(); }
  // Where a parameter begins in the flat vector.
  int64_t Offset(size_t parameter) const { return offsets_[parameter]; }

  // What `rank` owns, in the order of its runs. Over all ranks each element of each parameter is in exactly one piece;
  // of a parameter a rank has one piece at most.
  std::vector<ShardPiece> Pieces(int rank) const;

 private:
  std::vector<int64_t> parameter_elements_;
  int ranks_;
  std::vector<ShardBucket> buckets_;
  std::vector<int64_t> offsets_;  // of each parameter
};

}  // namespace drover::learner
