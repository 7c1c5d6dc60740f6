#include <iostream>

#include "services/cli/commands.h"
#include "services/cli/report.h"
#include "services/experience/inspect.h"

namespace drover::cli {

int InspectJournal(const InspectOptions& options) {
  return Conclude(experience::InspectJournal(options.run, options.json, std::cout));
}

}  // namespace drover::cli
