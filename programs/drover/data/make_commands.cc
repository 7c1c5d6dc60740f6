// `drover data filter`, `contamination`, `mix` and `generate`.
#include <cstdio>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/status.h"
#include "data/generators.h"
#include "data/mixture.h"
#include "data/pass_rates.h"
#include "data/prompt_order.h"
#include "programs/drover/data/commands.h"
#include "programs/drover/data/contamination_report.h"
#include "programs/drover/data/output.h"
#include "recipe/defaults.h"
#include "recipe/overrides.h"
#include "recipe/validate.h"

namespace drover::cli {
namespace {

// A file's lines are made in memory; so many questions are some hundred megabytes.
constexpr uint64_t kMostMade = 1'000'000;

absl::Status CheckCount(const char* flag, uint64_t count) {
  if (count > 0 && count <= kMostMade) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(flag, " is ", count, ", may be from 1 to ", kMostMade));
}

absl::StatusOr<std::pair<double, double>> ParseRange(const std::string& text) {
  const std::vector<std::string> ends = absl::StrSplit(text, ':');
  double low = 0, high = 0;
  if (ends.size() == 2 && absl::SimpleAtod(ends[0], &low) && absl::SimpleAtod(ends[1], &high) && 0 <= low &&
      low <= high && high <= 1) {
    return std::make_pair(low, high);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--pass-rate is \"", text, "\"; it may be LOW:HIGH from 0 to 1, like 0.1:0.9"));
}

absl::StatusOr<data::PassRates> ReadPassRates(const std::vector<std::string>& paths) {
  data::PassRates rates;
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
    const absl::Status added = rates.AddFile(bytes);
    if (!added.ok()) return absl::InvalidArgumentError(absl::StrCat(path, ":", added.message()));
  }
  return rates;
}

// FILE or FILE:FORMAT.
absl::StatusOr<NamedQuestions> ReadNamed(const std::string& text, const data::QuestionFileOptions& reading) {
  data::QuestionFileOptions options = reading;
  std::string path = text;
  if (const size_t colon = text.rfind(':');
      colon != std::string::npos && data::FindQuestionFormat(text.substr(colon + 1)).ok()) {
    options.format = text.substr(colon + 1);
    path.resize(colon);
  }
  ASSIGN_OR_RETURN(data::QuestionFile file, data::ReadQuestionFile(path, options));
  return NamedQuestions{path, std::move(file.questions)};
}

absl::StatusOr<std::vector<NamedQuestions>> ReadAll(const std::vector<std::string>& texts,
                                                    const data::QuestionFileOptions& reading) {
  std::vector<NamedQuestions> sets;
  for (const std::string& text : texts) {
    ASSIGN_OR_RETURN(NamedQuestions set, ReadNamed(text, reading));
    sets.push_back(std::move(set));
  }
  return sets;
}

// The recipe's data settings with what --set says, checked as a recipe's are.
absl::StatusOr<v1::DataSettings> GeneratorSettings(const DataGenerateOptions& options) {
  if (!data::IsGenerated(options.kind)) {
    return absl::InvalidArgumentError(
        absl::StrCat("got `", options.kind, "`, may be ", absl::StrJoin(data::GeneratorNames(), ", ")));
  }
  for (const std::string& text : options.overrides) {
    if (absl::StartsWith(text, "data.")) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--set ", text, ": may be a field of data, like data.",
                     options.kind == "arithmetic" ? "arithmetic.max_digits=4" : "heldout_share=0.1"));
  }
  v1::Recipe recipe = recipe::DefaultRecipe();
  recipe.mutable_model()->set_path("a model, so that no alphabet is asked for");
  recipe.mutable_data()->set_train(options.kind);
  if (options.kind == "countdown") recipe.mutable_reward()->set_grader("countdown");
  recipe::Problems problems;
  recipe::ApplyOverrides(options.overrides, recipe, problems);
  recipe::FindProblems(recipe, {.check_files = false}, problems);
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems.texts(), "\n"));
  if (recipe.data().train() != options.kind)
    return absl::InvalidArgumentError("--set data.train: the kind of questions is named already");
  return recipe.data();
}

absl::StatusOr<std::string> TrainingLines(const data::QuestionGenerator& generator, uint64_t count) {
  constexpr uint64_t kDrawsPerQuestion = 20;
  std::string lines;
  absl::flat_hash_set<std::string> seen;
  for (uint64_t n = 0; seen.size() < count && n < kDrawsPerQuestion * count; ++n) {
    const data::Question question = generator.Train(n);
    if (seen.insert(question.text).second) lines += QuestionLine(question, generator.Solution(n));
  }
  if (seen.size() == count) return lines;
  return absl::InvalidArgumentError(absl::StrCat("--count is ", count, ", but only ", seen.size(),
                                                 " different questions of these settings were found"));
}

