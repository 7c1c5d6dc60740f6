// A model as a Responder on actors and verifiers that somebody has started: a run of no rollouts, whose learner hands out the weights
// and the questions, and collects what the actors answer.
//
//   asks ──▶ RUN/questions.jsonl, RUN/recipe.textproto ──▶ drover-learner --run RUN --listen ADDRESS  (a child)
//                                                             ▲ leases, graded groups
//                                                             └──── actors of anywhere ──▶ verifiers of anywhere
//   answered ◀── RUN/benchmarks/step-000000.jsonl ◀── the learner's end
//
// The evaluation is the run's: whole or begun again. A start after one that was stopped asks anew what it is given; actors that wait at
// the address go on with it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "evaluation/responder.h"
#include "programs/drover/eval/fleet_recipe.h"

namespace drover::cli {

struct FleetOptions {
  std::string program;  // the path of drover-learner
  std::string listen;   // host:port that actors reach; port 0 picks one
  std::string folder;   // of the run; what an earlier start left there is removed
  FleetModel model;
  int threads = 0;  // of the learner; 0: one a core
  std::map<std::string, std::vector<std::string>>
      golds;  // by an ask's id, for the verifiers; every ask has some
  // For a person: where actors find the learner, how far they are. From the thread that called Respond.
  std::function<void(const std::string& text)> said = [](const std::string&) {};
  struct Progress {
    uint64_t answered = 0, asked = 0;
    uint32_t actors = 0;
  };
  std::function<void(const Progress&)> progress = [](const Progress&) {};
};

class FleetResponder final : public evaluation::Responder {
 public:
  explicit FleetResponder(FleetOptions options) : options_(std::move(options)) {}

  // The actors end in order with the last ask, as at the end of any run. INVALID_ARGUMENT as FleetRecipe, and when the learner ended
  // with status 2 (its words); INTERNAL with its last words for any other death.
  absl::Status Respond(absl::Span<const evaluation::Ask> asks, const evaluation::Sampling& sampling,
                       const Answered& answered, const std::atomic<bool>& stop) override;

  // The model's folder, without a slash at its end.
  std::string Describe() const override;

 private:
  FleetOptions options_;
};

}  // namespace drover::cli
