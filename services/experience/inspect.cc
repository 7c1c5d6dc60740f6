#include "services/experience/inspect.h"

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "services/experience/damage.h"
#include "services/experience/journal.h"
#include "services/experience/ledger.h"

namespace drover::experience {
namespace {

// What the ledger forgets and a person wants to know.
struct LeaseDetail {
  uint64_t group = 0;
  uint64_t rollout = 0;
  std::string actor;
  std::string trace_id;
  std::string digest;
  std::optional<uint64_t> oldest_version;
  uint64_t newest_version = 0;
  std::string reason;
};

// Follows the events beside a ledger.
class Inspector {
 public:
  absl::Status Apply(const v1::JournalEvent& event) {
    if (event.has_incarnation_started()) Started(event.incarnation_started());
    RETURN_IF_ERROR(ledger_.Apply(event));
    if (event.has_lease_issued()) Issued(event.lease_issued());
    if (event.has_group_accepted()) Accepted(event.group_accepted());
    if (event.has_lease_closed()) Closed(event.lease_closed());
    if (event.has_rollout_trained()) {
      first_steps_[event.rollout_trained().rollout()] = event.rollout_trained().first_optimizer_step();
    }
    return absl::OkStatus();
  }

  void WriteJson(std::ostream& out) const {
    for (uint64_t lease = 1; lease < ledger_.next_lease(); ++lease) {
      out << Line(lease).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
    }
  }

  void WriteTable(const EventLogEnd& end, std::ostream& out) const {
    const v1::LeaseCounts counts = ledger_.Counts();
    const auto row = [&](const char* name, uint64_t value) {
      out << absl::StrFormat("%-12s %10d\n", name, value);
    };
    row("incarnation", ledger_.incarnation());
    row("version", ledger_.version());
    if (ledger_.durable_version()) row("checkpoint", *ledger_.durable_version());
    row("steps", ledger_.last_optimizer_step());
    out << "leases\n";
    row("  trained", counts.trained());
    row("  pending", counts.pending());
    row("  filtered", counts.filtered());
    row("  expired", counts.expired());
    row("  stale", counts.stale());
    row("  failed", counts.failed());
    row("  = leased", counts.leased());
    if (!end.torn.empty()) out << "(the journal ends in " << end.torn << ": not counted)\n";
  }

 private:
  void Started(const v1::IncarnationStarted& event) {
    first_steps_.erase(first_steps_.lower_bound(event.version()), first_steps_.end());
    for (uint64_t lease : ledger_.Held()) details_[lease - 1].reason = "the learner started again";
  }

  void Issued(const v1::LeaseIssued& event) {
    details_.push_back({event.group(), event.rollout(), event.actor(), event.trace_id()});
  }

  void Accepted(const v1::GroupAccepted& event) {
    LeaseDetail& detail = details_[event.lease() - 1];
    detail.digest = event.digest();
    detail.oldest_version = event.oldest_version();
    detail.newest_version = event.newest_version();
  }

  void Closed(const v1::LeaseClosed& event) {
    LeaseDetail& detail = details_[event.lease() - 1];
    detail.reason = event.reason();
    if (!event.digest().empty()) detail.digest = event.digest();
    if (!event.has_oldest_version() || !event.has_newest_version()) return;
    detail.oldest_version = event.oldest_version();
    detail.newest_version = event.newest_version();
  }

  nlohmann::ordered_json Line(uint64_t lease) const {
    const LeaseDetail& detail = details_[lease - 1];
    const LeaseState state = *ledger_.StateOf(lease);
    nlohmann::ordered_json line;
    line["lease"] = lease;
    line["group"] = detail.group;
    line["rollout"] = detail.rollout;
    line["incarnation"] = ledger_.IncarnationOf(lease);
    line["outcome"] = OutcomeName(OutcomeOf(state));
    line["versions"] = nullptr;
    if (detail.oldest_version) line["versions"] = {*detail.oldest_version, detail.newest_version};
    line["digest"] = nullptr;
    if (!detail.digest.empty()) line["digest"] = detail.digest;
    line["optimizer_step"] = nullptr;
    if (state == LeaseState::kTrained) line["optimizer_step"] = first_steps_.at(detail.rollout);
    line["actor"] = detail.actor;
    line["trace_id"] = detail.trace_id;
    line["reason"] = detail.reason;
    return line;
  }

  Ledger ledger_{LedgerOptions{}};
  std::vector<LeaseDetail> details_;          // of lease i + 1
  std::map<uint64_t, uint64_t> first_steps_;  // of the surviving line, by rollout
};

}  // namespace

absl::Status InspectJournal(const std::string& run_folder, bool json, std::ostream& out) {
  Inspector inspector;
  ASSIGN_OR_RETURN(const EventLogEnd end, ReadEvents(JournalFolder(run_folder), [&](const auto& event) {
                     return inspector.Apply(event);
                   }));
  if (json) {
    inspector.WriteJson(out);
  } else {
    inspector.WriteTable(end, out);
  }
  ASSIGN_OR_RETURN(const std::vector<DamagedGroup> damaged, FindDamagedGroups(run_folder));
  if (damaged.empty()) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(damaged.size(), " stored groups are damaged, which a resume leases again: ",
                   absl::StrJoin(damaged, "; ", [](std::string* text, const DamagedGroup& group) {
                     absl::StrAppend(text, "lease ", group.lease, " (", group.why, ")");
                   })));
}

}  // namespace drover::experience
