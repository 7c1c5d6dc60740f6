#include "data/worked.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

namespace drover::data {
namespace {

// Digits from the lowest up; of 0 one digit.
std::vector<int> Digits(uint64_t number) {
  std::vector<int> digits;
  do {
    digits.push_back(static_cast<int>(number % 10));
    number /= 10;
  } while (number > 0);
  return digits;
}

int DigitAt(const std::vector<int>& digits, size_t place) {
  return place < digits.size() ? digits[place] : 0;
}

// A number written from its digits, lowest first, without leading zeros.
std::string Written(const std::vector<int>& digits) {
  std::string text;
  for (size_t i = digits.size(); i-- > 0;) {
    if (text.empty() && digits[i] == 0 && i > 0) continue;
    text += static_cast<char>('0' + digits[i]);
  }
  return text;
}

// Sums and differences: `carry` is what the column below hands up (a borrow, for a difference).
std::string Columns(const ArithmeticProblem& problem, const Forgets& forgets) {
  const std::vector<int> left = Digits(problem.left);
  const std::vector<int> right = Digits(problem.right);
  const size_t columns = std::max(left.size(), right.size());
  const int sign = problem.operation == '+' ? 1 : -1;
  const std::string op(1, problem.operation);
  std::string text;
  std::vector<int> answer;
  int carry = 0;
  for (size_t i = 0; i < columns; ++i) {
    const int value = DigitAt(left, i) + sign * (DigitAt(right, i) + carry);
    absl::StrAppend(&text, DigitAt(left, i), op, DigitAt(right, i), op, carry, "=", value, ";");
    answer.push_back((value + 10) % 10);
    carry = value >= 10 || value < 0 ? 1 : 0;
    const bool last = i + 1 == columns;
    if (carry != 0 && !last && forgets()) carry = 0;
  }
  if (carry != 0 && sign > 0) answer.push_back(carry);
  return text + Written(answer);
}

std::string Products(const ArithmeticProblem& problem) {
  std::string text;
  uint64_t place = 1;
  for (const int digit : Digits(problem.right)) {
    const uint64_t factor = static_cast<uint64_t>(digit) * place;
    absl::StrAppend(&text, problem.left, "*", factor, "=", problem.left * factor, ";");
    place *= 10;
  }
  return text + problem.Answer();
}

}  // namespace

std::string WorkedResponse(const ArithmeticProblem& problem, v1::ArithmeticStyle style,
                           const Forgets& forgets) {
  if (style == v1::PLAIN) return absl::StrCat(" ", problem.Answer());
  return problem.operation == '*' ? Products(problem) : Columns(problem, forgets);
}

std::string DrawPadding(double mean, char sign, RandomStream& random) {
  constexpr double kLongest = 7;  // means
  const double most = kLongest * mean, another = mean / (1 + mean);
  std::string padding;
  while (static_cast<double>(padding.size()) + 1 <= most && random.Uniform() < another) padding += sign;
  return padding;
}

}  // namespace drover::data
