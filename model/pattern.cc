#include "model/pattern.h"

#include "base/status.h"

namespace drover::model {

absl::StatusOr<Pattern> Pattern::Parse(const JsonFields& fields) {
  ASSIGN_OR_RETURN(const JsonFields pattern, fields.Object("pattern"));
  if (pattern.Find("String") != nullptr) {
    ASSIGN_OR_RETURN(std::string text, pattern.String("String"));
    if (text.empty()) return pattern.Wrong("String", "not empty");
    return OfText(std::move(text));
  }
  ASSIGN_OR_RETURN(const std::string expression, pattern.String("Regex"));
  absl::StatusOr<Pattern> made = OfRegex(expression);
  if (!made.ok()) return Annotate(made.status(), pattern.Path("Regex"));
  return made;
}

absl::StatusOr<Pattern> Pattern::OfRegex(std::string_view expression) {
  Pattern pattern;
  pattern.scanner_ = SplitScanner::For(expression);
  if (!pattern.scanner_) {
    ASSIGN_OR_RETURN(pattern.regex_, Regex::Compile(expression));
  }
  return pattern;
}

Pattern Pattern::OfText(std::string text) {
  Pattern pattern;
  pattern.text_ = std::move(text);
  return pattern;
}

Pattern::Matcher::Matcher(const Pattern& pattern) : pattern_(pattern) {
  if (pattern.regex_) regex_.emplace(*pattern.regex_);
}

absl::Status Pattern::Matcher::FindAll(std::string_view text, std::vector<std::string_view>& matches) {
  matches.clear();
  if (regex_) return regex_->FindAll(text, matches);
  if (pattern_.scanner_) {
    pattern_.scanner_->FindAll(text, matches);
    return absl::OkStatus();
  }
  const std::string& wanted = pattern_.text_;
  for (size_t at = text.find(wanted); at != text.npos; at = text.find(wanted, at + wanted.size())) {
    matches.push_back(text.substr(at, wanted.size()));
  }
  return absl::OkStatus();
}

}  // namespace drover::model
