#include "programs/process/rank_flags.h"

#include "programs/process/flags.h"

namespace drover::process {

void AddRankFlags(CLI::App& app, const std::string& last, RankFlags& flags) {
  const CLI::Range seconds(0.1, 86400.0 * 30);
  AddFlag(app, "--rank", flags.rank, "This process's rank, from 0 to " + last)->check(CLI::NonNegativeNumber);
  AddFlag(app, "--rendezvous", flags.rendezvous,
          "host:port where rank 0 listens for the other ranks (with several ranks)");
  AddFlag(app, "--rank-address", flags.rank_address,
          "An address of this machine that the other ranks reach (default: what its host name resolves to)");
  AddFlag(app, "--join-seconds", flags.join_seconds,
          "How long ranks wait for each other at the start, in whatever order they come")
      ->check(seconds);
  AddFlag(app, "--collective-seconds", flags.collective_seconds,
          "A rank that lets the others wait for longer in a collective is taken for dead")
      ->check(seconds);
}

}  // namespace drover::process
