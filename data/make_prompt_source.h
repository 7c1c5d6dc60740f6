// Where the prompts of a run come from:
//
//   generator ───────┐                       ┌─ training part ─ order (epochs, mixture, curriculum) ─ template ─ TrainPrompt(n)
//   question files ──┴─ filter ─ hash split ─┴─ held-out part ─ (or a file of its own) ──────────────── template ─ HeldoutPrompts
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "data/prompt_fit.h"
#include "data/prompt_source.h"
#include "drover/v1/recipe.pb.h"
#include "model/jinja/chat_template.h"

namespace drover::data {

struct PromptSourceOptions {
  // Whether a prompt may be used: what does not fit is left out and counted, an error ends MakePromptSource with it.
  // Empty: all may.
  std::function<absl::StatusOr<PromptVerdict>(std::string_view prompt_text)> judge;
  // The model's chat template, where data.template is it.
  std::shared_ptr<const model::jinja::ChatTemplate> chat;
};

// Reads the files that `recipe` (effective) names, to their end. INVALID_ARGUMENT or NOT_FOUND for a file that cannot
// be used or when no training question is left, with the field; the errors of options.judge, with the question (of
// generated ones the first thousand are judged).
absl::StatusOr<std::unique_ptr<PromptSource>> MakePromptSource(const v1::Recipe& recipe,
                                                               PromptSourceOptions options = {});

}  // namespace drover::data
