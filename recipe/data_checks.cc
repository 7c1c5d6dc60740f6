#include "recipe/data_checks.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/generators.h"
#include "data/mixture.h"
#include "data/prompt_order.h"
#include "data/question_filter.h"
#include "data/question_formats.h"
#include "recipe/check.h"

namespace drover::recipe {
namespace {

void Operations(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.data().train() != "arithmetic") return;
  const std::string& operations = recipe.data().arithmetic().operations();
  const std::set<char> different(operations.begin(), operations.end());
  const bool known = operations.find_first_not_of("+-*") == std::string::npos;
  if (known && different.size() == operations.size()) return;
  problems.Add("data.arithmetic.operations",
               absl::StrCat("got `", operations, "`, may be any of + - *, each once, like \"+-\""));
}

void Digits(const v1::Recipe& recipe, Problems& problems) {
  const v1::ArithmeticSettings& arithmetic = recipe.data().arithmetic();
  if (arithmetic.min_digits() <= arithmetic.max_digits()) return;
  problems.Add("data.arithmetic.min_digits",
               absl::StrCat("got ", arithmetic.min_digits(),
                            ", may be at most data.arithmetic.max_digits = ", arithmetic.max_digits()));
}

void CheckFormat(const char* field, const std::string& format, Problems& problems) {
  const auto found = data::FindQuestionFormat(format);
  if (!found.ok()) problems.Add(field, std::string(found.status().message()));
}

void Format(const v1::Recipe& recipe, Problems& problems) {
  CheckFormat("data.format", recipe.data().format(), problems);
  const std::string& heldout = recipe.data().heldout_format();
  if (!heldout.empty()) CheckFormat("data.heldout_format", heldout, problems);
}

// Which keys a published set has is known.
void KeysAreOfJsonl(const v1::Recipe& recipe, Problems& problems) {
  const v1::DataSettings& data = recipe.data();
  const bool reads_jsonl = data.format() == data::kJsonl || data.heldout_format() == data::kJsonl;
  if (reads_jsonl || (data.problem_key() == "problem" && data.answer_key() == "answer")) return;
  problems.Add(data.problem_key() == "problem" ? "data.answer_key" : "data.problem_key",
               absl::StrCat("is of data.format jsonl alone, and that is ", data.format(), "; leave it out"));
}

void Levels(const v1::Recipe& recipe, Problems& problems) {
  const auto levels = data::ParseLevels(recipe.data().levels());
  if (!levels.ok()) problems.Add("data.levels", std::string(levels.status().message()));
}

void Countdown(const v1::Recipe& recipe, Problems& problems) {
  const v1::CountdownSettings& countdown = recipe.data().countdown();
  AtMost("data.countdown.min_numbers", countdown.min_numbers(), "data.countdown.max_numbers",
         countdown.max_numbers(), problems);
  AtMost("data.countdown.max_number", countdown.max_number(), "data.countdown.max_target",
         countdown.max_target(), problems);
}

void CountdownIsGradedAsSuch(const v1::Recipe& recipe, Problems& problems) {
  const bool asked = recipe.data().train() == "countdown", graded = recipe.reward().grader() == "countdown";
  if (!asked || graded || !recipe.verifiers().addresses().empty()) return;
  problems.Add("reward.grader",
               absl::StrCat("got `", recipe.reward().grader(),
                            "`, but the questions of data.train countdown are for the grader countdown"));
}

void Steps(const v1::Recipe& recipe, Problems& problems) {
  const v1::WordProblemSettings& words = recipe.data().word_problems();
  AtMost("data.word_problems.min_steps", words.min_steps(), "data.word_problems.max_steps", words.max_steps(),
         problems);
}

// Each part is one that can be read, and has a prompt in every block.
void Mixture(const v1::Recipe& recipe, Problems& problems) {
  const v1::DataSettings& data = recipe.data();
  if ((data.train() == data::kMixture) != (data.mixture_size() > 0)) {
    problems.Add("data.mixture", data.mixture_size() > 0
                                     ? "is there, so that data.train may be mixture alone"
                                     : "may be a list of FILE:WEIGHT, as data.train is mixture");
    return;
  }
  std::vector<data::MixtureSet> sets;
  for (const std::string& text : data.mixture()) {
    const auto part = data::ParseMixturePart(text);
    if (!part.ok()) return problems.Add("data.mixture", std::string(part.status().message()));
    sets.push_back({1, part->weight});
  }
  if (sets.empty()) return;
  const std::vector<uint64_t> counts = data::MixtureCounts(sets);
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) continue;
    problems.Add("data.mixture",
                 absl::StrCat("got `", data.mixture(static_cast<int>(i)), "`, which is not one prompt of ",
                              data::kMixtureBlock, "; give it more weight or leave it out"));
  }
}

void CurriculumIsOfOneFile(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.data().curriculum().prompts() == 0) return;
  const std::string& train = recipe.data().train();
  if (!data::IsGenerated(train) && train != data::kMixture) return;
  problems.Add("data.curriculum.prompts",
               absl::StrCat("got ", recipe.data().curriculum().prompts(),
                            ", may be 0 unless data.train is one file of questions with pass rates"));
}

void PassRates(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.data().min_pass_rate() <= recipe.data().max_pass_rate()) return;
  problems.Add("data.min_pass_rate",
               absl::StrCat("got ", recipe.data().min_pass_rate(),
                            ", may be at most data.max_pass_rate = ", recipe.data().max_pass_rate()));
}

const std::vector<Check>& DataChecks() {
  static const auto& checks = *new std::vector<Check>{
      {{"data.train", "data.arithmetic.operations"}, Operations},
      {{"data.arithmetic.min_digits", "data.arithmetic.max_digits"}, Digits},
      {{"data.format", "data.heldout_format"}, Format},
      {{"data.format", "data.heldout_format", "data.problem_key", "data.answer_key"}, KeysAreOfJsonl},
      {{"data.levels"}, Levels},
      {{"data.countdown.min_numbers", "data.countdown.max_numbers", "data.countdown.max_number",
        "data.countdown.max_target"},
       Countdown},
      {{"data.train", "reward.grader", "verifiers.addresses"}, CountdownIsGradedAsSuch},
      {{"data.word_problems.min_steps", "data.word_problems.max_steps"}, Steps},
      {{"data.train", "data.mixture"}, Mixture},
      {{"data.train", "data.curriculum.prompts"}, CurriculumIsOfOneFile},
      {{"data.min_pass_rate", "data.max_pass_rate"}, PassRates},
  };
  return checks;
}

}  // namespace

void CheckData(const v1::Recipe& recipe, Problems& problems) { RunChecks(DataChecks(), recipe, problems); }

}  // namespace drover::recipe
