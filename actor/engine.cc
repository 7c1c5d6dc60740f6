#include "actor/engine.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <deque>
#include <exception>
#include <map>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "actor/running_group.h"
#include "actor/scorer.h"
#include "base/check.h"
#include "base/exceptions.h"
#include "base/status.h"

namespace drover::actor {
namespace {

absl::Status WrongOption(absl::string_view name, int64_t value, absl::string_view rule) {
  return absl::InvalidArgumentError(absl::StrCat("engine option ", name, " is ", value, ", must be ", rule));
}

}  // namespace

absl::Status EngineOptions::Validate() const {
  if (max_batch < 1 || max_batch > 65536) return WrongOption("max_batch", max_batch, "1 to 65536");
  if (max_queued < 1) return WrongOption("max_queued", max_queued, "at least 1");
  if (max_context < 0) return WrongOption("max_context", max_context, "0 (the model's) or more");
  if (prefill_tokens < 1) return WrongOption("prefill_tokens", prefill_tokens, "at least 1");
  return absl::OkStatus();
}

struct Engine::Impl {
  // A response being decoded: row i of the cache is rows[i]. All its tokens but the last are in the cache.
  struct Row {
    RunningGroup* group = nullptr;
    uint32_t response = 0;

    int64_t cached() const {
      const int64_t sampled = group->response(response).token_ids_size();
      return static_cast<int64_t>(group->request().prompt_token_ids.size()) +
             std::max<int64_t>(0, sampled - 1);
    }
    uint32_t last_token() const { return *group->response(response).token_ids().rbegin(); }
  };
  // Consecutive responses of a group that begin together, after one prefill of its prompt.
  struct Admission {
    RunningGroup* group = nullptr;
    int64_t first_row = 0;
    int64_t rows = 0;
  };

  Impl(const EngineOptions& options_in, std::unique_ptr<model::Transformer> model_in,
       const model::Tokenizer* tokenizer, uint64_t version_in)
      : options(options_in), model(std::move(model_in)), version(version_in) {
    const int64_t positions = model->config().max_positions;
    limits.config = &model->config();
    limits.tokenizer = tokenizer;
    limits.context = options.max_context == 0 ? positions : std::min(options.max_context, positions);
    model::KvCacheOptions cache_options;
    cache_options.max_rows = options.max_batch;
    cache_options.max_length = limits.context;
    cache_options.device = model->options().device;
    cache_options.dtype = model->options().dtype;
    cache = std::make_unique<model::KvCache>(model->config(), cache_options);
  }

  bool NextAdmission(Admission* admission);
  std::vector<Admission> NextPrefill();
  bool Prefill();
  void Decode();
  void TakeTokens(const torch::Tensor& logits_RV, int64_t first_row, const std::vector<int64_t>& logits_rows);
  absl::Status NotFinite(const Row& row) const;
  void DropRows(const std::vector<bool>& drop);
  void DropGroup(RunningGroup* group);
  void Finish(RunningGroup* group, absl::Status status);
  void FailRunning(const absl::Status& status);

