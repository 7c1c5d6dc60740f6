#include <iostream>

#include "services/cli/commands.h"
#include "services/cli/report.h"
#include "services/experience/drop_group.h"
#include "services/experience/inspect.h"

namespace drover::cli {

int InspectJournal(const InspectOptions& options) {
  return Conclude(experience::InspectJournal(options.run, options.json, std::cout));
}

int DropGroup(const DropGroupOptions& options) {
  const absl::Status dropped = experience::DropGroup(options.run, options.lease, options.reason);
  if (dropped.ok()) {
    std::cout << "dropped the group of lease " << options.lease << "; drover train --resume " << options.run
              << " leases it again\n";
  }
  return Conclude(dropped);
}

}  // namespace drover::cli
