// The words of the public face: what a grade is asked, what it answers, and what it may cost. The ground that all of the
// verifier stands on; grader.h, which includes it, has the functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drover::verifier {

// How the answer is found in a response.
enum class RewardFormat {
  kBoxed,             // the content of the last \boxed{...} (none: the last \fbox{...})
  kAnswerTag,         // "</think> <answer>" and "</answer>" present; the text after the last <answer>
  kAnswerTagLenient,  // "<answer>" and "</answer>" anywhere suffice
  kPlain,             // after the last "the answer is", else the last LaTeX expression, else the last number
};

// "boxed", "answer_tag", "answer_tag_lenient", "plain"; nullopt for any other name.
std::optional<RewardFormat> ParseRewardFormat(std::string_view name);
std::string_view RewardFormatName(RewardFormat format);

// Why a verdict is what it is. 'Wrong', 'could not read' and 'too costly' are never the same code.
enum class Reason {
  kEqualExact,        // proved equal: exact arithmetic or an exact normal form
  kEqualNumeric,      // equal within a stated bound: rounded gold, or random evaluation (error under 2^-64)
  kEqualText,         // equal as text (names, choices, words)
  kDifferent,         // proved different, or of another kind
  kUnparsedResponse,  // an answer was found but could not be read
  kUnparsedGold,      // no gold answer could be read
  kNoAnswer,          // the format's answer is missing or empty
  kTruncated,         // the response was cut at the length limit
  kOverBudget,        // a limit of Options::budget was reached before a decision
  kUnevaluated,       // right, but the question once more: see Options::refuse_unevaluated
  kUndecided,         // read, but outside of what can be decided (an integral against a number)
  kInvalidRequest,    // an unknown grader, no gold, or gold that the grader cannot use
};

// Stable snake_case names: "equal_exact", "different", "unparsed_response", ...
std::string_view ReasonName(Reason reason);
bool ReasonIsEqual(Reason reason);

struct Verdict {
  double reward = 0;       // 1 or 0
  bool formatted = false;  // the response kept to the reward format
  std::string extracted;   // the answer's bytes, cut at Options::max_extracted_bytes
  Reason reason = Reason::kNoAnswer;
};

// Limits of one grade; every one is checked inside the arithmetic, before the work is done.
struct BudgetLimits {
  int64_t operations = 400'000;  // scalar operations, weighted by their operands' size in words
  int64_t bits = 1 << 17;        // of one exact integer
  int64_t degree = 2'000;        // of an expanded polynomial
  int64_t terms = 2'000;         // of an expanded polynomial or radical sum
  int depth = 200;               // of an expression's tree (redundant brackets do not count)
  int64_t ball_bits = 1024;      // highest precision of ball arithmetic
  int64_t elements = 4'000;      // of a list, set or matrix
};

struct Options {
  BudgetLimits budget;
  bool european_decimals = false;  // "1.234,5" is 1234.5 and "1,5" is 1.5
  int rounding_digits = -1;        // >= 0: decimals of either side count as rounded to so many digits
  bool rounded_golds = true;       // a gold 3.14 is pi, rounded; false: it is 314/100 and nothing else
  // An answer that still has a sum, product, integral or limit to evaluate, or that is a formula of the question, earns
  // nothing although its value is right. For training, where restating the question would be learnt.
  bool refuse_unevaluated = false;
  bool joined_boxes = true;    // answers given outside of a format: \boxed{1} and \boxed{2} is the list 1,2
  bool boxed_lists = false;    // the same for format boxed, where otherwise the last box alone counts
  bool ordered_lists = false;  // bare lists "1, 2" compare in order
  size_t max_extracted_bytes = 4096;  // of Verdict::extracted
};

struct GradeRequest {
  std::vector<std::string> golds;  // any one counts
  std::string response;            // raw bytes, perhaps not UTF-8
  std::string question;            // what was asked, for Options::refuse_unevaluated; empty: not known
  bool truncated = false;          // cut at the length limit: reward 0
  RewardFormat format = RewardFormat::kBoxed;
  bool already_extracted =
      false;  // `response` is the answer itself (or prose that holds it); no format applies
};

}  // namespace drover::verifier
