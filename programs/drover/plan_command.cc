#include "programs/drover/plan_command.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/status.h"
#include "model/lora_files.h"
#include "model/rank_share.h"
#include "programs/drover/report.h"
#include "recipe/embedded_model.h"
#include "recipe/load.h"
#include "recipe/memory_plan.h"
#include "recipe/supervised.h"

namespace drover::cli {
namespace {

using recipe::MemoryPlan;
using recipe::PlannedDevice;

constexpr int64_t kUnknown = int64_t{1} << 60;

struct Plans {
  MemoryPlan learner;
  std::optional<MemoryPlan> actor;  // a supervised run has none
  std::vector<recipe::MemoryChange> changes;
  std::optional<int64_t> together;  // a rank and an actor on one GPU
};

absl::StatusOr<model::ModelConfig> ConfigOf(const v1::Recipe& recipe) {
  if (recipe.model().path().empty()) return recipe::EmbeddedConfig(recipe.model().embedded());
  ASSIGN_OR_RETURN(const std::string base, model::BaseFolder(recipe.model().path()));
  auto config = model::LoadModelConfig(base);
  if (config.ok()) return config;
  return Annotate(config.status(), "model.path (a folder with the model's config.json is enough for a plan)");
}

Plans MakePlans(const v1::Recipe& recipe, const model::ModelConfig& config, PlannedDevice device,
                int64_t memory) {
  Plans plans;
  plans.learner = recipe::PlanLearnerMemory(recipe, config, device);
  plans.changes = recipe::ChangesToFit(recipe, config, device, memory);
  if (recipe::IsSupervised(recipe)) return plans;
  plans.actor = recipe::PlanActorMemory(recipe, config, device, memory);
  const bool bounded = recipe.actors().cache_bytes() > 0 || memory < kUnknown;
  if (device == PlannedDevice::kGpu && bounded) {
    plans.together = recipe::SharedGpuMemory(recipe, config, memory);
  }
  return plans;
}

std::string Gib(int64_t bytes) {
  return absl::StrFormat("%.2f GiB", static_cast<double>(bytes) / (int64_t{1} << 30));
}

// `several`: whether there are processes beside rank 0, which the plan is of.
std::string PlanText(const std::string& title, const MemoryPlan& plan, bool several) {
  std::string text = title + "\n";
  for (const recipe::MemoryPart& part : plan.parts) {
    absl::StrAppendFormat(&text, "  %-20s %12s  %s\n", part.name, Gib(part.bytes), part.what);
  }
  absl::StrAppendFormat(&text, "  %-20s %12s\n", "together", Gib(plan.total()));
  if (several && plan.total_of_others() != plan.total()) {
    absl::StrAppendFormat(&text, "  %-20s %12s\n", "ranks above 0", Gib(plan.total_of_others()));
  }
  return text;
}

std::string TogetherText(const Plans& plans, int64_t memory) {
  if (!plans.together) return "";
  std::string text = absl::StrCat("a rank and an actor on one GPU: ", Gib(*plans.together));
  if (memory == kUnknown || *plans.together <= memory) return text + "\n";
  return absl::StrCat(text, ", which is more than ", Gib(memory),
                      ": GPUs of their own, or less of one of them (actors.cache_bytes, and the learner's "
                      "settings)\n");
}

std::string ChangesText(const Plans& plans, int64_t memory) {
  if (plans.learner.total() <= memory) return "";
  std::string text = absl::StrCat("the learner's rank does not fit into ", Gib(memory),
                                  "; one after the other would make room:\n");
  for (const recipe::MemoryChange& change : plans.changes) {
    absl::StrAppendFormat(&text, "  --set %-44s %12s\n", change.set, Gib(change.plan.total()));
  }
  if (plans.changes.empty() || plans.changes.back().plan.total() > memory) {
    absl::StrAppend(&text,
                    "that is not enough: the weights with their gradients and moments are most of it\n");
  }
  return text;
}

nlohmann::ordered_json PlanJson(const MemoryPlan& plan) {
  nlohmann::ordered_json json;
  json["bytes"] = plan.total();
  json["bytes_of_others"] = plan.total_of_others();
  for (const recipe::MemoryPart& part : plan.parts) json["parts"][part.name] = part.bytes;
  return json;
}

nlohmann::ordered_json PlansJson(const Plans& plans, const RecipePlanOptions& options) {
  nlohmann::ordered_json json;
  json["device"] = options.device;
  json["learner"] = PlanJson(plans.learner);
  if (plans.actor) json["actor"] = PlanJson(*plans.actor);
  if (plans.together) json["together_bytes"] = *plans.together;
  if (options.memory == 0) return json;
  json["memory_bytes"] = options.memory;
  json["fits"] = plans.learner.total() <= static_cast<int64_t>(options.memory);
  if (plans.together) json["fits_together"] = *plans.together <= static_cast<int64_t>(options.memory);
  json["changes"] = nlohmann::ordered_json::array();
  for (const recipe::MemoryChange& change : plans.changes) {
    json["changes"].push_back({{"set", change.set}, {"learner_bytes", change.plan.total()}});
  }
  return json;
}

// MemAvailable of Linux: what new processes may take before something is swapped out. Bytes.
std::optional<int64_t> AvailableMemory() {
  const auto text = ReadFile("/proc/meminfo");
  if (!text.ok()) return std::nullopt;
  for (const absl::string_view line : absl::StrSplit(*text, '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    int64_t kib = 0;
    if (words.size() >= 2 && words[0] == "MemAvailable:" && absl::SimpleAtoi(words[1], &kib))
      return kib << 10;
  }
  return std::nullopt;
}

bool HasGpu() {
  std::error_code ignored;
  return std::filesystem::exists("/dev/nvidiactl", ignored);
}

}  // namespace

int PlanRecipe(const RecipePlanOptions& options) {
  const auto recipe = recipe::LoadRecipe(options.recipe, options.overrides, {.check_files = false});
  if (!recipe.ok()) return Report(kBadInput, recipe.status());
  const auto config = ConfigOf(*recipe);
  if (!config.ok()) return Report(kBadInput, config.status());
  const uint32_t processes = std::max<uint32_t>(1, recipe->actors().tensor_parallel());
  if (const absl::Status can = model::CheckShares(*config, static_cast<int>(processes));
      !can.ok() && !recipe::IsSupervised(*recipe)) {
    return Report(kBadInput, Annotate(can, "actors.tensor_parallel"));
  }
  const PlannedDevice device = options.device == "cuda" ? PlannedDevice::kGpu : PlannedDevice::kCpu;
  const int64_t memory = options.memory == 0 ? kUnknown : static_cast<int64_t>(options.memory);
  const Plans plans = MakePlans(*recipe, *config, device, memory);
  if (options.json) {
    std::puts(PlansJson(plans, options).dump().c_str());
    return kDone;
  }
  const std::string learner =
      absl::StrCat("learner, rank 0 of ", recipe->learner().ranks(), ", at its most:");
  std::fputs(PlanText(learner, plans.learner, recipe->learner().ranks() > 1).c_str(), stdout);
  const std::string title =
      processes == 1 ? "an actor, at its most:"
                     : absl::StrCat("an actor's rank 0, of ", processes, " processes, at its most:");
  if (plans.actor) std::fputs(PlanText(title, *plans.actor, processes > 1).c_str(), stdout);
  std::fputs(TogetherText(plans, memory).c_str(), stdout);
  if (options.memory > 0) std::fputs(ChangesText(plans, memory).c_str(), stdout);
  return kDone;
}

std::vector<std::string> MemoryWarnings(const v1::Recipe& recipe) {
  const std::string& device = recipe.run().device();
  if (device != "cpu" && (device != "auto" || HasGpu())) return {};  // how much a GPU has is not known here
  const std::optional<int64_t> available = AvailableMemory();
  const auto config = ConfigOf(recipe);
  if (!available.has_value() || !config.ok()) return {};
  const int64_t taken = recipe::RunMemory(recipe, *config);
  if (taken <= *available) return {};
  std::string warning = absl::StrCat("this run may take ", Gib(taken), " of memory, and ", Gib(*available),
                                     " are free: the system may end it");
  const auto changes = recipe::ChangesToFitRun(recipe, *config, *available);
  if (!changes.empty() && changes.back().fits) {
    absl::StrAppend(&warning, "; it would fit with");
    for (const recipe::MemoryChange& change : changes) absl::StrAppend(&warning, " --set ", change.set);
  }
  absl::StrAppend(&warning, " (drover recipe plan has the parts)");
  return {warning};
}

}  // namespace drover::cli
