#include "recipe/suite_overlap.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "data/contamination.h"
#include "data/generators.h"
#include "data/mixture.h"

namespace drover::recipe {
namespace {

std::string FileAndFormat(const std::string& file, const std::string& format) {
  return format == "jsonl" ? file : absl::StrCat(file, ":", format);
}

// The training files as `drover data contamination` takes them.
std::string TrainingFiles(const v1::DataSettings& data) {
  if (data.train() != data::kMixture) return FileAndFormat(data.train(), data.format());
  std::string files;
  for (const std::string& text : data.mixture()) {
    const auto part = data::ParseMixturePart(text);
    if (!part.ok()) continue;  // a check says so
    absl::StrAppend(&files, files.empty() ? "" : " ",
                    FileAndFormat(part->path, part->format.empty() ? data.format() : part->format));
  }
  return files;
}

std::string BenchmarkFile(const std::string& suite, const std::string& name) {
  std::error_code ignored;
  return std::filesystem::is_directory(suite, ignored) ? absl::StrCat(suite, "/", name, ".jsonl") : suite;
}

std::string KeyFlags(const v1::DataSettings& data) {
  std::string flags;
  if (data.problem_key() != "problem") absl::StrAppend(&flags, " --problem-key ", data.problem_key());
  if (data.answer_key() != "answer") absl::StrAppend(&flags, " --answer-key ", data.answer_key());
  return flags;
}

}  // namespace

std::vector<std::string> SuiteInTraining(const v1::Recipe& recipe, const Suite& suite,
                                         const data::PromptSource& source) {
  std::vector<std::string> warnings;
  if (suite.benchmarks.empty() || data::IsGenerated(recipe.data().train())) return warnings;
  data::TrainingText training{data::OverlapOptions()};
  for (uint64_t n = 0; n < source.train_size(); ++n) training.Add(source.TrainPrompt(n).question(), n);
  for (const evaluation::Benchmark& benchmark : suite.benchmarks) {
    uint64_t same = 0, runs = 0;
    for (const evaluation::SuiteQuestion& question : benchmark.questions) {
      if (question.question.text.empty()) continue;
      const data::Overlap found = training.Find(question.question.text).kind;
      same += found == data::Overlap::kSame;
      runs += found == data::Overlap::kRuns;
    }
    if (same + runs == 0) continue;
    warnings.push_back(absl::StrCat("evaluation.suite: of the ", benchmark.questions.size(), " questions of ",
                                    benchmark.name, ", training asks ", same, " too, and ", runs,
                                    " more in much the same words: its accuracy says little. Which they are: "
                                    "drover data contamination --train ",
                                    TrainingFiles(recipe.data()), " --eval ",
                                    BenchmarkFile(recipe.evaluation().suite().path(), benchmark.name),
                                    KeyFlags(recipe.data())));
  }
  return warnings;
}

}  // namespace drover::recipe
