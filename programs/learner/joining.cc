#include "programs/learner/joining.h"

#include "absl/strings/str_cat.h"
#include "base/address.h"
#include "base/log.h"
#include "base/status.h"

namespace drover::learner_process {

absl::StatusOr<C10dOptions> JoinOptions(const Flags& flags, const v1::Recipe& recipe, torch::Device device) {
  const int ranks = static_cast<int>(recipe.learner().ranks());
  if (flags.rank >= ranks) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--rank ", flags.rank, ": the recipe has learner.ranks: ", ranks, ", so it may be 0 to ", ranks - 1));
  }
  C10dOptions options;
  options.rank = flags.rank;
  options.size = ranks;
  options.own_address = flags.rank_address;
  options.join_timeout = absl::Seconds(flags.join_seconds);
  options.timeout = absl::Seconds(flags.collective_seconds);
  options.device = device;
  if (ranks == 1) return options;
  if (flags.rendezvous.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--rendezvous is required with learner.ranks: ", ranks,
                                                   "; it is host:port where rank 0 listens"));
  }
  const absl::StatusOr<HostPort> address = ParseHostPort(flags.rendezvous);
  if (!address.ok()) return Annotate(address.status(), "--rendezvous");
  options.host = address->host;
  options.port = static_cast<uint16_t>(address->port);
  return options;
}

absl::StatusOr<std::unique_ptr<Collectives>> Join(const C10dOptions& options) {
  if (options.size == 1) return LocalCollectives();
  log::Info(
      "joining the other ranks",
      {{"rank", options.rank}, {"ranks", options.size}, {"host", options.host}, {"port", options.port}});
  return JoinC10d(options);
}

}  // namespace drover::learner_process
