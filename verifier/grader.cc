#include "verifier/grader.h"

#include <array>
#include <utility>

#include "verifier/cas.h"
#include "verifier/chars.h"
#include "verifier/decide.h"
#include "verifier/extract.h"
#include "verifier/registry.h"
#include "verifier/unevaluated.h"

namespace drover::verifier {
namespace {

constexpr std::array<std::pair<std::string_view, RewardFormat>, 4> kFormats = {{
    {"boxed", RewardFormat::kBoxed},
    {"answer_tag", RewardFormat::kAnswerTag},
    {"answer_tag_lenient", RewardFormat::kAnswerTagLenient},
    {"plain", RewardFormat::kPlain},
}};

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

std::optional<RewardFormat> ParseRewardFormat(std::string_view name) {
  for (const auto& [known, format] : kFormats) {
    if (known == name) return format;
  }
  return std::nullopt;
}

std::string_view RewardFormatName(RewardFormat format) {
  for (const auto& [name, known] : kFormats) {
    if (known == format) return name;
  }
  return "?";
}

std::string_view ReasonName(Reason reason) {
  switch (reason) {
    case Reason::kEqualExact:
      return "equal_exact";
    case Reason::kEqualNumeric:
      return "equal_numeric";
    case Reason::kEqualText:
      return "equal_text";
    case Reason::kDifferent:
      return "different";
    case Reason::kUnparsedResponse:
      return "unparsed_response";
    case Reason::kUnparsedGold:
      return "unparsed_gold";
    case Reason::kNoAnswer:
      return "no_answer";
    case Reason::kTruncated:
      return "truncated";
    case Reason::kOverBudget:
      return "over_budget";
    case Reason::kUnevaluated:
      return "unevaluated";
    case Reason::kUndecided:
      return "undecided";
    case Reason::kInvalidRequest:
      return "invalid_request";
  }
  return "?";
}

bool ReasonIsEqual(Reason reason) {
  return reason == Reason::kEqualExact || reason == Reason::kEqualNumeric || reason == Reason::kEqualText;
}

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
