// Scanners written by hand for the splitting expressions of published tokenizers: they find what Regex finds, many times
// faster.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace drover::model {

// Immutable, thread-safe.
class SplitScanner {
 public:
  // The scanner of `pattern` (Oniguruma's syntax, as tokenizer.json has it); nullopt for an expression that has none.
  static std::optional<SplitScanner> For(std::string_view pattern);
  // The expressions that have one.
  static std::vector<std::string_view> Patterns();

  // Appends the matches of `text` (valid UTF-8) from left to right.
  void FindAll(std::string_view text, std::vector<std::string_view>& matches) const { find_(text, matches); }

  // Appends the numeric characters of `text` one by one (general category N).
  static void FindNumbers(std::string_view text, std::vector<std::string_view>& matches);

 private:
  using Find = void (*)(std::string_view text, std::vector<std::string_view>& matches);
  struct Known {
    std::string_view pattern;
    Find find;
  };
  static const Known kKnown[];
  explicit SplitScanner(Find find) : find_(find) {}
  Find find_;
};

}  // namespace drover::model
