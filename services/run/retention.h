// Which checkpoints of a run stay on disk. Pure.
//
//   steps     0   20   40   60   80   100
//   score    .1        .6        .5               newest = 2, best = 1, every = 60:
//   kept      *         b    e    n    n          0 is a multiple of 60, 40 scored best
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace drover::run {

struct Retention {
  size_t newest = 1;   // so many of the newest: what a resume goes on from; at least 1
  size_t best = 0;     // so many of those that were evaluated, by their accuracy; of equal ones the newer
  uint64_t every = 0;  // those whose step is a multiple of it, for good; 0: none
};

struct Retained {
  std::set<uint64_t> steps;
  // The oldest of the newest ones: the journal is kept from there on, whatever else stays.
  uint64_t oldest_newest = 0;
};

// Of `steps`, at least one, in order. `scores`: the accuracy by step, where there was an evaluation.
Retained Retain(const Retention& retention, const std::vector<uint64_t>& steps,
                const std::map<uint64_t, double>& scores);

}  // namespace drover::run
