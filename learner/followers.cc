#include "learner/followers.h"

#include <string>
#include <utility>

#include "base/status.h"
#include "drover/v1/rank.pb.h"

namespace drover::learner {

absl::StatusOr<FollowEnd> FollowLeader(Trainer& trainer, Collectives& collectives,
                                       const FollowOptions& options) {
  while (true) {
    std::string bytes;
    if (options.waiting) options.waiting();
    RETURN_IF_ERROR(Annotate(collectives.Broadcast(&bytes, options.idle_timeout), "waiting for rank 0"));
    if (options.working) options.working();
    v1::RankCommand command;
    if (!command.ParseFromString(bytes)) {
      return absl::DataLossError("rank 0 sent a command that cannot be read: are all ranks of one build?");
    }
    ASSIGN_OR_RETURN(const CommandResult result, trainer.Execute(std::move(command)));
    if (result.end.has_value()) return *result.end;
  }
}

}  // namespace drover::learner
