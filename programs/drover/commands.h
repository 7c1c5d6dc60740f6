// What the commands of `drover` do, one function each; all return the exit status (docs/reference/cli.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "programs/drover/grading/bench_service.h"
#include "programs/drover/grading/explain_command.h"
#include "programs/drover/plan_command.h"
#include "programs/drover/report/report_command.h"
#include "programs/drover/text/bench_tokenize.h"
#include "programs/drover/train_command.h"

namespace drover::cli {

// `drover recipes`
int ListRecipes();

// `drover recipe show NAME`
struct RecipeShowOptions {
  std::string recipe;
  std::vector<std::string> overrides;
};
int ShowRecipe(const RecipeShowOptions& options);

// `drover inspect journal RUN`
struct InspectOptions {
  std::string run;
  bool json = false;
};
int InspectJournal(const InspectOptions& options);

// `drover inspect run RUN`; `json` is not looked at.
int InspectRun(const InspectOptions& options);

// `drover drop-group RUN`
struct DropGroupOptions {
  std::string run;
  uint64_t lease = 0;
  std::string reason = "dropped by an operator";
};
int DropGroup(const DropGroupOptions& options);

// `drover report RUN...`
int WriteReport(const report::ReportOptions& options);

// `drover grade`
struct GradeOptions {
  std::string in;
  std::string out;
  std::string format = "boxed";
  std::string grader = "math";
  v1::GradingOptions options;
  int threads = 0;
  std::string verifier;  // addresses, separated by commas; empty: this process grades
};
int Grade(const GradeOptions& options);

// `drover explain-grade`
using ExplainGradeOptions = grading::ExplainOptions;
int ExplainGrade(const ExplainGradeOptions& options);

// `drover bench verify`
struct BenchVerifyOptions {
  std::vector<std::string> in;
  std::string format = "boxed";
  double seconds = 2;
  bool kinds = false;
  bool json = false;
};
int BenchVerify(const BenchVerifyOptions& options);

// `drover bench grade-service`
struct BenchGradeServiceOptions {
  grading::BenchServiceOptions service;
  bool json = false;
};
int BenchGradeService(const BenchGradeServiceOptions& options);

// `drover bench tokenize`
struct BenchTokenizeOptions {
  text::BenchTokenizeOptions text;
  bool json = false;
};
int BenchTokenize(const BenchTokenizeOptions& options);

// `drover tokenize`, `drover detokenize`
struct TextOptions {
  std::string model;
  bool add_special_tokens = false;  // tokenize: of the tokenizer's post-processor
};
int Tokenize(const TextOptions& options);
int Detokenize(const TextOptions& options);

// `drover generate|score|bench generate|fetch`: becomes the program that does it, with `arguments` as they are.
int RunSibling(const std::string& command, const std::vector<std::string>& arguments);

}  // namespace drover::cli
