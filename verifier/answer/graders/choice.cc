// `choice`: the answer names the option letter of one of the golds: "B", "(b)", "B. 12 cm", "\text{(B)}".
#include "verifier/reading/choice.h"

#include <optional>

#include "verifier/answer/registry.h"

namespace drover::verifier {
namespace {

Reason JudgeChoice(const GradeRequest& request, std::string_view answer, const Options&) {
  const std::optional<char> chosen = ReadChoiceInProse(answer);
  bool gold_read = false;
  for (const std::string& gold : request.golds) {
    const std::optional<char> wanted = ReadChoiceInProse(gold);
    gold_read = gold_read || wanted.has_value();
    if (chosen && wanted == chosen) return Reason::kEqualText;
  }
  if (!gold_read) return Reason::kUnparsedGold;
  return chosen ? Reason::kDifferent : Reason::kUnparsedResponse;
}

class Choice final : public Grader {
 public:
  Verdict Grade(const GradeRequest& request, const Options& options) const override {
    return GradeExtracted(request, options, &JudgeChoice);
  }
};

}  // namespace

const Grader& ChoiceGrader() {
  static const Choice grader;
  return grader;
}

}  // namespace drover::verifier
