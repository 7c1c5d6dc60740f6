// The regular expressions of tokenizer.json, matched with PCRE2.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace drover::model {

// Hugging Face's tokenizers match with Oniguruma (Ruby's syntax). Writes the same expression for PCRE2 (with
// UTF and UCP). What the two would read differently, and is not translated, is refused with UNIMPLEMENTED naming
// it: \w, \b, back references, named groups, option settings other than (?i:...), classes inside classes.
absl::StatusOr<std::string> TranslateRegex(std::string_view oniguruma);

// A compiled expression that matches no empty string. Thread-safe.
class Regex {
 public:
  // `pattern` in Oniguruma's syntax.
  static absl::StatusOr<Regex> Compile(std::string_view pattern);

  // One thread's searches, with what PCRE2 needs for them.
  class Matcher {
   public:
    explicit Matcher(const Regex& regex);
    // Appends the matches of `text` (valid UTF-8) from left to right, none overlapping. RESOURCE_EXHAUSTED when
    // the expression backtracks without end.
    absl::Status FindAll(std::string_view text, std::vector<std::string_view>& matches);

   private:
    std::shared_ptr<const void> code_;  // pcre2_code
    std::shared_ptr<void> data_;        // pcre2_match_data
    std::shared_ptr<void> context_;     // pcre2_match_context
  };

 private:
  Regex() = default;
  std::shared_ptr<const void> code_;  // pcre2_code
};

}  // namespace drover::model
