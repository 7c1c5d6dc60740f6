#include "learner/layerwise_gradients.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status.h"
#include "learner/shards.h"

namespace drover::learner {
namespace {

struct TellOfGradient final : torch::autograd::PostAccumulateGradHook {
  explicit TellOfGradient(std::function<void()> given) : tell(std::move(given)) {}
  void operator()(const torch::autograd::Variable&) override { tell(); }
  const std::function<void()> tell;
};

}  // namespace

LayerwiseGradients::LayerwiseGradients(const std::vector<torch::Tensor>& parameters, const ShardPlan& plan,
                                       const LayerBuckets& buckets, torch::ScalarType wire,
                                       Collectives* collectives, ExchangeQueue* exchanges,
                                       WeightShards* weights, std::function<void()> progress)
    : parameters_(parameters),
      plan_(plan),
      layout_(buckets),
      wire_(wire),
      collectives_(collectives),
      exchanges_(exchanges),
      weights_(weights),
      progress_(std::move(progress)),
      buckets_(plan.buckets().size()),
      own_(at::zeros({plan.run_elements()}, parameters.at(0).detach().options())) {
  DROVER_CHECK(layout_.order.size() == buckets_.size());
  sums_ = {own_};
  for (const ShardPiece& piece : plan.Pieces(collectives->rank())) {
    pieces_.push_back(own_.narrow(0, piece.place, piece.elements));
  }
  for (size_t b = 0; b < buckets_.size(); ++b) {
    bucket_of_.insert(bucket_of_.end(), plan.buckets()[b].parameters, b);
  }
  for (size_t i = 0; i < parameters_.size(); ++i) {
    parameters_[i].mutable_grad().reset();
    torch::autograd::impl::set_post_acc_grad_hooks(parameters_[i],
                                                   std::make_unique<TellOfGradient>([this, i] { Take(i); }));
  }
  if (weights_ != nullptr) weights_->set_behind_backward([this](size_t bucket) { SendThrough(bucket); });
  BeginPass();
}

LayerwiseGradients::~LayerwiseGradients() {
  AwaitSent();
  if (weights_ != nullptr) weights_->set_behind_backward(nullptr);
  for (const torch::Tensor& parameter : parameters_) {
    torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
  }
}

absl::Status LayerwiseGradients::Begin(int64_t passes) {
  own_.zero_();
  failed_ = absl::OkStatus();
  passes_ = 0;
  most_elements_ = 0;
  BeginPass();
  ASSIGN_OR_RETURN(all_passes_, MostOfRanks(*collectives_, passes));
  own_passes_ = passes;
  if (own_passes_ == 0) {
    MakeEmptyPasses();
    AwaitSent();
  }
  return failed_;
}

void LayerwiseGradients::BeginPass() {
  sent_ = 0;
  layers_begun_ = false;
  for (size_t b = 0; b < buckets_.size(); ++b) buckets_[b].to_come = plan_.buckets()[b].parameters;
}

void LayerwiseGradients::Take(size_t parameter) {
  const at::NoGradGuard no_grad;
  const size_t b = bucket_of_[parameter];
  Bucket& bucket = buckets_[b];
  const bool of_layer = layout_.layers[b] >= 0;
  torch::Tensor& gradient = parameters_[parameter].mutable_grad();
  // A layer is in one place of the model, so a pass gives its gradients once; a second time they would be lost.
  if (of_layer && bucket.to_come == 0) {
    failed_.Update(absl::InternalError(
        absl::StrCat("a gradient of layer ", layout_.layers[b], " came a second time in one backward pass")));
    gradient.reset();
    return;
  }
  const ShardBucket& place = plan_.buckets()[b];
  if (!bucket.whole.defined()) {
    bucket.whole = at::zeros({plan_.ranks() * place.run_elements}, own_.options());
    elements_ += bucket.whole.numel();
    most_elements_ = std::max(most_elements_, elements_);
  }
  bucket.whole.narrow(0, plan_.Offset(parameter) - place.begin, gradient.numel()).add_(gradient.flatten());
  gradient.reset();
  if (!of_layer) return;
  layers_begun_ = true;
  --bucket.to_come;
  if (weights_ == nullptr) SendCompleted();
}

// A layer: when autograd has told of all its weights. What is in front of the layers: when they have begun. What is behind
// them (an embedding, a head that is tied to it): with the pass.
bool LayerwiseGradients::Complete(size_t bucket) const {
  if (layout_.layers[bucket] >= 0) return buckets_[bucket].to_come == 0;
  const auto at = std::find(layout_.order.begin(), layout_.order.end(), bucket);
  return layers_begun_ &&
         std::any_of(at, layout_.order.end(), [this](size_t later) { return layout_.layers[later] >= 0; });
}

void LayerwiseGradients::SendCompleted() {
  while (sent_ < layout_.order.size() && Complete(layout_.order[sent_])) Send(layout_.order[sent_++]);
}

// Where weights are gathered, too: all that is in front of this bucket in the order, and it.
void LayerwiseGradients::SendThrough(size_t bucket) {
  const at::NoGradGuard no_grad;
  const auto at = std::find(layout_.order.begin(), layout_.order.end(), bucket);
  const auto end = static_cast<size_t>(at - layout_.order.begin()) + 1;
  while (sent_ < end) Send(layout_.order[sent_++]);
}

void LayerwiseGradients::Send(size_t bucket) {
  const int64_t run = plan_.buckets()[bucket].run_elements;
  torch::Tensor whole = std::exchange(buckets_[bucket].whole, torch::Tensor());
  const bool given = whole.defined();
  if (!given) whole = at::zeros({plan_.ranks() * run}, own_.options());
  AwaitSent();
  in_flight_elements_ = given ? whole.numel() : 0;
  const torch::Tensor own = own_.narrow(0, plan_.buckets()[bucket].begin / plan_.ranks(), run);
  in_flight_ = exchanges_->Post([this, whole, own, run]() -> absl::Status {
    RETURN_IF_ERROR(collectives_->ReduceScatterSum(whole, wire_));
    own.add_(whole.narrow(0, collectives_->rank() * run, run));
    return absl::OkStatus();
  });
}

void LayerwiseGradients::AwaitSent() {
  if (!in_flight_) return;
  failed_.Update(exchanges_->Wait(*std::exchange(in_flight_, std::nullopt)));
  elements_ -= in_flight_elements_;
}

void LayerwiseGradients::EndPass() {
  SendTheRest();
  if (passes_ != own_passes_) return;
  MakeEmptyPasses();
  AwaitSent();  // what follows may be for this thread to exchange
}

void LayerwiseGradients::SendTheRest() {
  const at::NoGradGuard no_grad;
  while (sent_ < layout_.order.size()) Send(layout_.order[sent_++]);
  BeginPass();
  ++passes_;
}

void LayerwiseGradients::MakeEmptyPasses() {
  while (passes_ < all_passes_) {
    if (progress_) progress_();
    if (weights_ != nullptr) weights_->MakeEmptyPass();
    SendTheRest();
  }
}

}  // namespace drover::learner
