// The flags of programs of which several processes are the ranks of one thing: a learner's, an actor's.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace drover::process {

struct RankFlags {
  int rank = 0;
  std::string rendezvous;     // host:port of rank 0's rendezvous, with several ranks
  std::string rank_address;   // of this machine, for the other ranks; empty: what the host's name resolves to
  double join_seconds = 600;  // for all ranks to come
  double collective_seconds = 600;  // for the others in each collective
};

// `last`: what the highest rank is, for the help: "learner.ranks - 1".
void AddRankFlags(CLI::App& app, const std::string& last, RankFlags& flags);

}  // namespace drover::process
