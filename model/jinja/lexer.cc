#include "model/jinja/lexer.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/utf8.h"

namespace drover::model::jinja {
namespace {

constexpr std::string_view kSpace = " \t\n\r\f\v";
// Longer ones first.
constexpr std::string_view kOperators[] = {"**", "//", "==", "!=", "<=", ">=", "+", "-", "*",
                                           "/",  "%",  "~",  "<",  ">",  "=",  "(", ")", "[",
                                           "]",  "{",  "}",  ",",  ".",  ":",  "|"};

bool IsNameStart(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool IsNamePart(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {
    // Jinja drops one line end at the end of a template.
    if (!source_.empty() && source_.back() == '\n') source_.remove_suffix(1);
  }

  absl::StatusOr<std::vector<Token>> Run() {
    while (at_ < source_.size()) {
      const size_t tag = FindTag();
      AddText(tag);
      if (tag == source_.size()) break;
      RETURN_IF_ERROR(ReadTag());
    }
    Add(Token::Kind::kEnd, "");
    return std::move(tokens_);
  }

 private:
  absl::Status Error(std::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat("line ", line_, ": ", ToAbsl(what)));
  }

  void Add(Token::Kind kind, std::string_view text) { tokens_.push_back({kind, std::string(text), line_}); }

  // Moves over `count` bytes.
  void Skip(size_t count) {
    line_ += static_cast<int>(std::count(source_.begin() + at_, source_.begin() + at_ + count, '\n'));
    at_ += count;
  }

  size_t FindTag() const {
    for (size_t i = source_.find('{', at_); i < source_.size(); i = source_.find('{', i + 1)) {
      if (i + 1 < source_.size() && std::string_view("{%#").find(source_[i + 1]) != std::string_view::npos) {
        return i;
      }
    }
    return source_.size();
  }

  // The text before the tag at `end`: what the tag before and this one leave of it.
  void AddText(size_t end) {
    std::string_view text = source_.substr(at_, end - at_);
    Skip(text.size());
    if (end < source_.size()) {
      const char kind = source_[end + 1];
      const char sign = end + 2 < source_.size() ? source_[end + 2] : ' ';
      if (sign == '-') {
        text = text.substr(0, text.find_last_not_of(kSpace) + 1);
      } else if (kind != '{' && sign != '+') {
        // lstrip_blocks: the white space between the line's begin and the tag.
        const size_t line = text.rfind('\n') + 1;
        const bool begins_line = line > 0 || line_begins_;
        if (begins_line && text.find_first_not_of(" \t\r\f\v", line) == std::string_view::npos) {
          text = text.substr(0, line);
        }
      }
    }
    if (!text.empty()) Add(Token::Kind::kText, text);
  }

  absl::Status ReadTag() {
    const char kind = source_[at_ + 1];
    Skip(2);
    if (at_ < source_.size() && (source_[at_] == '-' || source_[at_] == '+')) Skip(1);
    if (kind == '#') return ReadComment();
    const bool block = kind == '%';
    Add(block ? Token::Kind::kBlockBegin : Token::Kind::kOutputBegin, "");
    const std::string_view close = block ? "%}" : "}}";
    int depth = 0;  // of brackets: }} may close two of them
    while (true) {
      Skip(std::min(source_.find_first_not_of(kSpace, at_), source_.size()) - at_);
      if (at_ == source_.size()) return Error("a tag is not closed");
      const bool signed_end =
          source_.substr(at_ + 1).substr(0, 2) == close && (source_[at_] == '-' || source_[at_] == '+');
      if (depth == 0 && (signed_end || source_.substr(at_, 2) == close)) {
        Add(block ? Token::Kind::kBlockEnd : Token::Kind::kOutputEnd, "");
        EndTag(signed_end ? source_[at_] : ' ', signed_end ? 3 : 2, /*trims=*/block);
        return absl::OkStatus();
      }
      RETURN_IF_ERROR(ReadToken(depth));
    }
  }

  absl::Status ReadComment() {
    const size_t end = source_.find("#}", at_);
    if (end == std::string_view::npos) return Error("a comment is not closed");
    const char sign = end > at_ ? source_[end - 1] : ' ';
    Skip(end - at_);
    EndTag(sign, 2, /*trims=*/true);
    return absl::OkStatus();
  }

  // Moves over the end of a tag and the white space behind it that belongs to it.
  void EndTag(char sign, size_t length, bool trims) {
    Skip(length);
    const size_t begin = at_;
    if (sign == '-') {
      Skip(std::min(source_.find_first_not_of(kSpace, at_), source_.size()) - at_);
    } else if (trims && sign != '+' && at_ < source_.size() && source_[at_] == '\n') {
      Skip(1);
    }
    line_begins_ = at_ > begin && source_[at_ - 1] == '\n';
  }

  absl::Status ReadToken(int& depth) {
    const char c = source_[at_];
    if (IsNameStart(c)) {
      size_t end = at_;
      while (end < source_.size() && IsNamePart(source_[end])) ++end;
      Add(Token::Kind::kName, source_.substr(at_, end - at_));
      Skip(end - at_);
      return absl::OkStatus();
    }
    if (IsDigit(c)) return ReadNumber();
    if (c == '\'' || c == '"') return ReadString(c);
    for (const std::string_view op : kOperators) {
      if (source_.substr(at_, op.size()) != op) continue;
      if (std::string_view("([{").find(c) != std::string_view::npos) ++depth;
      if (std::string_view(")]}").find(c) != std::string_view::npos) --depth;
      Add(Token::Kind::kOperator, op);
      Skip(op.size());
      return absl::OkStatus();
    }
    return Error("unexpected character '" + std::string(source_.substr(at_, 1)) + "'");
  }

  absl::Status ReadNumber() {
    size_t end = at_;
    while (end < source_.size() && IsDigit(source_[end])) ++end;
    const bool fraction = end + 1 < source_.size() && source_[end] == '.' && IsDigit(source_[end + 1]);
    if (fraction) {
      for (++end; end < source_.size() && IsDigit(source_[end]);) ++end;
    }
    Add(fraction ? Token::Kind::kFloat : Token::Kind::kInteger, source_.substr(at_, end - at_));
    Skip(end - at_);
    return absl::OkStatus();
  }

  absl::Status ReadString(char quote) {
    std::string text;
    size_t i = at_ + 1;
    for (; i < source_.size() && source_[i] != quote; ++i) {
      if (source_[i] != '\\' || i + 1 == source_.size()) {
        text += source_[i];
        continue;
      }
      ++i;
      if (source_[i] == 'u' || source_[i] == 'x') {
        const size_t digits = source_[i] == 'u' ? 4 : 2;
        uint32_t code = 0;
        if (!absl::SimpleHexAtoi(ToAbsl(source_.substr(i + 1, digits)), &code) ||
            (code >= 0xD800 && code < 0xE000)) {
          return Error("a character's number is not that of a character");
        }
        AppendUtf8(code, text);
        i += digits;
        continue;
      }
      constexpr std::string_view kNames = "nrt\\'\"", kValues = "\n\r\t\\'\"";
      const size_t known = kNames.find(source_[i]);
      if (known == std::string_view::npos) {
        return Error("unknown escape '\\" + std::string(source_.substr(i, 1)) + "' in a string");
      }
      text += kValues[known];
    }
    if (i >= source_.size()) return Error("a string is not closed");
    Add(Token::Kind::kString, text);
    Skip(i + 1 - at_);
    return absl::OkStatus();
  }

  std::string_view source_;
  size_t at_ = 0;
  int line_ = 1;
  bool line_begins_ = true;  // what comes next stands at the begin of a line
  std::vector<Token> tokens_;
};

}  // namespace

absl::StatusOr<std::vector<Token>> Tokenize(std::string_view source) { return Lexer(source).Run(); }

}  // namespace drover::model::jinja
