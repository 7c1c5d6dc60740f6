// What a run has measured so far, over all its starts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drover/v1/group.pb.h"
#include "programs/learner/guards.h"
#include "statistics/interval.h"

namespace drover::learner_process {

// Held-out accuracy at one weight version.
struct Evaluation {
  uint64_t step = 0;
  uint64_t questions = 0;
  uint64_t correct = 0;
  double response_length = 0;
  double truncated_share = 0;
  double seconds = 0;
  double accuracy() const {
    return questions == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(questions);
  }
  statistics::Interval interval() const {
    return statistics::WilsonInterval(accuracy(), static_cast<double>(questions));
  }
};

// From greedy groups of one response.
Evaluation Score(uint64_t step, const std::vector<v1::Group>& groups);

// What an earlier incarnation left, up to the checkpoint that the run goes on from.
struct History {
  double seconds = 0;
  uint64_t tokens_generated = 0;
  std::vector<double> rewards;  // a step's mean training reward each
  std::vector<Evaluation> evaluations;
  std::optional<uint64_t> benchmarks_step;  // of the newest evaluation of the suite
  std::vector<GuardObservation> rollouts;   // what the guards saw
  std::vector<GuardEvent> guard_events;     // what they did, as far as it holds (EventsUpTo)
  std::vector<std::string> notices;         // what a person should be told of the files
};

}  // namespace drover::learner_process
