// `countdown`: an arithmetic expression that uses the given numbers, each exactly once, and reaches the target. The
// gold is "target: n1 n2 n3 ..." (the numbers apart by spaces or commas), as in "24: 3 8 8 3".
#include <algorithm>
#include <string>
#include <vector>

#include "verifier/answer/registry.h"
#include "verifier/cas.h"
#include "verifier/chars.h"

namespace drover::verifier {
namespace {

constexpr int kMaxDepth = 100;      // of brackets
constexpr size_t kMaxNumbers = 64;  // in a task
constexpr size_t kMaxBytes = 4096;  // of an answer

struct Task {
  Rational target;
  std::vector<int64_t> numbers;  // sorted
};

// Reads a decimal integer of at most 15 digits at `*at`.
bool ReadInteger(std::string_view text, size_t* at, int64_t* out) {
  const size_t begin = *at;
  int64_t value = 0;
  while (*at < text.size() && IsDigit(text[*at])) value = value * 10 + (text[(*at)++] - '0');
  *out = value;
  return *at > begin && *at - begin <= 15;
}

bool ReadTask(std::string_view gold, Task* task) {
  size_t at = 0;
  std::vector<int64_t> all;
  size_t colon = gold.find(':');
  if (colon == gold.npos || gold.size() > kMaxBytes) return false;
  while (at < gold.size()) {
    int64_t value = 0;
    const bool negative = gold[at] == '-';
    if (negative) ++at;
    if (ReadInteger(gold, &at, &value)) {
      all.push_back(negative ? -value : value);
    } else if (at < gold.size() && (IsSpace(gold[at]) || gold[at] == ',' || at == colon)) {
      ++at;
    } else {
      return false;
    }
  }
  if (all.size() < 2 || all.size() > kMaxNumbers) return false;
  task->target = Rational(all[0]);
  task->numbers.assign(all.begin() + 1, all.end());
  std::sort(task->numbers.begin(), task->numbers.end());
  return true;
}

// sum := product (('+'|'-') product)*; product := unary (('*'|'/') unary)*; unary := '-' unary | '(' sum ')' | digits.
class Expression {
 public:
  explicit Expression(std::string_view text) : text_(text) {}

  bool Evaluate(Rational* out) { return Sum(out, 0) && Peek() == '\0'; }
  std::vector<int64_t> used() {
    std::sort(used_.begin(), used_.end());
    return used_;
  }

 private:
  char Peek() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool Sum(Rational* out, int depth) {
    if (depth > kMaxDepth || !Product(out, depth)) return false;
    for (char op = Peek(); op == '+' || op == '-'; op = Peek()) {
      ++at_;
      Rational right;
      if (!Product(&right, depth)) return false;
      (op == '+' ? fmpq_add : fmpq_sub)(out->get(), out->get(), right.get());
    }
    return true;
  }
  bool Product(Rational* out, int depth) {
    if (!Unary(out, depth)) return false;
    for (char op = Peek(); op == '*' || op == '/'; op = Peek()) {
      ++at_;
      Rational right;
      if (!Unary(&right, depth) || (op == '/' && right.is_zero())) return false;
      (op == '*' ? fmpq_mul : fmpq_div)(out->get(), out->get(), right.get());
    }
    return true;
  }
  bool Unary(Rational* out, int depth) {
    bool negative = false;
    while (Peek() == '-') {
      negative = !negative;
      ++at_;
    }
    if (Peek() == '(') {
      ++at_;
      if (!Sum(out, depth + 1) || Peek() != ')') return false;
      ++at_;
    } else {
      int64_t value = 0;
      if (!ReadInteger(text_, &at_, &value) || used_.size() == kMaxNumbers) return false;
      used_.push_back(value);
      *out = Rational(value);
    }
    if (negative) fmpq_neg(out->get(), out->get());
    return true;
  }

  const std::string_view text_;
  size_t at_ = 0;
  std::vector<int64_t> used_;
};

// LaTeX's operators as ASCII ones; what follows "=" is dropped ("(8/3)*9 = 24").
std::string Plain(std::string_view answer) {
  std::string out(answer.substr(0, answer.find('=')));
  static constexpr std::pair<std::string_view, std::string_view> kSpellings[] = {
      {"\\times", "*"},      {"\\cdot", "*"}, {"\\div", "/"},  {"\xc3\x97", "*"}, {"\xc3\xb7", "/"},
      {"\xe2\x88\x92", "-"}, {"\\left", ""},  {"\\right", ""}, {"$", ""},         {"\\,", " "}};
  for (const auto& [from, to] : kSpellings) {
    for (size_t at = out.find(from); at != out.npos; at = out.find(from, at))
      out.replace(at, from.size(), to);
  }
  return out;
}

Reason JudgeCountdown(const GradeRequest& request, std::string_view answer, const Options&) {
  if (answer.size() > kMaxBytes) return Reason::kOverBudget;
  const std::string text = Plain(answer);
  Expression expression(text);
  Rational value;
  const bool read = expression.Evaluate(&value);
  for (const std::string& gold : request.golds) {
    Task task;
    if (!ReadTask(gold, &task)) return Reason::kUnparsedGold;
    if (read && value == task.target && expression.used() == task.numbers) return Reason::kEqualExact;
  }
  return read ? Reason::kDifferent : Reason::kUnparsedResponse;
}

class Countdown final : public Grader {
 public:
  Verdict Grade(const GradeRequest& request, const Options& options) const override {
    return GradeExtracted(request, options, &JudgeCountdown);
  }
};

}  // namespace

const Grader& CountdownGrader() {
  static const Countdown grader;
  return grader;
}

}  // namespace drover::verifier
