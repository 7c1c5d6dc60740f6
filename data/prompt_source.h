// The prompts of a run, wherever their questions come from: which is the nth to train on, and which are held out.
// make_prompt_source.h makes the one that a recipe asks for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/prompt_writer.h"
#include "data/question.h"
#include "data/templates.h"
#include "drover/v1/group.pb.h"
#include "drover/v1/recipe.pb.h"

namespace drover::data {

// What happened to the questions while a source was made.
struct SourceReport {
  uint64_t twins = 0;              // training questions that data.heldout has too: left out
  uint64_t too_long = 0;           // left out
  uint64_t unspelled = 0;          // left out
  std::string unspelled_example;   // the first such question, and why
  uint64_t read = 0;               // questions of data.train's file
  uint64_t unwanted = 0;           // of these, by data.levels, data.subjects or their pass rate: left out
  uint64_t unanswered = 0;         // records of files without an answer that can be read: left out
  std::string unanswered_example;  // the first, "FILE:LINE: why"
  bool nothing_heldout = false;

  // What whoever runs this should hear of, a sentence each.
  std::vector<std::string> Warnings(const v1::Recipe& recipe) const;
};

// Thread-safe. The same recipe gives the same prompts on every machine, whoever asks and in whatever order.
class PromptSource {
 public:
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
  const SourceReport& report() const { return report_; }

  // Stop texts and reward format of every prompt.
  const PromptTemplate& prompt_template() const { return writer_.prompt_template(); }

 protected:
  PromptSource(PromptWriter writer, SourceReport report)
      : writer_(std::move(writer)), report_(std::move(report)) {}
  const PromptWriter& writer() const { return writer_; }
  v1::Prompt Make(const Question& question) const;

 private:
  PromptWriter writer_;
  SourceReport report_;
};

}  // namespace drover::data
