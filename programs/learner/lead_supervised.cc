#include "programs/learner/lead_supervised.h"

#include <vector>

#include "base/log.h"
#include "base/status.h"
#include "data/supervised_set.h"
#include "model/tokenizer.h"
#include "programs/learner/checkpoint_folder.h"
#include "programs/learner/supervised_files.h"
#include "programs/learner/supervised_loop.h"

namespace drover::learner_process {
namespace {

class LeadSupervisedTrainer final : public SupervisedTrainer {
 public:
  explicit LeadSupervisedTrainer(learner::Trainer* trainer) : trainer_(trainer) {}

  absl::StatusOr<learner::StepStats> Step(const std::vector<learner::SupervisedExample>& examples,
                                          const learner::SupervisedOptions& options) override {
    return trainer_->SupervisedStep(examples, options);
  }
  absl::StatusOr<learner::SupervisedLoss> Measure(const std::vector<learner::SupervisedExample>& examples,
                                                  int64_t microbatch_tokens) override {
    return trainer_->MeasureSupervised(examples, microbatch_tokens);
  }
  absl::Status KeepAlive() override { return trainer_->KeepAlive(); }

 private:
  learner::Trainer* const trainer_;
};

absl::StatusOr<data::SupervisedData> LoadData(const v1::Recipe& recipe, const run::RunFolder& folder,
                                              const model::Tokenizer& tokenizer,
                                              const model::ModelConfig& config) {
  data::SupervisedVocabulary vocabulary = {.tokenizer = &tokenizer,
                                           .size = static_cast<uint64_t>(config.vocab_size),
                                           .positions = static_cast<uint64_t>(config.max_positions)};
  for (const int64_t id : config.eos_token_ids) vocabulary.eos.push_back(static_cast<uint32_t>(id));
  ASSIGN_OR_RETURN(vocabulary.chat, data::ChatTemplateFor(recipe, folder.model()));
  return data::LoadSupervisedData(recipe, vocabulary);
}

}  // namespace

absl::StatusOr<RunEnd> LeadSupervised(const v1::Recipe& recipe, const run::RunFolder& folder,
                                      const SupervisedProcess& process, learner::Trainer& trainer) {
  ASSIGN_OR_RETURN(const auto tokenizer, model::Tokenizer::Load(folder.model()));
  process.beat(absl::Hours(2));  // of tokenizing a large file
  ASSIGN_OR_RETURN(const data::SupervisedData data,
                   LoadData(recipe, folder, *tokenizer, trainer.model().config()));
  for (const std::string& warning : data.Warnings()) log::Warning(warning);
  LeadSupervisedTrainer lead(&trainer);
  CheckpointFolder checkpoints(folder, process.retention, &trainer);
  SupervisedFiles reports(folder);
  SupervisedParts parts;
  parts.recipe = recipe;
  parts.data = &data;
  parts.trainer = &lead;
  parts.checkpoints = &checkpoints;
  parts.reports = &reports;
  parts.metrics = process.metrics;
  parts.readiness = process.readiness;
  parts.stop = process.stop;
  parts.beat = process.beat;
  parts.started = process.started;
  return SupervisedLoop(std::move(parts)).Run();
}

}  // namespace drover::learner_process
