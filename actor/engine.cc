#include "actor/engine.h"

#include <ATen/ATen.h>

#include <exception>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "actor/pass_leader.h"
#include "actor/pass_runner.h"
#include "actor/running_group.h"
#include "actor/scheduler/cache_plan.h"
#include "actor/scheduler/scheduler.h"
#include "actor/scorer.h"
#include "actor/speculator.h"
#include "base/check.h"
#include "base/exceptions.h"
#include "base/status.h"
#include "model/device.h"
#include "ranks/shared_gpus.h"

namespace drover::actor {
namespace {

absl::Status WrongOption(absl::string_view name, int64_t value, absl::string_view rule) {
  return absl::InvalidArgumentError(absl::StrCat("engine option ", name, " is ", value, ", must be ", rule));
}

absl::StatusOr<CachePlan> PlanMemory(const EngineOptions& options, const model::Transformer& model) {
  CacheWishes wishes;
  wishes.max_batch = options.max_batch;
  wishes.max_context = options.max_context;
  wishes.max_positions = model.config().max_positions;
  wishes.cache_bytes = options.cache_bytes;
  const model::RankShare share = model.share();
  wishes.page_bytes = model::PageBytes(model::WithOwnHeads(model.config(), share), model.options().dtype);
  if (options.cache_bytes == 0) {
    const torch::Device device = model.options().device;
    ASSIGN_OR_RETURN(const int64_t free, model::FreeMemory(device));
    int sharers = share.ranks;  // of a host
    if (!device.is_cpu()) {
      sharers = 1;
      if (options.ranks != nullptr) {
        ASSIGN_OR_RETURN(sharers, MostRanksOnOneGpu(options.ranks->collectives()));
      }
    }
    wishes.default_bytes = DefaultCacheBytes(free, !device.is_cpu(), sharers);
  }
  return PlanCache(wishes);
}

}  // namespace

absl::Status EngineOptions::Validate() const {
  if (max_batch < 1 || max_batch > 65536) return WrongOption("max_batch", max_batch, "1 to 65536");
  if (max_queued < 1) return WrongOption("max_queued", max_queued, "at least 1");
  if (max_context < 0) return WrongOption("max_context", max_context, "0 (the model's) or more");
  if (prefill_tokens < 1) return WrongOption("prefill_tokens", prefill_tokens, "at least 1");
  if (!(draft_margin >= 0.0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("engine option draft_margin is ", draft_margin, ", must be at least 0"));
  }
  if (cache_bytes < 0) return WrongOption("cache_bytes", cache_bytes, "0 (what is enough) or more");
  return absl::OkStatus();
}

struct Engine::Impl {
  Impl(const EngineOptions& options_in, std::unique_ptr<PassLeader> leader_in, const CachePlan& plan,
       const model::Tokenizer* tokenizer, uint64_t version_in)
      : options(options_in),
        leader(std::move(leader_in)),
        version(version_in),
        scheduler({.pages = plan.pages,
                   .max_batch = options_in.max_batch,
                   .prefill_tokens = options_in.prefill_tokens}) {
    limits.config = &model().config();
    limits.tokenizer = tokenizer;
    limits.context = plan.context;
    if (options.speculation && model().TokensStandAlone()) speculator.emplace(options.draft_margin);
  }

  void Step();
  void RunPlan(const Plan& plan);
  std::vector<int64_t> SampledOutputs(const Plan& plan);
  void TakeTokens(const Plan& plan, const std::vector<Drawn>& drawn);
  SampledToken TakeSample(const Plan& plan, const Plan::Sample& sample, absl::Span<const Drawn> drawn);
  SampledToken TakeToken(const Plan::Sample& sample, const Drawn& drawn);
  absl::Status NotFinite(const RunningGroup& group, uint32_t response) const;
  void Finish(uint64_t id, absl::Status status);

  const model::Transformer& model() const { return leader->model(); }