std::string HeldoutLines(const std::vector<data::Question>& questions) {
  std::string lines;
  for (const data::Question& question : questions) lines += QuestionLine(question);
  return lines;
}

}  // namespace

absl::Status FilterData(const DataFilterOptions& options) {
  ASSIGN_OR_RETURN(const auto range, ParseRange(options.pass_rate));
  ASSIGN_OR_RETURN(const data::QuestionFile file,
                   data::ReadQuestionFile(options.in.path, options.in.options));
  ASSIGN_OR_RETURN(const data::PassRates rates, ReadPassRates(options.graded));
  std::string lines;
  uint64_t written = 0, ungraded = 0, easier = 0, harder = 0;
  for (data::Question question : file.questions) {
    question.pass_rate = rates.Of(question);
    if (!question.pass_rate) {
      ++ungraded;
    } else if (*question.pass_rate < range.first) {
      ++harder;
    } else if (*question.pass_rate > range.second) {
      ++easier;
    } else {
      ++written;
      lines += QuestionLine(question);
    }
  }
  const std::string sums = absl::StrCat(
      written, " questions written; left out: ", harder, " below the range, ", easier, " above, ", ungraded,
      " without a graded response (", rates.responses(), " responses read)");
  if (written == 0)
    return absl::InvalidArgumentError(absl::StrCat(options.in.path, ": no question is left: ", sums));
  RETURN_IF_ERROR(WriteOutput(options.out, lines));
  std::fprintf(stderr, "%s\n", sums.c_str());
  return absl::OkStatus();
}

absl::Status FindContamination(const DataContaminationOptions& options) {
  if (options.overlap.words == 0) return absl::InvalidArgumentError("--words is 0, may be from 1 up");
  ASSIGN_OR_RETURN(const std::vector<NamedQuestions> train, ReadAll(options.train, options.reading));
  ASSIGN_OR_RETURN(const std::vector<NamedQuestions> eval, ReadAll(options.eval, options.reading));
  const std::vector<ContaminationPair> pairs = Compare(train, eval, options.overlap);
  return WriteOutput("-", options.json ? ToJson(pairs, options.overlap) : ToText(pairs, options.overlap));
}

absl::Status MixData(const DataMixOptions& options) {
  RETURN_IF_ERROR(CheckCount("--count", options.count));
  std::vector<data::Question> all;
  std::vector<data::MixtureSet> sets;
  for (const std::string& text : options.parts) {
    ASSIGN_OR_RETURN(const data::MixturePart part, data::ParseMixturePart(text));
    data::QuestionFileOptions reading = options.reading;
    if (!part.format.empty()) reading.format = part.format;
    ASSIGN_OR_RETURN(data::QuestionFile file, data::ReadQuestionFile(part.path, reading));
    sets.push_back({file.questions.size(), part.weight});
    for (data::Question& question : file.questions) {
      if (question.source.empty()) question.source = part.path;
      all.push_back(std::move(question));
    }
  }
  const std::vector<uint64_t> counts = data::MixtureCounts(sets);
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) continue;
    return absl::InvalidArgumentError(absl::StrCat("got `", options.parts[i],
                                                   "`, which is not one question of ", data::kMixtureBlock,
                                                   "; give it more weight or leave it out"));
  }
  const data::MixtureOrder order(options.seed, sets);
  std::string lines;
  for (uint64_t n = 0; n < options.count; ++n) lines += QuestionLine(all[order.At(n)]);
  return WriteOutput(options.out, lines);
}

absl::Status GenerateData(const DataGenerateOptions& options) {
  RETURN_IF_ERROR(CheckCount("--count", options.count));
  if (!options.heldout.empty()) RETURN_IF_ERROR(CheckCount("--heldout-count", options.heldout_count));
  ASSIGN_OR_RETURN(const v1::DataSettings settings, GeneratorSettings(options));
  const auto generator = data::MakeGenerator(settings, {settings.heldout_share(), options.seed});
  ASSIGN_OR_RETURN(const std::string lines, TrainingLines(*generator, options.count));
  if (!options.heldout.empty()) {
    const std::vector<data::Question> heldout = generator->Heldout(options.heldout_count);
    if (heldout.empty())
      return absl::InvalidArgumentError(
          "no question of these settings is held out; raise data.heldout_share");
    RETURN_IF_ERROR(WriteOutput(options.heldout, HeldoutLines(heldout)));
    std::fprintf(stderr, "%zu held-out questions written, none of them among those of training\n",
                 heldout.size());
  }
  return WriteOutput(options.out, lines);
}

}  // namespace drover::cli
