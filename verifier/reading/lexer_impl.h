// The lexer's state, private to lexer.cc and lexer_commands.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verifier/budget.h"
#include "verifier/reading/lexeme.h"
#include "verifier/reading/tree.h"

namespace drover::verifier {

class Lexer {
 public:
  static constexpr int kMaxTextDepth = 8;  // of \text inside \text whose content is mathematics

  Lexer(std::string_view source, const ReadOptions& options, Budget& budget, Tree* tree, int depth)
      : text_(source), options_(options), budget_(budget), tree_(*tree), depth_(depth) {}

  std::vector<Lexeme> Run();

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  std::string_view Rest() const { return text_.substr(at_); }

  // True over budget, which too many tokens are.
  bool Full();

  // Refuses early what the parser would refuse: brackets nested too deeply, those right inside of others not counted.
  void CountNesting(Token token);

  void Emit(Token token, size_t begin, uint32_t value = 0, uint8_t flag = 0) {
    CountNesting(token);
    out_.push_back({token, flag, value, static_cast<uint32_t>(begin), static_cast<uint32_t>(at_)});
  }
  void EmitText(std::string content, size_t begin, uint8_t flag) {
    tree_.texts.push_back(std::move(content));
    Emit(Token::kText, begin, static_cast<uint32_t>(tree_.texts.size() - 1), flag);
  }

  void Step();

  // ".\overline{3}".
  bool StartsRepetend() const {
    const std::string_view rest = Rest().substr(1);
    return rest.substr(0, 9) == "\\overline" || rest.substr(0, 4) == "\\bar" || rest.substr(0, 4) == "\\dot";
  }

  void Number();

  void Known(const CommandInfo& info, std::string_view name, size_t begin);

  void Letter(char c, size_t begin);

  bool AfterValue() const;
  // The sign of degrees stands last, perhaps with its brace.
  bool AfterDegree() const;

  // "m/" with the second unit still to come.
  bool AfterUnitSlash() const {
    const size_t n = out_.size();
    return n >= 2 && out_[n - 1].token == Token::kSlash && out_[n - 2].token == Token::kText;
  }

  // "6.02 x 10^{23}": the letter stands for the multiplication sign.
  bool IsTimesLetter(std::string_view word, size_t end) const;

  // Letters that count as a unit's name: always those of two and more that are known as one; with bare_units also single
  // ones and unknown words.
  bool IsUnitWord(std::string_view word) const;

  // A run of letters: a known word, a unit after a value, else single letters (with the functions among them).
  void Word();

  // The braces' content after the current position, which moves past it; nullopt if there are none.
  std::optional<std::string_view> Argument();

  void Command();

  // How many arguments go with a command that says nothing.
  static int DroppedArguments(std::string_view name);

  // "\not=", "\not\in".
  void Not(size_t begin);

  // "\quadx" is "\quad x": the longest known command that starts the name.
  static std::string_view KnownPrefix(std::string_view name);

  void Escape(size_t begin);

  // The "[4pt]" of "\\[4pt]".
  void SkipRowHeight();

  void Blackboard(std::string_view name, size_t begin);

  void TextCommand(size_t begin);

  // The argument of a text command: a connective, a letter, mathematics, or words.
  void Content(std::string_view content, size_t begin, bool units);

  // "\text{So } x = 5".
  static bool IsConclusionWord(std::string_view bare);

  // "m", "m/s^2", "kg m^2": units and nothing else, after a value or a unit with a slash.
  bool IsUnit(std::string_view bare) const;

  // True for words-free content: no run of two letters but known functions.
  static bool IsMathematics(std::string_view bare);

  void Punctuation(char c);

  // After '^': "\prime" or "{\prime}"; moves past one.
  bool Primes();

  // After a number and '^': "o", "{o}" or "\text{o}" stand for the sign of degrees.
  bool DegreeLetter();

  // "..." stands for an ellipsis, a lone full stop for the end of the sentence.
  void Dots(size_t begin);

  const std::string_view text_;
  const ReadOptions& options_;
  Budget& budget_;
  Tree& tree_;
  const int depth_;
  std::vector<Lexeme> out_;
  size_t at_ = 0;
  int brackets_ = 0;
  std::vector<bool> open_;  // of each open bracket: it counts as nesting
  int nesting_ = 0;
  size_t bracket_tokens_ = 0;
  bool unclosed_ = false;
};

}  // namespace drover::verifier
