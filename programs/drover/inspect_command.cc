#include <filesystem>
#include <iostream>

#include "programs/drover/commands.h"
#include "programs/drover/report.h"
#include "programs/drover/run_picture.h"
#include "services/experience/drop_group.h"
#include "services/experience/inspect.h"

namespace drover::cli {

int InspectJournal(const InspectOptions& options) {
  return Conclude(experience::InspectJournal(options.run, options.json, std::cout));
}

int InspectRun(const InspectOptions& options) {
  const run::RunFolder folder(options.run);
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder.path(), ignored)) {
    return Report(kBadInput, folder.path() + ": no folder is there");
  }
  const RunPicture picture = LookAtRun(folder);
  std::cout << ToText(picture);
  return picture.Whole() ? kDone : kFailure;
}

int WriteReport(const report::ReportOptions& options) { return Conclude(report::WriteReport(options)); }

int DropGroup(const DropGroupOptions& options) {
  const absl::Status dropped = experience::DropGroup(options.run, options.lease, options.reason);
  if (dropped.ok()) {
    std::cout << "dropped the group of lease " << options.lease << "; drover train --resume " << options.run
              << " leases it again\n";
  }
  return Conclude(dropped);
}

}  // namespace drover::cli
