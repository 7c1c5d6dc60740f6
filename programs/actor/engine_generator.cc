#include "programs/actor/engine_generator.h"

#include <utility>

namespace drover::actor_process {

absl::Status EngineGenerator::Add(Generation generation) {
  return engine_->Add({.id = generation.id,
                       .group = generation.group,
                       .prompt_token_ids = std::move(generation.prompt_token_ids),
                       .sampling = std::move(generation.sampling)});
}

std::vector<Generated> EngineGenerator::Step() {
  std::vector<Generated> ended;
  for (actor::FinishedGroup& group : engine_->Step()) {
    ended.push_back({group.id, std::move(group.status), std::move(group.responses)});
  }
  return ended;
}

}  // namespace drover::actor_process
