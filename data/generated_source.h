#pragma once

#include <memory>
#include <utility>

#include "data/prompt_source.h"
#include "data/question_generator.h"

namespace drover::data {

// Prompts of generated questions; held-out ones may come from a file.
class GeneratedSource : public PromptSource {
 public:
  // `heldout` empty: the generator's own held-out questions.
  GeneratedSource(PromptWriter writer, std::unique_ptr<const QuestionGenerator> generator,
                  TeacherHabits habits, std::vector<Question> heldout, SourceReport report)
      : PromptSource(std::move(writer), std::move(report)),
        generator_(std::move(generator)),
        habits_(habits),
        heldout_(std::move(heldout)) {}

  v1::Prompt TrainPrompt(uint64_t n) const override { return Make(generator_->Train(n)); }
  std::vector<v1::Prompt> HeldoutPrompts(uint64_t count) const override;
  absl::StatusOr<SupervisedExample> PretrainExample(uint64_t n) const override;
  uint64_t train_size() const override { return 0; }

 private:
  const std::unique_ptr<const QuestionGenerator> generator_;
  const TeacherHabits habits_;
  const std::vector<Question> heldout_;
};

}  // namespace drover::data
