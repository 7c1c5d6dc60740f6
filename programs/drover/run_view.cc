#include "programs/drover/run_view.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/rpc/channel.h"

namespace drover::cli {

RunView::RunView(const run::RunFolder& folder, std::string recipe, bool supervised)
    : tail_(folder.metrics()), evaluations_(folder.evaluations()), start_(absl::Now()) {
  view_.supervised = supervised;
  view_.recipe = std::move(recipe);
  view_.folder = folder.path();
}

void RunView::AskLearner(int port) {
  if (port != port_) {
    port_ = port;
    stub_ = v1::RunService::NewStub(rpc::MakeChannel(absl::StrCat("127.0.0.1:", port)));
  }
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
  v1::RunState state;
  if (!stub_->GetRun(&context, {}, &state).ok()) return;  // what was last known stays
  view_.state = state;
  if (!state.has_heldout_accuracy()) return;
  view_.accuracy = state.heldout_accuracy();
  view_.accuracy_step = state.heldout_step();
}

std::vector<std::string> RunView::TakeNotices() {
  const auto& all = view_.state.notices();
  std::vector<std::string> notices(all.begin() + std::min(notices_taken_, all.size()), all.end());
  notices_taken_ = all.size();
  return notices;
}

std::vector<nlohmann::ordered_json> RunView::Refresh(int learner_port) {
  if (learner_port != 0 && !view_.supervised) AskLearner(learner_port);
  if (view_.supervised) {
    for (const auto& line : evaluations_.TakeNew()) view_.heldout_losses.push_back(line);
  }
  std::vector<nlohmann::ordered_json> lines = tail_.TakeNew();
  for (const auto& line : lines) {
    const uint64_t step = line.value("step", uint64_t{0});  // a run that went back does steps again
    while (!view_.metrics.empty() && view_.metrics.back().value("step", uint64_t{0}) >= step)
      view_.metrics.pop_back();
    view_.metrics.push_back(line);
  }
  view_.elapsed_seconds = absl::ToDoubleSeconds(absl::Now() - start_);
  return lines;
}

}  // namespace drover::cli
