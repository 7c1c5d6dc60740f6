#include <cstdio>

#include "absl/strings/str_format.h"
#include "programs/drover/commands.h"
#include "programs/drover/grading/bench_service.h"
#include "programs/drover/report.h"
#include "verifier/score.h"

namespace drover::cli {
namespace {

std::string TimingText(const verifier::Timing& timing) {
  return absl::StrFormat("%10.0f grades/s   p50 %.4f ms   p99 %.4f ms   max %.3f ms",
                         timing.grades_per_second, timing.p50_ms, timing.p99_ms, timing.max_ms);
}

void PrintKinds(const verifier::Score& score) {
  std::printf("\n%-36s %6s %6s %6s %6s %10s %9s %9s\n", "kind", "cases", "right", "f.pos", "f.neg",
              "grades/s", "p50 ms", "p99 ms");
  for (const auto& [kind, timing] : score.kind_timing) {
    const auto found = score.kinds.find(kind);
    const verifier::Tally tally = found == score.kinds.end() ? verifier::Tally() : found->second;
    std::printf("%-36s %6ld %6ld %6ld %6ld %10.0f %9.4f %9.4f\n", kind.c_str(), tally.cases, tally.right,
                tally.false_positives, tally.false_negatives, timing.grades_per_second, timing.p50_ms,
                timing.p99_ms);
  }
}

void PrintScore(const BenchVerifyOptions& options, const verifier::Score& score) {
  for (const std::string& mistake : score.mistakes) std::puts(mistake.c_str());
  if (score.all.cases > 0) {
    std::printf("%ld cases: %ld right, %ld false positives, %ld false negatives\n", score.all.cases,
                score.all.right, score.all.false_positives, score.all.false_negatives);
  }
  std::printf("%ld lines:", score.lines);
  for (const auto& [reason, count] : score.reasons) std::printf(" %ld %s", count, reason.c_str());
  std::printf("\none thread: %s\n", TimingText(score.single).c_str());
  if (options.seconds > 0) std::printf("all cores:  %s\n", TimingText(score.all_cores).c_str());
  if (options.kinds) PrintKinds(score);
}

}  // namespace

int BenchVerify(const BenchVerifyOptions& options) {
  const auto format = verifier::ParseRewardFormat(options.format);
  if (!format.has_value()) {
    return Report(kBadInput, "--format is \"" + options.format +
                                 "\"; it may be boxed, answer_tag, answer_tag_lenient or plain");
  }
  std::vector<verifier::ScoreCase> cases;
  for (const std::string& path : options.in) {
    std::string error;
    if (!verifier::ReadCases(path, *format, &cases, &error)) return Report(kBadInput, error);
  }
  if (cases.empty()) return Report(kBadInput, "there is no line in the files of --in");
  const verifier::Score score = verifier::RunScore(cases, {}, options.seconds);
  if (options.json) {
    std::puts(verifier::ScoreJson(score).c_str());
  } else {
    PrintScore(options, score);
  }
  return kDone;
}

int BenchGradeService(const BenchGradeServiceOptions& options) {
  const auto result = grading::BenchService(options.service);
  if (!result.ok()) return Conclude(result.status());
  if (options.json) {
    std::puts(result->dump().c_str());
    return kDone;
  }
  for (const char* what : {"in_process", "unary", "stream"}) {
    std::printf("%-11s %10.0f grades/s\n", what, (*result)[what]["grades_per_second"].get<double>());
  }
  return kDone;
}

int BenchTokenize(const BenchTokenizeOptions& options) {
  const auto result = text::BenchTokenize(options.text);
  if (!result.ok()) return Conclude(result.status());
  if (options.json) {
    std::puts(result->dump().c_str());
    return kDone;
  }
  std::printf("%ld bytes, %ld tokens; read in %.2f s\n", (*result)["bytes"].get<int64_t>(),
              (*result)["tokens"].get<int64_t>(), (*result)["load_seconds"].get<double>());
  for (const char* what : {"encode", "encode_lines", "decode"}) {
    const auto& measured = (*result)[what];
    std::printf("%-13s %8.1f MB/s %12.0f tokens/s\n", what, measured["megabytes_per_second"].get<double>(),
                measured["tokens_per_second"].get<double>());
  }
  return kDone;
}

}  // namespace drover::cli
