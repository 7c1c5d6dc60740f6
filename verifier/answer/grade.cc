// The frame around a judgement, and the `math` grader: each gold in turn.
#include <array>
#include <utility>

#include "verifier/answer/decide.h"
#include "verifier/answer/extract.h"
#include "verifier/answer/registry.h"
#include "verifier/answer/unevaluated.h"
#include "verifier/cas.h"
#include "verifier/chars.h"
#include "verifier/grader.h"

namespace drover::verifier {
namespace {

// When several golds fail, the most telling reason is reported: the first of these that any of them gave.
constexpr std::array<Reason, 6> kReported = {Reason::kUnevaluated,      Reason::kOverBudget,
                                             Reason::kUndecided,        Reason::kDifferent,
                                             Reason::kUnparsedResponse, Reason::kUnparsedGold};

Reason DecideAny(const GradeRequest& request, std::string_view answer, const Options& options) {
  std::array<bool, kReported.size()> seen{};
  for (const std::string& gold : request.golds) {
    Reason reason = Decide(gold, answer, request.already_extracted, options);
    if (ReasonIsEqual(reason) && options.refuse_unevaluated && IsUnevaluated(answer, gold, request.question))
      reason = Reason::kUnevaluated;
    if (ReasonIsEqual(reason)) return reason;
    for (size_t i = 0; i < kReported.size(); ++i) seen[i] = seen[i] || kReported[i] == reason;
  }
  for (size_t i = 0; i < kReported.size(); ++i) {
    if (seen[i]) return kReported[i];
  }
  return Reason::kInvalidRequest;
}

// FLINT and Arb keep constants and freed numbers for each thread, a third of a megabyte; they are given back when a thread
// that graded ends.
class ThreadCaches {
 public:
  ThreadCaches() = default;
  ~ThreadCaches() { flint_cleanup(); }
  ThreadCaches(const ThreadCaches&) = delete;
  ThreadCaches& operator=(const ThreadCaches&) = delete;
  void Use() {}
};

}  // namespace

Verdict GradeExtracted(const GradeRequest& request, const Options& options, AnswerJudge judge) {
  static thread_local ThreadCaches caches;
  caches.Use();  // constructs it
  Verdict verdict;
  if (request.golds.empty()) {
    verdict.reason = Reason::kInvalidRequest;
    return verdict;
  }
  Extraction found{.formatted = true};
  if (request.already_extracted) {
    found.answer = request.response;
  } else {
    found = ExtractAnswer(request.response, request.format);
    if (options.boxed_lists && request.format == RewardFormat::kBoxed) {
      if (auto list = BoxesAsList(request.response)) found.answer = std::move(list);
    }
  }
  verdict.formatted = found.formatted;
  if (found.answer) verdict.extracted = found.answer->substr(0, options.max_extracted_bytes);
  if (request.truncated) {
    verdict.reason = Reason::kTruncated;
  } else if (!found.answer || TrimSpace(*found.answer).empty()) {
    verdict.reason = Reason::kNoAnswer;
  } else {
    verdict.reason = judge(request, *found.answer, options);
    verdict.reward = ReasonIsEqual(verdict.reason) ? 1 : 0;
  }
  return verdict;
}

Verdict Grade(const GradeRequest& request, const Options& options) {
  return GradeExtracted(request, options, &DecideAny);
}

}  // namespace drover::verifier
