#pragma once

#include <memory>
#include <utility>

#include "data/prompt_order.h"
#include "data/prompt_source.h"

namespace drover::data {

// Prompts of question files.
class FileSource : public PromptSource {
 public:
  // `train` is not empty, and `order` one of its questions; `heldout` is in the order in which it is handed out.
  FileSource(PromptWriter writer, std::unique_ptr<const QuestionOrder> order, std::vector<Question> train,
             std::vector<Question> heldout, SourceReport report)
      : PromptSource(std::move(writer), std::move(report)),
        order_(std::move(order)),
        train_(std::move(train)),
        heldout_(std::move(heldout)) {}

  v1::Prompt TrainPrompt(uint64_t n) const override { return Make(train_[order_->At(n)]); }
  std::vector<v1::Prompt> HeldoutPrompts(uint64_t count) const override;
  absl::StatusOr<SupervisedExample> PretrainExample(uint64_t n) const override;
  uint64_t train_size() const override { return train_.size(); }

 private:
  const std::unique_ptr<const QuestionOrder> order_;
  const std::vector<Question> train_;
  const std::vector<Question> heldout_;
};

}  // namespace drover::data
