#pragma once

#include <utility>

#include "data/prompt_order.h"
#include "data/prompt_source.h"

namespace drover::data {

// Prompts of question files.
class FileSource : public PromptSource {
 public:
  // `train` is not empty; `heldout` is in the order in which it is handed out.
  FileSource(PromptWriter writer, uint64_t seed, std::vector<Question> train, std::vector<Question> heldout,
             SourceReport report)
      : PromptSource(std::move(writer), std::move(report)),
        order_(seed, train.size()),
        train_(std::move(train)),
        heldout_(std::move(heldout)) {}

  v1::Prompt TrainPrompt(uint64_t n) const override { return Make(train_[order_.At(n)]); }
  std::vector<v1::Prompt> HeldoutPrompts(uint64_t count) const override;
  absl::StatusOr<SupervisedExample> PretrainExample(uint64_t n) const override;
  uint64_t train_size() const override { return train_.size(); }

 private:
  const PromptOrder order_;
  const std::vector<Question> train_;
  const std::vector<Question> heldout_;
};

}  // namespace drover::data
