// `drover inspect run DIR`: what of a run folder is whole, what is not, and what a resume would do. Changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/experience/damage.h"
#include "services/run/jsonl.h"
#include "services/run/run_folder.h"

namespace drover::cli {

struct CheckpointPicture {
  uint64_t step = 0;
  absl::Status status;           // OK, or what is damaged
  bool without_digests = false;  // of an earlier release: only its files' headers were looked at
};

struct FilePicture {
  std::string name;
  run::JsonlCount lines;
  absl::Status status;
};

struct RunPicture {
  std::string folder;
  bool never_began = false;
  absl::Status recipe;  // OK, or why it cannot be read; NOT_FOUND: none is there
  std::string recipe_name;
  uint64_t steps = 0;  // of the recipe
  bool running = false;
  bool done = false;  // its summary is there

  absl::Status journal;      // of its events; NOT_FOUND: there is none
  std::string journal_torn;  // a tail that the next start cuts off
  uint32_t incarnation = 0;
  uint64_t trained = 0;         // rollouts of the newest line
  uint64_t oldest_start = 0;    // the journal can go back so far
  uint64_t stored_groups = 0;   // that a start may need
  uint64_t waiting_groups = 0;  // of these, accepted and not trained
  std::vector<experience::DamagedGroup> damaged_groups;

  std::vector<CheckpointPicture> checkpoints;  // oldest first
  std::vector<FilePicture> files;

  // Everything that is there is whole.
  bool Whole() const;
  // The newest whole checkpoint.
  std::optional<uint64_t> ResumeStep() const;
};

RunPicture LookAtRun(const run::RunFolder& folder);

// One screen of text.
std::string ToText(const RunPicture& picture);

// "goes on from step-000004: ...": what `drover train --resume` would do.
std::string ResumeText(const RunPicture& picture);

}  // namespace drover::cli
