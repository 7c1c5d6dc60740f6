#include "actor/pass_runner.h"

#include <ATen/ATen.h>

#include "base/exceptions.h"
#include "model/rank_share.h"

namespace drover::actor {

absl::StatusOr<std::unique_ptr<model::KvCache>> MakeCache(const model::Transformer& model, int32_t pages) {
  const model::KvCacheOptions options = {
      .pages = pages, .device = model.options().device, .dtype = model.options().dtype};
  std::unique_ptr<model::KvCache> cache;
  const absl::Status made = CatchExceptions("the memory for keys and values", [&] {
    cache = std::make_unique<model::KvCache>(model::WithOwnHeads(model.config(), model.share()), options);
    return absl::OkStatus();
  });
  if (!made.ok()) return absl::ResourceExhaustedError(made.message());
  return cache;
}

torch::Tensor PassRunner::Run(const Pass& pass) {
  cache_->CopyPages(pass.copies);
  const torch::Tensor hidden_OD = model_->Extend(pass.token_ids, pass.parts, cache_.get());
  if (pass.outputs.empty()) return {};
  if (static_cast<int64_t>(pass.outputs.size()) == hidden_OD.size(0)) return model_->Logits(hidden_OD);
  return model_->Logits(hidden_OD.index_select(0, at::tensor(pass.outputs).to(hidden_OD.device())));
}

}  // namespace drover::actor
