#include "learner/weight_shards.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/exceptions.h"
#include "base/status.h"
#include "model/tensor_memory.h"

namespace drover::learner {
namespace {

// What the parameters hold now, for as long as it is needed.
model::WeightSource SourceOf(const std::vector<std::string>& names,
                             const std::vector<torch::Tensor>& parameters) {
  std::map<std::string, torch::Tensor> values;
  for (size_t i = 0; i < names.size(); ++i) values[names[i]] = parameters[i].detach();
  return [values = std::move(values)](const std::string& name, const torch::Tensor& into) {
    into.copy_(values.at(name));
    return absl::OkStatus();
  };
}

}  // namespace

WeightShards::WeightShards(const std::vector<std::string>& names,
                           const std::vector<torch::Tensor>& parameters, const ShardPlan& plan,
                           const LayerBuckets& layout, model::WeightSource source, Collectives* collectives,
                           ExchangeQueue* exchanges)
    : names_(names),
      parameters_(parameters),
      plan_(plan),
      layout_(layout),
      source_(source ? std::move(source) : SourceOf(names, parameters)),
      collectives_(collectives),
      exchanges_(exchanges),
      buckets_(plan.buckets().size()),
      own_(at::zeros({plan.run_elements()}, parameters.at(0).detach().options())) {
  DROVER_CHECK(layout_.layers.size() == buckets_.size());
  const at::NoGradGuard no_grad;
  for (size_t b = 0; b < buckets_.size(); ++b) {
    TakeOver(b);
    if (layout_.layers[b] < 0) {
      ends_.push_back(b);
      continue;
    }
    const auto layer = static_cast<size_t>(layout_.layers[b]);
    bucket_of_layer_.resize(std::max(bucket_of_layer_.size(), layer + 1));
    bucket_of_layer_[layer] = b;
  }
  for (const ShardPiece& piece : plan_.Pieces(collectives_->rank())) {
    pieces_.push_back(own_.narrow(0, piece.place, piece.elements));
  }
}

// The parameters become views of memory that they share, this rank's run of it is kept, and the memory given back.
void WeightShards::TakeOver(size_t b) {
  const ShardBucket& place = plan_.buckets()[b];
  Bucket& bucket = buckets_[b];
  bucket.whole = at::zeros({plan_.ranks() * place.run_elements}, own_.options());
  bucket.own = own_.narrow(0, place.begin / plan_.ranks(), place.run_elements);
  for (size_t i = place.first; i < place.first + place.parameters; ++i) {
    const torch::Tensor values =
        bucket.whole.narrow(0, plan_.Offset(i) - place.begin, plan_.parameter_elements()[i])
            .view(parameters_[i].sizes());
    failed_.Update(source_(names_[i], values));
    parameters_[i].set_data(values);
  }
  bucket.own.copy_(bucket.whole.narrow(0, collectives_->rank() * place.run_elements, place.run_elements));
  model::GiveBackMemory(bucket.whole);
}

absl::Status WeightShards::Scatter(
    const std::function<absl::Status(size_t parameter, const torch::Tensor& into)>& fill) {
  const at::NoGradGuard no_grad;
  for (size_t b = 0; b < buckets_.size(); ++b) {
    const ShardBucket& place = plan_.buckets()[b];
    const torch::Tensor flat = at::zeros({plan_.ranks() * place.run_elements}, own_.options());
    for (size_t i = place.first; collectives_->rank() == 0 && i < place.first + place.parameters; ++i) {
      failed_.Update(fill(i, flat.narrow(0, plan_.Offset(i) - place.begin, plan_.parameter_elements()[i])));
    }
    RETURN_IF_ERROR(collectives_->Broadcast(flat));
    buckets_[b].own.copy_(flat.narrow(0, collectives_->rank() * place.run_elements, place.run_elements));
  }
  return failed_;
}

absl::Status WeightShards::ScatterInitial() {
  const model::WeightSource source = std::exchange(source_, nullptr);
  return Scatter([&](size_t parameter, const torch::Tensor& into) {
    return source(names_[parameter], into.view(parameters_[parameter].sizes()));
  });
}

absl::Status WeightShards::ForEachWhole(absl::FunctionRef<absl::Status(size_t parameter)> visit) {
  absl::Status visited;
  for (size_t b = 0; b < buckets_.size(); ++b) {
    const ShardBucket& place = plan_.buckets()[b];
    Hold(b);
    if (b + 1 < buckets_.size()) Fetch(b + 1);
    // Whatever one rank's visit comes to, an exception too, it goes on gathering: the others wait for it.
    for (size_t i = place.first; i < place.first + place.parameters && visited.ok() && failed_.ok(); ++i) {
      visited = CatchExceptions("reading a gathered weight", [&] { return visit(i); });
    }
    LetGo(b);
  }
  RETURN_IF_ERROR(failed_);
  return visited;
}

absl::Status WeightShards::BeginStep(int64_t forwards) {
  most_elements_ = elements_;
  step_forwards_ = forwards;
  HoldEnds();
  return failed_;
}

absl::Status WeightShards::EndStep() {
  LetEndsGo();
  return failed_;
}

void WeightShards::MakeEmptyPass() {
  for (int64_t i = 0; i < step_forwards_; ++i) MakeEmptyForward();
  for (auto layer = static_cast<int64_t>(bucket_of_layer_.size()) - 1; layer >= 0; --layer) {
    BeginLayer(layer, model::LayerUse::kBackward);
    EndLayer(layer, model::LayerUse::kBackward);
  }
}

void WeightShards::MakeEmptyForward() {
  for (int64_t layer = 0; layer < static_cast<int64_t>(bucket_of_layer_.size()); ++layer) {
    BeginLayer(layer, model::LayerUse::kForward);
    EndLayer(layer, model::LayerUse::kForward);
  }
}

absl::Status WeightShards::BeginForwards(int64_t passes) {
  HoldEnds();
  RETURN_IF_ERROR(failed_);
  ASSIGN_OR_RETURN(const int64_t most, MostOfRanks(*collectives_, passes));
  forwards_left_ = passes;
  forwards_of_others_ = most - passes;
  return absl::OkStatus();
}

void WeightShards::EndForward() { --forwards_left_; }

absl::Status WeightShards::EndForwards(const std::function<void()>& progress) {
  DROVER_CHECK(forwards_left_ == 0);
  for (; forwards_of_others_ > 0; --forwards_of_others_) {
    if (progress) progress();
    MakeEmptyForward();
  }
  LetEndsGo();
  return failed_;
}

// A forward pass goes up through the layers, a backward one down. Whether a backward pass follows the last layer is not known
// here.
void WeightShards::BeginLayer(int64_t layer, model::LayerUse use) {
  Hold(bucket_of_layer_.at(layer));
  const int64_t next = use == model::LayerUse::kForward ? layer + 1 : layer - 1;
  if (next >= 0 && next < static_cast<int64_t>(bucket_of_layer_.size())) Fetch(bucket_of_layer_[next]);
}

void WeightShards::EndLayer(int64_t layer, model::LayerUse use) {
  const size_t bucket = bucket_of_layer_.at(layer);
  LetGo(bucket);
  if (use != model::LayerUse::kBackward || !behind_backward_) return;
  // A layer ends in a destructor, which no exception may leave. Exchanges that were to follow would be out of step.
  const absl::Status sent = CatchExceptions("what follows a layer's backward pass", [&] {
    behind_backward_(bucket);
    return absl::OkStatus();
  });
  if (sent.ok()) return;
  failed_.Update(sent);
  exchanges_->Post([sent] { return sent; });
}

void WeightShards::Fetch(size_t b) {
  Bucket& bucket = buckets_[b];
  if (bucket.holds > 0 || bucket.coming) return;
  const at::NoGradGuard no_grad;
  model::TakeMemory(bucket.whole);
  elements_ += bucket.whole.numel();
  most_elements_ = std::max(most_elements_, elements_);
  const int64_t run = bucket.own.numel();
  bucket.whole.narrow(0, collectives_->rank() * run, run).copy_(bucket.own);
  bucket.coming =
      exchanges_->Post([ranks = collectives_, whole = bucket.whole] { return ranks->AllGather(whole); });
}

void WeightShards::Hold(size_t b) {
  Fetch(b);
  Bucket& bucket = buckets_[b];
  if (bucket.holds++ > 0) return;
  failed_.Update(exchanges_->Wait(*std::exchange(bucket.coming, std::nullopt)));
  const at::NoGradGuard no_grad;
  if (!failed_.ok()) bucket.whole.zero_();
}

void WeightShards::LetGo(size_t b) {
  Bucket& bucket = buckets_[b];
  DROVER_CHECK(bucket.holds > 0);
  if (--bucket.holds > 0) return;
  model::GiveBackMemory(bucket.whole);
  elements_ -= bucket.whole.numel();
}

void WeightShards::HoldEnds() {
  for (const size_t b : ends_) Hold(b);
}

void WeightShards::LetEndsGo() {
  for (const size_t b : ends_) LetGo(b);
  if (behind_ends_ && (ends_.empty() || buckets_[ends_[0]].holds == 0)) behind_ends_();
}

}  // namespace drover::learner
