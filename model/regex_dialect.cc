// From Oniguruma's dialect of regular expressions to PCRE2's, for what both read alike.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status.h"
#include "model/regex.h"

namespace drover::model {
namespace {

constexpr std::string_view kCategories[] = {
    "L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M",  "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd",
    "Ps", "Pe", "Pi", "Pf", "Po", "S",  "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf"};
constexpr std::string_view kScripts[] = {
    "Arabic", "Armenian", "Bengali",  "Cyrillic", "Devanagari", "Georgian", "Greek", "Han",  "Hangul",
    "Hebrew", "Hiragana", "Katakana", "Khmer",    "Lao",        "Latin",    "Tamil", "Thai", "Tibetan"};
constexpr std::string_view kGroups[] = {"(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:"};

template <typename List>
bool Contains(const List& list, std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

class Translator {
 public:
  explicit Translator(std::string_view in) : in_(in) {}

  absl::StatusOr<std::string> Run() {
    while (at_ < in_.size()) RETURN_IF_ERROR(Step());
    if (in_class_) return Refuse("a class that is not closed");
    return std::move(out_);
  }

 private:
  absl::Status Step() {
    switch (in_[at_]) {
      case '\\':
        return Escape();
      case '[':
        return OpenClass();
      case ']':
        in_class_ = false;
        return Copy(1);
      case '&':
        if (in_class_ && Rest().substr(0, 2) == "&&") return Refuse("the intersection && of classes");
        return Copy(1);
      case '^':
      case '$':
        // Ruby's anchors are those of lines.
        return in_class_ ? Copy(1) : Replace(1, absl::StrCat("(?m:", std::string(1, in_[at_]), ")"));
      case '(':
        return in_class_ ? Copy(1) : OpenGroup();
      case '{':
        return in_class_ ? Copy(1) : Repeat();
      default:
        return Copy(1);
    }
  }

  absl::Status OpenClass() {
    if (in_class_) return Refuse("a class inside a class");
    in_class_ = true;
    RETURN_IF_ERROR(Copy(Rest().substr(0, 2) == "[^" ? 2 : 1));
    if (Rest().substr(0, 1) == "]") return Refuse("a class that begins with ]");
    return absl::OkStatus();
  }

  absl::Status OpenGroup() {
    if (Rest().substr(0, 2) == "(*") return Refuse("(*");
    if (Rest().substr(0, 2) != "(?") return Copy(1);
    for (std::string_view group : kGroups) {
      if (Rest().substr(0, group.size()) == group) return Copy(group.size());
    }
    return Refuse(absl::StrCat("the group ", ToAbsl(Rest().substr(0, 3))));
  }

  // {n}, {n,}, {n,m}. A + or ? behind means possessive or lazy in PCRE2, but not always in Ruby.
  absl::Status Repeat() {
    size_t close = Rest().find('}');
    std::string_view counts = Rest()
                                  .substr(0, close == std::string_view::npos ? 0 : close)
                                  .substr(close == std::string_view::npos ? 0 : 1);
    bool digits =
        !counts.empty() && counts[0] != ',' &&
        std::all_of(counts.begin(), counts.end(), [](char c) { return c == ',' || (c >= '0' && c <= '9'); });
    if (!digits) return Refuse("{ that begins no {n}, {n,} or {n,m}");
    RETURN_IF_ERROR(Copy(close + 1));
    if (at_ < in_.size() && (in_[at_] == '+' || in_[at_] == '?')) return Refuse("+ or ? behind {n,m}");
    return absl::OkStatus();
  }

  absl::Status Escape() {
    if (Rest().size() < 2) return Refuse("a \\ at the end");
    char c = in_[at_ + 1];
    switch (c) {
      // Oniguruma's \s is the Unicode property; PCRE2's has U+180E too.
      case 's':
        return Replace(2, "\\p{White_Space}");
      case 'S':
        return Replace(2, "\\P{White_Space}");
      case 'd':
        return Replace(2, "\\p{Nd}");
      case 'D':
        return Replace(2, "\\P{Nd}");
      case 'r':
      case 'n':
      case 't':
      case 'f':
        return Copy(2);
      case 'p':
      case 'P':
        return Property();
      case 'u':
        return CodePoint(2, 6, Rest().substr(2, 4));
      case 'x':
        return HexEscape();
      default:
        break;
    }
    if (IsAlphanumeric(c) || static_cast<uint8_t>(c) >= 0x80) {
      return Refuse(absl::StrCat("the escape ", ToAbsl(Rest().substr(0, 2))));
    }
    return Copy(2);
  }

  absl::Status Property() {
    size_t close = Rest().find('}');
    if (Rest().substr(2, 1) != "{" || close == std::string_view::npos) return Refuse("\\p without {}");
    std::string_view name = Rest().substr(3, close - 3);
    std::string head(Rest().substr(0, 3));
    if (name.substr(0, 1) == "^") {
      head += '^';
      name.remove_prefix(1);
    }
    if (Contains(kCategories, name)) return Replace(close + 1, absl::StrCat(head, ToAbsl(name), "}"));
    // Without sc: PCRE2 would take Script_Extensions, Oniguruma takes Script.
    if (Contains(kScripts, name)) return Replace(close + 1, absl::StrCat(head, "sc:", ToAbsl(name), "}"));
    return Refuse(absl::StrCat("the property ", ToAbsl(name.substr(0, 40))));
  }

  absl::Status HexEscape() {
    if (Rest().substr(2, 1) != "{") return Refuse("\\x without {}");
    size_t close = Rest().find('}');
    if (close == std::string_view::npos) return Refuse("\\x{ without }");
    return CodePoint(3, close + 1, Rest().substr(3, close - 3));
  }

  // The escape has `bytes` bytes and the hexadecimal digits `digits` from `from` on.
  absl::Status CodePoint(size_t from, size_t bytes, std::string_view digits) {
    bool hex =
        !digits.empty() && digits.size() <= 6 && from + digits.size() <= bytes &&
        std::all_of(digits.begin(), digits.end(), [](char c) { return isxdigit(static_cast<uint8_t>(c)); });
    if (!hex || Rest().size() < bytes) return Refuse("an escape that is no code point");
    return Replace(bytes, absl::StrCat("\\x{", ToAbsl(digits), "}"));
  }

  std::string_view Rest() const { return in_.substr(at_); }

  absl::Status Copy(size_t bytes) {
    out_.append(Rest().substr(0, bytes));
    at_ += bytes;
    return absl::OkStatus();
  }

  absl::Status Replace(size_t bytes, std::string_view by) {
    out_.append(by);
    at_ += bytes;
    return absl::OkStatus();
  }

  absl::Status Refuse(const std::string& what) const {
    return absl::UnimplementedError(absl::StrCat("expression ", ToAbsl(in_.substr(0, 200)), ": ", what,
                                                 " at byte ", at_, " is not supported"));
  }

  std::string_view in_;
  size_t at_ = 0;
  bool in_class_ = false;
  std::string out_;
};

}  // namespace

absl::StatusOr<std::string> TranslateRegex(std::string_view oniguruma) { return Translator(oniguruma).Run(); }

}  // namespace drover::model
