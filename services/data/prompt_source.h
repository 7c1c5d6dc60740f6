// The prompts of a run: which question is the nth to train on, and which are held out.
//
//   arithmetic generator ─┐              ┌─ training part ─ order (a permutation an epoch) ─ template ─ TrainPrompt(n)
//   JSONL file ───────────┴─ hash split ─┴─ held-out part ─ (or a file of its own) ───────── template ─ HeldoutPrompts
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "drover/v1/group.pb.h"
#include "drover/v1/recipe.pb.h"
#include "services/data/question.h"
#include "services/data/templates.h"

namespace drover::data {

// What data.train says for generated arithmetic.
inline constexpr std::string_view kGenerated = "arithmetic";

struct PromptSourceOptions {
  // Whether a prompt may be used: false leaves it out (data.max_prompt_tokens; this folder knows no tokenizer).
  // Empty: all may.
  std::function<bool(std::string_view prompt_text)> keep;
};

// Thread-safe. The same recipe gives the same prompts on every machine, whoever asks and in whatever order.
class PromptSource {
 public:
  // Reads the files that `recipe` (effective) names. INVALID_ARGUMENT or NOT_FOUND for a file that cannot be used
  // or when no training question is left.
  static absl::StatusOr<std::unique_ptr<PromptSource>> Create(const v1::Recipe& recipe,
                                                              PromptSourceOptions options = {});
  virtual ~PromptSource() = default;

  // The nth prompt of the run, from 0.
  virtual v1::Prompt TrainPrompt(uint64_t n) const = 0;

  // `count` different held-out prompts, or all that there are if fewer; always the first ones of the same order,
  // whatever run.seed is.
  virtual std::vector<v1::Prompt> HeldoutPrompts(uint64_t count) const = 0;

  // The nth worked question of pretraining; FAILED_PRECONDITION if questions come from a file.
  virtual absl::StatusOr<SupervisedExample> PretrainExample(uint64_t n) const = 0;

  // Training questions in an epoch; 0: no end of them.
  virtual uint64_t train_size() const = 0;
  // Questions that were left out by PromptSourceOptions::keep.
  virtual uint64_t dropped() const = 0;

  // Stop texts and reward format of every prompt.
  const PromptTemplate& prompt_template() const { return template_; }

 protected:
  explicit PromptSource(PromptTemplate prompt_template) : template_(std::move(prompt_template)) {}
  v1::Prompt Make(const Question& question) const;

 private:
  PromptTemplate template_;
};

}  // namespace drover::data