  EngineOptions options;
  std::unique_ptr<PassLeader> leader;  // has the model and its cache
  RequestLimits limits;
  uint64_t version;
  Scheduler scheduler;
  bool has_base = false;  // what the adapters of the model adapt, if it has any
  std::optional<Speculator> speculator;
  RunningGroups groups;
  std::vector<FinishedGroup> finished;
  uint64_t tokens_sampled = 0;
  // Of one step; kept for their memory.
  std::vector<int64_t> logits_rows;
  std::vector<Draw> draws;
  std::vector<SampledToken> sampled;
  std::map<uint64_t, absl::Status> failed;  // by the request's id
};

void Engine::Impl::Step() {
  const absl::Time start = absl::Now();
  const Plan& plan = scheduler.Next();
  if (plan.empty()) return;
  if (speculator.has_value()) scheduler.AddDrafts(speculator->Propose(plan, scheduler, groups));
  RunPlan(plan);
  if (speculator.has_value()) speculator->Learn(plan, sampled, absl::ToDoubleSeconds(absl::Now() - start));
}

void Engine::Impl::RunPlan(const Plan& plan) {
  sampled.clear();
  const torch::Tensor logits_RV =
      leader->Run({plan.copies, plan.token_ids, plan.parts, SampledOutputs(plan)});
  if (plan.samples.empty()) return scheduler.Took({});  // all are chunks of prompts that go on
  draws.clear();
  for (const Plan::Sample& sample : plan.samples) {
    const RunningGroup& group = *groups.at(sample.request);
    for (int32_t ahead = 0; ahead <= sample.drafts; ++ahead) {
      draws.push_back(
          {group.sampler_options(), group.NextUniform(sample.response, ahead), group.request().top_tokens});
    }
  }
  TakeTokens(plan, DrawTokens(logits_RV, logits_rows, draws));
}

// Which outputs of the parts are sampled; logits_rows says which of them each draw reads: of a sample one, and one for each of
// its drafts.
std::vector<int64_t> Engine::Impl::SampledOutputs(const Plan& plan) {
  std::vector<int64_t> first = {0};  // of each part's outputs
  for (const model::Part& part : plan.parts) first.push_back(first.back() + part.outputs);
  std::vector<int64_t> outputs;
  logits_rows.clear();
  for (size_t i = 0; i < plan.samples.size(); ++i) {
    const Plan::Sample& sample = plan.samples[i];
    const bool same_part = i > 0 && plan.samples[i - 1].part == sample.part;  // a prompt's: it has one output
    for (int32_t ahead = 0; ahead <= sample.drafts; ++ahead) {
      if (!same_part) outputs.push_back(first[sample.part] + ahead);
      logits_rows.push_back(static_cast<int64_t>(outputs.size()) - 1);
    }
  }
  return outputs;
}

void Engine::Impl::TakeTokens(const Plan& plan, const std::vector<Drawn>& drawn) {
  failed.clear();
  size_t next = 0;
  for (const Plan::Sample& sample : plan.samples) {
    const auto draws_of_it = static_cast<size_t>(sample.drafts) + 1;
    sampled.push_back(TakeSample(plan, sample, absl::MakeConstSpan(drawn).subspan(next, draws_of_it)));
    next += draws_of_it;
  }
  scheduler.Took(sampled);
  // A group's samples may stand apart: it is finished with the first.
  for (size_t i = 0; i < sampled.size(); ++i) {
    if (!sampled[i].ends) continue;
    const auto group = groups.find(plan.samples[i].request);
    if (group != groups.end() && group->second->finished()) Finish(group->first, absl::OkStatus());
  }
  for (auto& [id, status] : failed) {
    scheduler.Cancel(id);
    Finish(id, std::move(status));
  }
}

// A guess is right if its token is the one drawn in its place; what was drawn after a wrong one was drawn from another
// text.
SampledToken Engine::Impl::TakeSample(const Plan& plan, const Plan::Sample& sample,
                                      absl::Span<const Drawn> drawn) {
  SampledToken taken = TakeToken(sample, drawn[0]);
  for (int32_t i = 0; i < sample.drafts && !taken.ends; ++i) {
    if (taken.token != plan.token_ids[sample.first_draft + i]) break;
    taken = TakeToken(sample, drawn[i + 1]);
    taken.accepted = i + 1;
  }
  return taken;
}

SampledToken Engine::Impl::TakeToken(const Plan::Sample& sample, const Drawn& drawn) {
  RunningGroup& group = *groups.at(sample.request);
  if (!drawn.finite) {
    failed.emplace(sample.request, NotFinite(group, sample.response));
    return {.token = 0, .ends = true};
  }
  ++tokens_sampled;
  group.AddTop(sample.response, drawn.top);
  return {.token = drawn.token, .ends = group.AddToken(sample.response, drawn.token, drawn.logprob, version)};
}

absl::Status Engine::Impl::NotFinite(const RunningGroup& group, uint32_t response) const {
  return absl::InternalError(absl::StrCat("group ", group.request().group, ", response ", response,
                                          ", token ", group.response(response).token_ids_size(),
                                          ": the logits of weight version ", version, " are not all finite"));
}

void Engine::Impl::Finish(uint64_t id, absl::Status status) {
  const auto group = groups.find(id);
  finished.push_back(group->second->End(std::move(status)));
  groups.erase(group);
  if (speculator.has_value()) speculator->Forget(id);
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

absl::StatusOr<std::unique_ptr<Engine>> Engine::Create(const EngineOptions& options,
                                                       std::unique_ptr<model::Transformer> model,
                                                       const model::Tokenizer* tokenizer, uint64_t version) {
  DROVER_CHECK(model != nullptr);
  RETURN_IF_ERROR(options.Validate());
  if (model->options().trainable)
    return absl::InvalidArgumentError("the engine takes a model that is not trainable");
  ASSIGN_OR_RETURN(const CachePlan plan, PlanMemory(options, *model));
  ASSIGN_OR_RETURN(auto leader, PassLeader::Create(std::move(model), plan.pages, options.ranks));
  return std::unique_ptr<Engine>(
      new Engine(std::make_unique<Impl>(options, std::move(leader), plan, tokenizer, version)));
}

absl::Status Engine::Add(GroupRequest request) {
  RETURN_IF_ERROR(CheckRequest(request, impl_->limits));
  if (impl_->groups.contains(request.id)) {
    return absl::AlreadyExistsError(absl::StrCat("request ", request.id, " is in the engine already"));
  }
  if (static_cast<int64_t>(queued()) >= impl_->options.max_queued) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the engine's queue is full: ", impl_->options.max_queued, " groups wait"));
  }
  const uint64_t id = request.id;
  impl_->scheduler.Add(id, request.prompt_token_ids, request.sampling.group_size());
  impl_->groups.emplace(id, std::make_unique<RunningGroup>(std::move(request), impl_->limits));
  return absl::OkStatus();
}

std::vector<FinishedGroup> Engine::Step() {
  try {
    impl_->Step();
  } catch (const c10::AcceleratorError&) {
    throw;                                 // the GPU is lost to this process: no later step can do better
  } catch (const std::exception& error) {  // LibTorch's, such as memory that cannot be had
    if (impl_->leader->several()) throw;
    const absl::Status status =
        absl::InternalError(absl::StrCat("generation failed: ", ExceptionMessage(error)));
    for (const uint64_t id : impl_->scheduler.CancelBegun()) impl_->Finish(id, status);
  }
  return std::exchange(impl_->finished, {});
}

bool Engine::Cancel(uint64_t id) {
  impl_->scheduler.Cancel(id);
  if (impl_->speculator.has_value()) impl_->speculator->Forget(id);
  return impl_->groups.erase(id) > 0;
}

std::optional<GroupProgress> Engine::Progress(uint64_t id) const {
  const auto group = impl_->groups.find(id);
  if (group == impl_->groups.end()) return std::nullopt;
  return group->second->progress();
}

absl::Status Engine::TakeBase(const model::WeightSet& weights) {
  if (!model().options().lora) return Generator::TakeBase(weights);
  RETURN_IF_ERROR(impl_->leader->Import(/*base=*/true, weights));
  impl_->has_base = true;
  return absl::OkStatus();
}

absl::Status Engine::SwapWeights(uint64_t version, const model::WeightSet& weights) {
  if (model().options().lora && !impl_->has_base) {
    return absl::FailedPreconditionError("adapters came, but not the weights that they adapt");
  }
  RETURN_IF_ERROR(impl_->leader->Import(/*base=*/false, weights));
  impl_->scheduler.NewWeights();
  impl_->version = version;
  return absl::OkStatus();
}

absl::Status Engine::Idle() { return impl_->leader->KeepAlive(); }

GeneratorCounts Engine::counts() const {
  const Scheduler& scheduler = impl_->scheduler;
  GeneratorCounts counts;
  counts.pages = scheduler.pages();
  counts.used_pages = scheduler.used_pages();
  counts.sampled_tokens = impl_->tokens_sampled;
  counts.prefilled_tokens = scheduler.counts().prefilled_tokens;
  counts.shared_tokens = scheduler.counts().shared_tokens;
  counts.recomputed_tokens = scheduler.counts().recomputed_tokens;
  counts.preemptions = scheduler.counts().preemptions;
  counts.drafted_tokens = scheduler.counts().drafted_tokens;
  counts.accepted_tokens = scheduler.counts().accepted_tokens;
  return counts;
}

uint64_t Engine::version() const { return impl_->version; }
size_t Engine::active() const { return impl_->scheduler.running(); }
size_t Engine::queued() const { return impl_->scheduler.unstarted(); }
size_t Engine::groups() const { return impl_->groups.size(); }
uint64_t Engine::tokens_sampled() const { return impl_->tokens_sampled; }
int64_t Engine::cache_bytes() const { return impl_->leader->cache().bytes(); }
int64_t Engine::context() const { return impl_->limits.context; }
const model::Transformer& Engine::model() const { return impl_->model(); }

}  // namespace drover::actor
