// What the worker needs of a generation engine, without LibTorch: engine_generator.h is the real one, tests bring a fake.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "drover/v1/experience.pb.h"
#include "drover/v1/group.pb.h"
#include "model/weight_set.h"

namespace drover::actor_process {

struct Generation {
  uint64_t id = 0;     // the lease
  uint64_t group = 0;  // names the random numbers
  std::vector<uint32_t> prompt_token_ids;
  v1::SamplingParams sampling;
};

struct Generated {
  uint64_t id = 0;
  absl::Status status;                  // not OK: could not be served, and there are no responses
  std::vector<v1::Response> responses;  // ungraded
};

// One thread calls everything.
class Generator {
 public:
  virtual ~Generator() = default;
  // An error says why this group cannot be served.
  virtual absl::Status Add(Generation generation) = 0;
  // One decode step for all that runs; what ended with it.
  virtual std::vector<Generated> Step() = 0;
  virtual bool Cancel(uint64_t id) = 0;
  virtual absl::Status SwapWeights(uint64_t version, const model::WeightSet& weights) = 0;
  // Groups in the engine.
  virtual size_t groups() const = 0;
  // Those of which some response was not begun.
  virtual size_t queued() const = 0;
};

}  // namespace drover::actor_process
