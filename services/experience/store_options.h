// What an experience store is told about its run.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/file_system.h"
#include "base/heartbeat.h"
#include "drover/v1/recipe.pb.h"
#include "group/check.h"
#include "services/experience/desk_options.h"

namespace drover::experience {

struct StoreOptions : DeskOptions {
  // The run folder; the journal lives in its folder `journal`.
  std::string run_folder;
  // Where that folder lies; outlives the store.
  FileSystem* files = PosixFileSystem();

  // What a group may hold (sizes of the model, range of rewards): learner::Trainer::group_limits().
  group::GroupLimits group_limits;

  // For the store's own threads; may be null, else outlives the store.
  Heartbeats* heartbeats = nullptr;

  // Time since some fixed moment, never going back; tests bring their own. Default: the steady clock.
  std::function<absl::Duration()> clock;

  // INVALID_ARGUMENT that names the field.
  absl::Status Validate() const;
};

// What the recipe (with defaults filled in) says; the caller adds run_folder, prompt, reward_format and the
// stop texts, which depend on the template.
StoreOptions OptionsFromRecipe(const v1::Recipe& recipe);

}  // namespace drover::experience
