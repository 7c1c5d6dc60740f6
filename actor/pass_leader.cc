#include "actor/pass_leader.h"

#include <ATen/ATen.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "base/check.h"
#include "base/status.h"

namespace drover::actor {
namespace {

constexpr absl::Duration kSilence = absl::Seconds(5);

v1::PassCommand CommandOf(const Pass& pass) {
  v1::PassCommand command;
  v1::PassCommand::Pass& said = *command.mutable_pass();
  for (const model::PageCopy& copy : pass.copies) {
    said.add_copies_from(copy.from);
    said.add_copies_to(copy.to);
  }
  said.mutable_token_ids()->Add(pass.token_ids.begin(), pass.token_ids.end());
  for (const model::Part& part : pass.parts) {
    v1::PassCommand::Part& one = *said.add_parts();
    one.set_position(part.position);
    one.set_tokens(part.tokens);
    one.set_outputs(part.outputs);
    one.mutable_pages()->Add(part.pages.begin(), part.pages.end());
  }
  said.mutable_outputs()->Add(pass.outputs.begin(), pass.outputs.end());
  return command;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PassLeader>> PassLeader::Create(std::unique_ptr<model::Transformer> model,
                                                               int32_t pages, ActorRanks* ranks) {
  DROVER_CHECK(model->options().group == ranks);
  DROVER_CHECK(ranks == nullptr || ranks->share().rank == 0);
  ASSIGN_OR_RETURN(auto cache, MakeCache(*model, pages));
  std::unique_ptr<PassLeader> leader(new PassLeader(PassRunner(std::move(model), std::move(cache)), ranks));
  v1::PassCommand begin;
  begin.mutable_begin()->set_pages(pages);
  RETURN_IF_ERROR(leader->Announce(begin));
  return leader;
}

PassLeader::~PassLeader() {
  if (failed_ || !several() || !ranks_->in_order()) return;
  v1::PassCommand stop;
  stop.mutable_stop();
  Announce(stop).IgnoreError();  // a rank that is gone is gone
}

absl::Status PassLeader::Announce(const v1::PassCommand& command) {
  if (!several()) return absl::OkStatus();
  std::string bytes = command.SerializeAsString();
  announced_ = absl::Now();
  const absl::Status told = ranks_->collectives().Broadcast(&bytes, ranks_->patience());
  failed_ = failed_ || !told.ok();
  return told;
}

torch::Tensor PassLeader::Run(const Pass& pass) {
  if (!several()) return runner_.Run(pass);
  if (const absl::Status told = Announce(CommandOf(pass)); !told.ok()) {
    throw std::runtime_error(std::string(told.message()));
  }
  failed_ = true;  // until it is through
  torch::Tensor logits = runner_.Run(pass);
  failed_ = false;
  return logits;
}

absl::Status PassLeader::Import(bool base, const model::WeightSet& weights) {
  RETURN_IF_ERROR(runner_.model().CheckImport(base, weights));
  if (several()) return ImportEverywhere(base, weights);
  for (const model::TensorView& tensor : model::WeightViews(weights)) {
    RETURN_IF_ERROR(runner_.model().ImportTensor(base, tensor));
  }
  return absl::OkStatus();
}

// Each rank gets all of each tensor and keeps its rows: nobody but rank 0 holds more than one whole tensor at a time.
absl::Status PassLeader::ImportEverywhere(bool base, const model::WeightSet& weights) {
  v1::PassCommand command;
  command.mutable_weights()->set_base(base);
  command.mutable_weights()->set_digest(weights.digest);
  RETURN_IF_ERROR(Announce(command));
  failed_ = true;  // until all have come
  for (const model::TensorView& tensor : model::WeightViews(weights)) {
    const torch::Tensor bytes = at::from_blob(const_cast<char*>(tensor.bytes.data()),
                                              {static_cast<int64_t>(tensor.bytes.size())}, at::kByte);
    RETURN_IF_ERROR(ranks_->collectives().Broadcast(bytes));
    RETURN_IF_ERROR(runner_.model().ImportTensor(base, tensor));
  }
  failed_ = false;
  return absl::OkStatus();
}

absl::Status PassLeader::KeepAlive() {
  if (!several() || absl::Now() - announced_ < kSilence) return absl::OkStatus();
  v1::PassCommand command;
  command.mutable_keep_alive();
  return Announce(command);
}

}  // namespace drover::actor
