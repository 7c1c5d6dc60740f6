#include "services/experience/drop_group.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "services/experience/journal.h"
#include "services/experience/ledger.h"

namespace drover::experience {

absl::Status DropGroup(const std::string& run_folder, uint64_t lease, const std::string& reason) {
  const std::string folder = JournalFolder(run_folder);
  std::error_code ignored;
  if (!std::filesystem::exists(folder, ignored)) {
    return absl::NotFoundError(absl::StrCat(folder, ": no journal is there"));
  }
  Ledger ledger{LedgerOptions{}};
  ASSIGN_OR_RETURN(const auto journal,
                   Journal::Open(folder, [&](const auto& event) { return ledger.Apply(event); }));
  const std::optional<LeaseState> state = ledger.StateOf(lease);
  if (!state) return absl::NotFoundError(absl::StrCat("lease ", lease, " was never issued"));
  if (*state != LeaseState::kAccepted && *state != LeaseState::kTrained) {
    return absl::FailedPreconditionError(
        absl::StrCat("lease ", lease, " holds no group: it is ", OutcomeName(OutcomeOf(*state))));
  }
  v1::JournalEvent event;
  event.set_unix_micros(absl::ToUnixMicros(absl::Now()));
  event.mutable_lease_closed()->set_lease(lease);
  event.mutable_lease_closed()->set_outcome(v1::LEASE_OUTCOME_FAILED);
  event.mutable_lease_closed()->set_reason(reason);
  RETURN_IF_ERROR(ledger.Apply(event));
  RETURN_IF_ERROR(journal->Append({event}));
  return journal->SyncEvents();
}

}  // namespace drover::experience
