#include "data/question.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/status.h"
#include "data/trim.h"

namespace drover::data {
namespace {

// Two numbers with an operation between them, as parts of the text.
struct Operands {
  std::string_view left, right;
  char operation = '+';
};

bool IsNumber(std::string_view text) {
  const auto digit = [](unsigned char c) { return absl::ascii_isdigit(c); };
  return !text.empty() && std::all_of(text.begin(), text.end(), digit);
}

// Of "347+85:" or "347 + 85 ="; nullopt when it is no sum, difference or product of two numbers.
std::optional<Operands> FindOperands(std::string_view text) {
  const auto closes = [](unsigned char c) { return c == ':' || c == '=' || absl::ascii_isspace(c); };
  while (!text.empty() && closes(text.back())) text.remove_suffix(1);
  const size_t at = text.find_first_of("+-*");
  if (at == std::string_view::npos) return std::nullopt;
  const Operands operands{Trim(text.substr(0, at)), Trim(text.substr(at + 1)), text[at]};
  if (!IsNumber(operands.left) || !IsNumber(operands.right)) return std::nullopt;
  return operands;
}

std::string_view WithoutZeros(std::string_view number) {
  return number.substr(std::min(number.find_first_not_of('0'), number.size() - 1));
}

// Whether the same question is usually asked with the operands exchanged.
bool Mirrored(const Operands& operands) {
  const std::string_view a = WithoutZeros(operands.left), b = WithoutZeros(operands.right);
  return operands.operation != '-' && (a.size() != b.size() ? a.size() < b.size() : a < b);
}

}  // namespace

std::string CanonicalText(std::string_view question) {
  std::string text(question);
  if (const auto operands = FindOperands(question); operands && Mirrored(*operands)) {
    // The later one first, so that the earlier one's place is still where it was.
    text.replace(static_cast<size_t>(operands->right.data() - question.data()), operands->right.size(),
                 operands->left.data(), operands->left.size());
    text.replace(static_cast<size_t>(operands->left.data() - question.data()), operands->left.size(),
                 operands->right.data(), operands->right.size());
  }
  // Of a run of white space this keeps one character, which need not be a space.
  absl::RemoveExtraAsciiWhitespace(&text);
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isspace(c); }, ' ');
  return text;
}

std::string QuestionKey(std::string_view question) {
  const std::string text = CanonicalText(question);
  const std::optional<Operands> operands = FindOperands(text);
  if (!operands) return text;
  return absl::StrCat(ToAbsl(WithoutZeros(operands->left)), std::string(1, operands->operation),
                      ToAbsl(WithoutZeros(operands->right)));
}

bool IsHeldout(std::string_view question, double share) {
  constexpr double kTwoTo64 = 18446744073709551616.0;
  return static_cast<double>(Hash64(CanonicalText(question))) < share * kTwoTo64;
}

}  // namespace drover::data