  EngineOptions options;
  std::unique_ptr<model::Transformer> model;
  RequestLimits limits;
  uint64_t version;
  std::unique_ptr<model::KvCache> cache;
  std::unordered_map<uint64_t, std::unique_ptr<RunningGroup>> groups;  // by id
  std::deque<RunningGroup*> queue;  // with responses not yet started, oldest first
  std::vector<Row> rows;
  std::vector<FinishedGroup> finished;
  uint64_t tokens_sampled = 0;
};

// Gives rows to the oldest waiting group: to all its responses at once, or (a group larger than the engine) to as many
// as the engine holds.
bool Engine::Impl::NextAdmission(Admission* admission) {
  if (queue.empty()) return false;
  RunningGroup* group = queue.front();
  const int64_t wanted = std::min<int64_t>(group->size() - group->started(), options.max_batch);
  const int64_t used = static_cast<int64_t>(rows.size());
  if (options.max_batch - used < wanted) return false;
  *admission = {group, used, wanted};
  for (int64_t i = 0; i < wanted; ++i) rows.push_back({group, group->Start()});
  if (group->started() == group->size()) queue.pop_front();
  return true;
}

// The admissions whose prompts go through the model together: at least one if any fits, as many as prefill_tokens
// allows.
std::vector<Engine::Impl::Admission> Engine::Impl::NextPrefill() {
  std::vector<Admission> admissions;
  size_t longest = 0;
  while (!queue.empty()) {
    longest = std::max(longest, queue.front()->request().prompt_token_ids.size());
    const int64_t padded = static_cast<int64_t>(longest * (admissions.size() + 1));
    if (!admissions.empty() && padded > options.prefill_tokens) break;
    Admission admission;
    if (!NextAdmission(&admission)) break;
    admissions.push_back(admission);
  }
  return admissions;
}

// Admits some groups and samples their first tokens; false if none could be admitted.
bool Engine::Impl::Prefill() {
  const std::vector<Admission> admissions = NextPrefill();
  if (admissions.empty()) return false;
  size_t longest = 0;
  for (const Admission& a : admissions)
    longest = std::max(longest, a.group->request().prompt_token_ids.size());
  const torch::Tensor ids_BT =
      at::zeros({static_cast<int64_t>(admissions.size()), static_cast<int64_t>(longest)}, at::kLong);
  std::vector<model::Transformer::PromptRows> prompts;
  std::vector<int64_t> logits_rows;
  for (size_t b = 0; b < admissions.size(); ++b) {
    const Admission& a = admissions[b];
    const std::vector<uint32_t>& prompt = a.group->request().prompt_token_ids;
    std::copy(prompt.begin(), prompt.end(), ids_BT.mutable_data_ptr<int64_t>() + b * longest);
    prompts.push_back({static_cast<int64_t>(prompt.size()), a.first_row, a.rows});
    logits_rows.insert(logits_rows.end(), a.rows, static_cast<int64_t>(b));
  }
  cache->Reserve(static_cast<int64_t>(rows.size()), static_cast<int64_t>(longest));
  const torch::Tensor hidden_BD = model->Prefill(ids_BT.to(model->options().device), prompts, cache.get());
  TakeTokens(model->Logits(hidden_BD), admissions[0].first_row, logits_rows);
  return true;
}

void Engine::Impl::Decode() {
  if (rows.empty()) return;
  std::vector<int64_t> inputs, positions, logits_rows;
  for (const Row& row : rows) {
    logits_rows.push_back(static_cast<int64_t>(inputs.size()));
    inputs.push_back(row.last_token());
    positions.push_back(row.cached());
  }
  cache->Reserve(static_cast<int64_t>(rows.size()),
                 *std::max_element(positions.begin(), positions.end()) + 1);
  TakeTokens(model->Logits(model->Decode(inputs, positions, cache.get())), 0, logits_rows);
}

// Samples a token for each of rows first_row, first_row + 1, ...: the i-th from row logits_rows[i] of the logits.
void Engine::Impl::TakeTokens(const torch::Tensor& logits_RV, int64_t first_row,
                              const std::vector<int64_t>& logits_rows) {
  std::vector<Draw> draws;
  for (size_t i = 0; i < logits_rows.size(); ++i) {
    const Row& row = rows[first_row + i];
    draws.push_back({row.group->sampler_options(), row.group->NextUniform(row.response)});
  }
  const std::vector<Drawn> drawn = DrawTokens(logits_RV, logits_rows, draws);
  std::vector<bool> ended(rows.size(), false);
  std::vector<RunningGroup*> done;
  std::map<uint64_t, absl::Status> failed;  // by the request's id
  for (size_t i = 0; i < drawn.size(); ++i) {
    const Row& row = rows[first_row + i];
    if (!drawn[i].finite) {
      failed.emplace(row.group->request().id, NotFinite(row));
      continue;
    }
    ++tokens_sampled;
    if (!row.group->AddToken(row.response, drawn[i].token, drawn[i].logprob, version)) continue;
    ended[first_row + i] = true;
    if (row.group->finished()) done.push_back(row.group);
  }
  DropRows(ended);
  for (RunningGroup* group : done) Finish(group, absl::OkStatus());
  for (const auto& [id, status] : failed) {
    RunningGroup* group = groups.at(id).get();
    DropGroup(group);
    Finish(group, status);
  }
}

absl::Status Engine::Impl::NotFinite(const Row& row) const {
  return absl::InternalError(absl::StrCat("group ", row.group->request().group, ", response ", row.response,
                                          ", token ", row.group->response(row.response).token_ids_size(),
                                          ": the logits of weight version ", version, " are not all finite"));
}

// The last row takes the place of each dropped one. From the end, so that the last row is never one to drop.
void Engine::Impl::DropRows(const std::vector<bool>& drop) {
  for (size_t i = drop.size(); i-- > 0;) {
    if (!drop[i]) continue;
    const size_t last = rows.size() - 1;
    if (i != last) {
      cache->MoveRow(static_cast<int64_t>(last), static_cast<int64_t>(i), rows[last].cached());
      rows[i] = rows[last];
    }
    rows.pop_back();
  }
}

void Engine::Impl::DropGroup(RunningGroup* group) {
  std::vector<bool> drop;
  for (const Row& row : rows) drop.push_back(row.group == group);
  DropRows(drop);
  queue.erase(std::remove(queue.begin(), queue.end(), group), queue.end());
}

void Engine::Impl::Finish(RunningGroup* group, absl::Status status) {
  finished.push_back(group->End(std::move(status)));
  groups.erase(finished.back().id);
}

void Engine::Impl::FailRunning(const absl::Status& status) {
  while (!rows.empty()) {
    RunningGroup* group = rows.back().group;
    rows.erase(std::remove_if(rows.begin(), rows.end(), [&](const Row& row) { return row.group == group; }),
               rows.end());
    queue.erase(std::remove(queue.begin(), queue.end(), group), queue.end());
    Finish(group, status);
  }
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
  return std::unique_ptr<Engine>(
      new Engine(std::make_unique<Impl>(options, std::move(model), tokenizer, version)));
}

absl::Status Engine::Add(GroupRequest request) {
  RETURN_IF_ERROR(CheckRequest(request, impl_->limits));
  if (impl_->groups.count(request.id) > 0) {
    return absl::AlreadyExistsError(absl::StrCat("request ", request.id, " is in the engine already"));
  }
  if (static_cast<int64_t>(impl_->queue.size()) >= impl_->options.max_queued) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the engine's queue is full: ", impl_->options.max_queued, " groups wait"));
  }
  const uint64_t id = request.id;
  auto group = std::make_unique<RunningGroup>(std::move(request), impl_->limits);
  impl_->queue.push_back(group.get());
  impl_->groups.emplace(id, std::move(group));
  return absl::OkStatus();
}

