// What Split and Replace of a tokenizer.json look for: a text or an expression.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/json.h"
#include "model/regex.h"
#include "model/split_scanner.h"

namespace drover::model {

// Immutable, thread-safe.
class Pattern {
 public:
  // The field "pattern" of `fields`: {"String": TEXT} or {"Regex": EXPRESSION}. Errors name it.
  static absl::StatusOr<Pattern> Parse(const JsonFields& fields);
  // An expression: by its scanner (split_scanner.h) where it has one, else by PCRE2.
  static absl::StatusOr<Pattern> OfRegex(std::string_view expression);
  // `text` itself, which is not empty.
  static Pattern OfText(std::string text);

  // One thread's searches; the pattern outlives it.
  class Matcher {
   public:
    explicit Matcher(const Pattern& pattern);
    // Puts the matches of `text` (valid UTF-8), from left to right and none empty, into `matches`.
    absl::Status FindAll(std::string_view text, std::vector<std::string_view>& matches);

   private:
    const Pattern& pattern_;
    std::optional<Regex::Matcher> regex_;
  };

 private:
  Pattern() = default;
  std::string text_;  // these, or, when empty, one of the others
  std::optional<SplitScanner> scanner_;
  std::optional<Regex> regex_;
};

}  // namespace drover::model
