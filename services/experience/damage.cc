#include "services/experience/damage.h"

#include <set>

#include "base/status.h"
#include "services/experience/journal.h"
#include "services/experience/ledger.h"

namespace drover::experience {
namespace {

absl::StatusOr<std::vector<StoredGroup>> NeededGroups(const std::string& folder) {
  Ledger ledger{LedgerOptions{}};
  RETURN_IF_ERROR(ReadEvents(folder, [&](const auto& event) { return ledger.Apply(event); }).status());
  return ledger.NeededGroups();
}

}  // namespace

absl::StatusOr<std::vector<DamagedGroup>> FindDamagedGroups(const std::string& run_folder) {
  const std::string folder = JournalFolder(run_folder);
  ASSIGN_OR_RETURN(const std::vector<StoredGroup> needed, NeededGroups(folder));
  std::vector<DamagedGroup> damaged;
  for (const StoredGroup& stored : needed) {
    const absl::Status read = ReadStoredGroup(folder, stored).status();
    if (!read.ok()) damaged.push_back({stored.lease, stored.group, std::string(read.message())});
  }
  if (damaged.empty()) return damaged;
  // What a checkpoint has covered meanwhile is gone, and not damaged.
  ASSIGN_OR_RETURN(const std::vector<StoredGroup> still_needed, NeededGroups(folder));
  std::set<uint64_t> leases;
  for (const StoredGroup& stored : still_needed) leases.insert(stored.lease);
  std::erase_if(damaged, [&](const DamagedGroup& group) { return leases.count(group.lease) == 0; });
  return damaged;
}

}  // namespace drover::experience
