#include "services/grading/grade_one.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "verifier/grader.h"

namespace drover::grading {
namespace {

constexpr char kFormats[] = "boxed, answer_tag, answer_tag_lenient or plain";

const verifier::Grader* Find(const v1::GradeRequest& request) {
  return verifier::FindGrader(request.grader().empty() ? "math" : request.grader());
}

}  // namespace

absl::Status CheckRequest(const v1::GradeRequest& request) {
  if (Find(request) == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("grader is \"", request.grader(), "\"; it may be ",
                                                   absl::StrJoin(verifier::GraderNames(), ", ")));
  }
  if (!request.already_extracted() && !verifier::ParseRewardFormat(request.format()).has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("format is \"", request.format(), "\"; it may be ", kFormats));
  }
  if (request.gold().empty()) {
    return absl::InvalidArgumentError("gold is empty; give at least one acceptable answer");
  }
  return absl::OkStatus();
}

absl::Status ValidateRequest(const v1::GradeRequest& request) {
  return Annotate(CheckRequest(request), absl::StrCat("grade request ", request.id()));
}

verifier::GradeRequest ToVerifier(const v1::GradeRequest& request) {
  verifier::GradeRequest asked;
  asked.golds.assign(request.gold().begin(), request.gold().end());
  asked.response = request.response();
  asked.truncated = request.truncated();
  asked.already_extracted = request.already_extracted();
  asked.format = verifier::ParseRewardFormat(request.format()).value_or(verifier::RewardFormat::kBoxed);
  asked.question = request.question();
  return asked;
}

verifier::Options OptionsOf(const v1::GradeRequest& request) {
  const v1::GradingOptions& asked = request.options();
  verifier::Options options;
  options.refuse_unevaluated = asked.refuse_unevaluated();
  options.boxed_lists = asked.boxed_lists();
  if (asked.has_rounded_golds()) options.rounded_golds = asked.rounded_golds();
  return options;
}

v1::GradeResult GradeOne(const v1::GradeRequest& request) {
  v1::GradeResult result;
  result.set_id(request.id());
  const verifier::Grader* grader = Find(request);
  if (grader == nullptr) {
    result.set_reason(std::string(verifier::ReasonName(verifier::Reason::kInvalidRequest)));
    return result;
  }
  verifier::Verdict verdict = grader->Grade(ToVerifier(request), OptionsOf(request));
  result.set_reward(verdict.reward);
  result.set_formatted(verdict.formatted);
  result.set_extracted(std::move(verdict.extracted));
  result.set_reason(std::string(verifier::ReasonName(verdict.reason)));
  return result;
}

std::vector<std::string> ReasonNames() {
  using verifier::Reason;
  std::vector<std::string> names;
  for (const Reason reason :
       {Reason::kEqualExact, Reason::kEqualNumeric, Reason::kEqualText, Reason::kDifferent,
        Reason::kUnparsedResponse, Reason::kUnparsedGold, Reason::kNoAnswer, Reason::kTruncated,
        Reason::kOverBudget, Reason::kUnevaluated, Reason::kUndecided, Reason::kInvalidRequest}) {
    names.emplace_back(verifier::ReasonName(reason));
  }
  return names;
}

}  // namespace drover::grading
