// What a desk hands out (desk.h): what must be durable, and what may be said once it is.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/log.h"
#include "drover/v1/experience.pb.h"
#include "drover/v1/journal.pb.h"

namespace drover::experience {

// What an actor's call is answered: LeaseGroups, SubmitGroup or ReturnLeases.
using Reply = std::variant<absl::StatusOr<v1::LeaseGroupsResponse>, absl::StatusOr<v1::SubmitGroupResponse>,
                           absl::Status>;

// What must have happened to the events of this output, and to those of all outputs before it, when an answer goes out.
enum class After {
  kNothing,
  kWritten,  // they survive a crash of the process
  kSynced,   // and one of the machine
};

struct Answer {
  uint64_t ticket = 0;  // of the call
  After after = After::kNothing;
  Reply reply;
};

// A group that is to be appended to the journal's groups and synced; then Desk::Stored is told where it is.
struct GroupToStore {
  uint64_t lease = 0;
  std::string payload;
};

// A line for the log.
struct Note {
  log::Level level = log::Level::kInfo;
  std::string message;
  log::Fields fields;
};

struct DeskOutput {
  // To be appended to events.log in this order, behind those of earlier outputs. Without a time: who writes them adds it.
  std::vector<v1::JournalEvent> events;
  // Somebody waits until they are synced.
  bool sync = false;
  std::vector<GroupToStore> groups;
  std::vector<Answer> answers;
  std::vector<Note> notes;
};

}  // namespace drover::experience
