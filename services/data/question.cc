#include "services/data/question.h"

#include "base/digest.h"

namespace drover::data {

bool IsHeldout(std::string_view question, double share) {
  constexpr double kTwoTo64 = 18446744073709551616.0;
  return static_cast<double>(Hash64(question)) < share * kTwoTo64;
}

}  // namespace drover::data
