// verifier-score FILE.jsonl... [--json] [--seconds N] [--explain ID]: accuracy and speed of the grader on case files.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "verifier/score.h"

int main(int argc, char** argv) {
  using namespace drover::verifier;
  std::vector<ScoreCase> cases;
  bool json = false;
  double seconds = 0;
  std::string explain;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--json") {
      json = true;
    } else if (argument == "--seconds" && i + 1 < argc) {
      seconds = std::atof(argv[++i]);
    } else if (argument == "--explain" && i + 1 < argc) {
      explain = argv[++i];
    } else if (std::string error; !ReadCases(argument, &cases, &error)) {
      std::fprintf(stderr, "verifier-score: %s\n", error.c_str());
      return 1;
    }
  }
  if (!explain.empty()) {
    for (const ScoreCase& one : cases) {
      if (one.id == explain) std::fputs(ExplainGrade(one.request).c_str(), stdout);
    }
    return 0;
  }
  const Score score = RunScore(cases, {}, seconds);
  if (json) {
    std::puts(ScoreJson(score).c_str());
    return 0;
  }
  for (const std::string& mistake : score.mistakes) std::puts(mistake.c_str());
  std::printf("%ld cases, %ld right, %ld false positives, %ld false negatives\n", score.all.cases,
              score.all.right, score.all.false_positives, score.all.false_negatives);
  for (const auto& [reason, count] : score.reasons) std::printf("  %-20s %ld\n", reason.c_str(), count);
  std::printf("one thread: %.0f grades/s, p50 %.4f ms, p99 %.4f ms, max %.4f ms\n",
              score.single.grades_per_second, score.single.p50_ms, score.single.p99_ms, score.single.max_ms);
  if (seconds > 0) std::printf("all cores: %.0f grades/s\n", score.all_cores.grades_per_second);
  return 0;
}
