#include "recipe/lora.h"

namespace drover::recipe {

std::optional<model::LoraConfig> LoraOf(const v1::Recipe& recipe) {
  const v1::LoraSettings& settings = recipe.learner().lora();
  if (settings.rank() == 0) return std::nullopt;
  model::LoraConfig lora;
  lora.rank = settings.rank();
  lora.alpha = settings.alpha();
  lora.targets = {settings.targets().begin(), settings.targets().end()};
  lora.base = recipe.model().path();
  lora.seed = recipe.run().seed();
  return lora;
}

}  // namespace drover::recipe
