// `drover generate --tensor-parallel N`: N processes on this machine hold the model together. This one is rank 0; it starts the
// others, which are this program again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "actor/actor_ranks.h"
#include "programs/launch/process.h"
#include "programs/model/tool_model.h"
#include "ranks/collectives.h"

namespace drover::model_tool {

// Compute threads of each of so many processes on this machine: those wished for, or (0) its share of the cores.
int ThreadsOfRank(int wish, int ranks);

// The other processes of rank 0. Not thread-safe.
class GenerateRanks {
 public:
  // Starts them and waits until they have joined; they then load their part of the model. INVALID_ARGUMENT where the model's
  // heads stand against so many.
  static absl::StatusOr<std::unique_ptr<GenerateRanks>> Start(const ToolModelOptions& options, int ranks);
  // Waits some seconds for them, which end when the engine does, and kills what is left.
  ~GenerateRanks();

  actor::ActorRanks* group() { return group_.get(); }
  // The error, with what a rank that ended in disorder said last.
  absl::Status Explain(absl::Status status);

 private:
  GenerateRanks() = default;
  absl::Status StartOthers(const ToolModelOptions& options, int ranks, uint16_t port);
  std::string LogOf(int rank) const;

  std::vector<int>
      logs_;  // descriptors of files that have no names: nothing is left of them, however this process ends
  std::vector<launch::Process> others_;
  std::unique_ptr<Collectives> collectives_;
  std::unique_ptr<actor::ActorRanks> group_;
};

// What the other ranks are told on their command line.
struct OtherRankOptions {
  ToolModelOptions model;
  int rank = 1;
  int ranks = 2;
  int port = 0;  // of rank 0's rendezvous, on loopback
};
absl::Status RunOtherRank(const OtherRankOptions& options);

}  // namespace drover::model_tool
