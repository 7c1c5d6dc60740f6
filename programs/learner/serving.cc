#include "programs/learner/serving.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "drover/v1/weights.grpc.pb.h"
#include "programs/learner/sampling.h"
#include "recipe/sampling.h"
#include "services/experience/validate.h"
#include "services/run/model_files.h"

namespace drover::learner_process {
namespace {

constexpr absl::Duration kLastCalls = absl::Seconds(1);  // for calls in flight at the end

absl::StatusOr<std::unique_ptr<experience::ExperienceStore>> OpenStore(const ServingParts& parts) {
  experience::StoreOptions options = experience::OptionsFromRecipe(parts.recipe);
  options.run_folder = parts.folder.path();
  options.sampling = TrainingSampling(parts.recipe, parts.prompts->prompt_template());
  options.reward_format = parts.prompts->prompt_template().reward_format;
  options.prompt = [prompts = parts.prompts](uint64_t n) { return prompts->TrainPrompt(n); };
  options.group_limits = parts.group_limits;
  options.heartbeats = parts.heartbeats;
  return experience::ExperienceStore::Open(std::move(options));
}

// The largest message that anybody sends is a group, of training or evaluation. A bound on it bounds what many calls at a
// time can make this process hold.
int MaxReceiveBytes(const ServingParts& parts) {
  const data::PromptTemplate& prompt_template = parts.prompts->prompt_template();
  return static_cast<int>(std::max(
      {experience::MaxGroupBytes(TrainingSampling(parts.recipe, prompt_template), parts.group_limits),
       experience::MaxGroupBytes(HeldoutPlan(parts.recipe, prompt_template, /*version=*/0).sampling,
                                 parts.group_limits),
       experience::MaxGroupBytes(SuitePlan(parts.recipe, prompt_template, /*version=*/0).sampling,
                                 parts.group_limits)}));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Serving>> Serving::Start(const ServingParts& parts) {
  std::unique_ptr<Serving> serving(new Serving());
  serving->metrics_ = parts.metrics;
  ASSIGN_OR_RETURN(serving->store_, OpenStore(parts));
  serving->experience_ = std::make_unique<experience::ExperienceService>(
      serving->store_.get(),
      experience::ServiceOptions{.sampling_digest = recipe::SamplingDigest(parts.recipe),
                                 .metrics = &parts.metrics->experience()});
  serving->publisher_ = std::make_unique<weights::WeightPublisher>(
      weights::PublisherOptions{.chunk_bytes = parts.recipe.weights().chunk_bytes()},
      &parts.metrics->weights());
  serving->run_ = std::make_unique<RunServiceImpl>(
      RunServiceParts{.status = &serving->status_,
                      .store = serving->store_.get(),
                      .recipe = parts.recipe,
                      .model_files = run::PackModelFiles(parts.folder.model())});
  ASSIGN_OR_RETURN(
      serving->server_,
      rpc::Server::Start({.listen = parts.flags.listen, .max_receive_bytes = MaxReceiveBytes(parts)},
                         {{v1::ExperienceService::service_full_name(), serving->experience_.get()},
                          {v1::WeightService::service_full_name(), serving->publisher_->service()},
                          {v1::RunService::service_full_name(), serving->run_.get()}}));
  return serving;
}

Serving::~Serving() {
  // Streams that never end by themselves end first.
  if (store_ != nullptr) store_->StopLeasing();
  if (publisher_ != nullptr) publisher_->Shutdown();
  if (server_ != nullptr) server_->Shutdown(kLastCalls);
}

void Serving::Drain() {
  server_->SetServing(false);
  store_->StopLeasing();
}

void Serving::AwaitActorsEnd(absl::Duration at_least, absl::Duration within) const {
  const absl::Time start = absl::Now();
  while (absl::Now() < start + at_least || (publisher_->subscribers() > 0 && absl::Now() < start + within)) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  if (publisher_->subscribers() > 0) {
    log::Warning("actors are still there at the end of the run", {{"actors", publisher_->subscribers()}});
  }
}

void Serving::Refresh() const {
  const experience::Progress progress = store_->GetProgress();
  metrics_->experience().Set({.accepted_groups = progress.groups_accepted,
                              .needed_groups = progress.groups_needed,
                              .held_leases = progress.leases_held,
                              .waiting_calls = progress.waiting_calls,
                              .queued_groups = progress.queued_groups,
                              .queued_bytes = progress.queued_bytes});
  metrics_->SetActors(progress.actors);
  metrics_->SetLeases(store_->Counts());
}

}  // namespace drover::learner_process
