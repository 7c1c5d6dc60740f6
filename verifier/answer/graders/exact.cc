// `exact`: the answer equals one of the golds byte by byte, surrounding white space aside.
#include "verifier/answer/registry.h"
#include "verifier/chars.h"

namespace drover::verifier {
namespace {

Reason JudgeExact(const GradeRequest& request, std::string_view answer, const Options&) {
  for (const std::string& gold : request.golds) {
    if (TrimSpace(gold) == TrimSpace(answer)) return Reason::kEqualText;
  }
  return Reason::kDifferent;
}

class Exact final : public Grader {
 public:
  Verdict Grade(const GradeRequest& request, const Options& options) const override {
    return GradeExtracted(request, options, &JudgeExact);
  }
};

}  // namespace

const Grader& ExactGrader() {
  static const Exact grader;
  return grader;
}

}  // namespace drover::verifier