std::vector<FinishedGroup> Engine::Step() {
  try {
    while (impl_->Prefill()) {
    }
    impl_->Decode();
  } catch (const c10::AcceleratorError&) {
    throw;                                 // the GPU is lost to this process: no later step can do better
  } catch (const std::exception& error) {  // LibTorch's, such as memory that cannot be had
    impl_->FailRunning(absl::InternalError(absl::StrCat("generation failed: ", ExceptionMessage(error))));
  }
  return std::exchange(impl_->finished, {});
}

bool Engine::Cancel(uint64_t id) {
  const auto found = impl_->groups.find(id);
  if (found == impl_->groups.end()) return false;
  impl_->DropGroup(found->second.get());
  impl_->groups.erase(found);
  return true;
}

absl::Status Engine::SwapWeights(uint64_t version, const model::WeightSet& weights) {
  RETURN_IF_ERROR(impl_->model->Import(weights));
  impl_->version = version;
  return absl::OkStatus();
}

uint64_t Engine::version() const { return impl_->version; }
size_t Engine::active() const { return impl_->rows.size(); }
size_t Engine::queued() const { return impl_->queue.size(); }
size_t Engine::groups() const { return impl_->groups.size(); }
uint64_t Engine::tokens_sampled() const { return impl_->tokens_sampled; }
int64_t Engine::cache_bytes() const { return impl_->cache->bytes(); }
const model::Transformer& Engine::model() const { return *impl_->model; }

}  // namespace drover::actor
