// What the ranks of a learner, or of an actor, do together. One interface, so that who computes does not know whether it is alone,
// on Gloo or on NCCL.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace drover {

// Every rank makes the same calls in the same order. A call that fails (a peer is gone, the deadline passed:
// UNAVAILABLE or DEADLINE_EXCEEDED) takes some seconds more to find out which ranks are silent, says so, and leaves the group
// unusable: later calls return the same error at once. End the process and start the ranks again.
// Not thread-safe.
class Collectives {
 public:
  virtual ~Collectives() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  // Sum over the ranks, in place, the same bits on every rank. Dense tensors of float32 or float64, same
  // shape everywhere, on the CPU or (with DROVER_CUDA) on this rank's GPU.
  virtual absl::Status AllReduceSum(torch::Tensor tensor) = 0;
  // `tensor`: flat and contiguous, a run of n elements for each rank, float32 or float64. Afterwards the run of this rank,
  // [rank() n, (rank() + 1) n), is the sum of the ranks' runs there, added in the order of ranks, so that its bits depend
  // on nothing else; the other runs are as they were. Each rank's numbers travel, its own too, as `wire`: the tensor's
  // dtype, or bfloat16 to be half as many bytes. Takes as much memory again as they do.
  virtual absl::Status ReduceScatterSum(torch::Tensor tensor, torch::ScalarType wire) = 0;
  // The inverse: of such a tensor, which may be of bytes, each rank gives its own run, and gets those of the others, in place.
  virtual absl::Status AllGather(torch::Tensor tensor) = 0;
  // Rank 0's values to all, in place.
  virtual absl::Status Broadcast(torch::Tensor tensor) = 0;
  // Rank 0's bytes to all; others wait up to `timeout` for them (rank 0 may have nothing to say for long). At
  // most 2 GiB: RESOURCE_EXHAUSTED.
  virtual absl::Status Broadcast(std::string* bytes, absl::Duration timeout) = 0;
  // Returns when all ranks are here.
  virtual absl::Status Barrier() = 0;

  // Not collective, quick, and thread-safe: a rank leaves a word under a name, for as long as the group lives, ...
  virtual absl::Status Tell(const std::string& name, const std::string& word) = 0;
  // ... and any rank looks for it; nullopt: there is none yet.
  virtual absl::StatusOr<std::optional<std::string>> Told(const std::string& name) = 0;

  // Thread-safe: a collective of this rank has failed.
  virtual bool lost() const = 0;

  // The word that the ranks should stop in order: any rank leaves it, and rank 0 looks whether one did.
  absl::Status AskToStop();
  bool AskedToStop();
};

// The largest of the ranks' numbers, on each of them; each is at least 0 and below 2^53. Collective.
absl::StatusOr<int64_t> MostOfRanks(Collectives& collectives, int64_t own);

// A group of one.
std::unique_ptr<Collectives> LocalCollectives();

struct C10dOptions {
  int rank = 0;
  int size = 1;
  // Where rank 0's rendezvous store listens. Rank 0 may take port 0 (any free one) and tell it by on_listening.
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  // Called on rank 0, once its store listens and before it waits for the other ranks.
  std::function<void(uint16_t port)> on_listening;
  // An address of this machine that the other ranks reach, for Gloo's connections. Empty: what the machine's
  // host name resolves to, loopback when it does not.
  std::string own_address;
  // For all ranks to join, in whatever order they come; the name of `host` need not resolve at first.
  absl::Duration join_timeout = absl::Minutes(10);
  // For each collective but Broadcast(string). A rank that computes longer than this between
  // two collectives is taken for dead.
  absl::Duration timeout = absl::Minutes(10);
  // The CPU, or this rank's CUDA device (in builds with DROVER_CUDA): its tensors then go over NCCL, or over Gloo and
  // the host's memory where two ranks share one GPU, which NCCL refuses.
  torch::Device device = torch::kCPU;

  absl::Status Validate() const;
};

// Joins the group: c10d's Gloo (and NCCL) over a TCPStore. Blocks until all ranks came; DEADLINE_EXCEEDED or UNAVAILABLE with the
// address when they did not; ABORTED, at once, where this rank was in the group before: rank 0 is still one of an earlier start.
absl::StatusOr<std::unique_ptr<Collectives>> JoinC10d(const C10dOptions& options);

}  // namespace drover
