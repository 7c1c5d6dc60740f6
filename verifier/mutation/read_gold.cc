#include "verifier/mutation/read_gold.h"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "verifier/mutation/read_scalar.h"

namespace drover::verifier::mutation {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

std::string Trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.remove_suffix(1);
  return std::string(text);
}

std::string Without(std::string text, const std::string& piece) {
  for (size_t at = text.find(piece); at != text.npos; at = text.find(piece, at)) text.erase(at, piece.size());
  return text;
}

std::optional<Answer> ReadScalar(const std::string& text) {
  // \frac{d y}{d t} is no quotient, and Hz no product.
  if (text.find("\\frac{d") != text.npos || text.find("Hz") != text.npos) return std::nullopt;
  if (Expr value = ParseScalar(text)) return Scalar(std::move(value));
  return std::nullopt;
}

// Pieces between commas that no bracket holds.
std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> out(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' || c == '[' || c == '{' ? 1 : c == ')' || c == ']' || c == '}' ? -1 : 0;
    if (c == ',' && depth == 0) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

// 10,\!080 and 58,500: one number, whatever the comma says.
bool IsGroupedNumber(const std::string& text) {
  const std::vector<std::string> groups = Split(text);
  if (groups.size() < 2 || groups[0].empty() || groups[0].size() > 3) return false;
  return std::all_of(groups.begin(), groups.end(), [&](const std::string& group) {
    return std::all_of(group.begin(), group.end(), IsDigit) && (&group == &groups[0] || group.size() == 3);
  });
}

std::optional<Answer> ReadItems(const std::vector<std::string>& pieces, Shape shape);

std::optional<Answer> ReadBracketed(const std::string& text) {
  const std::string inner = text.substr(1, text.size() - 2);
  const std::vector<std::string> pieces = Split(inner);
  if (pieces.size() < 2) return std::nullopt;
  const bool round = text.front() == '(' && text.back() == ')';
  const bool infinite = inner.find("\\infty") != inner.npos;
  if (round && !infinite) return ReadItems(pieces, Shape::kTuple);
  if (pieces.size() != 2) return std::nullopt;
  Answer out;
  out.shape = Shape::kInterval;
  out.before = text.front();
  out.after = text.back();
  for (const std::string& piece : pieces) {
    const std::string end = Trim(piece);
    if (end == "\\infty" || end == "-\\infty") {
      out.items.emplace_back();
      continue;
    }
    auto value = ReadScalar(end);
    if (!value || !Symbols(value->value).empty()) return std::nullopt;
    out.items.push_back(std::move(*value));
  }
  return out;
}

// One pair of brackets around everything.
bool IsBracketed(const std::string& text) {
  if (text.size() < 2 || (text.front() != '(' && text.front() != '[')) return false;
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    depth += c == '(' || c == '[' || c == '{' ? 1 : c == ')' || c == ']' || c == '}' ? -1 : 0;
    if (depth == 0) return i + 1 == text.size();
  }
  return false;
}

std::optional<Answer> ReadOne(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals != text.npos) {
    if (text.find('=', equals + 1) != text.npos) return std::nullopt;
    const std::string name = Trim(text.substr(0, equals));
    const bool letter = name.size() == 1 && IsLetter(name[0]) && name != "e" && name != "i";
    const bool applied =
        name.size() == 4 && IsLetter(name[0]) && name[1] == '(' && IsLetter(name[2]) && name[3] == ')';
    auto value = ReadScalar(Trim(text.substr(equals + 1)));
    if ((!letter && !applied) || !value) return std::nullopt;
    Answer out;
    out.shape = Shape::kNamed;
    out.name = name;
    out.items = {std::move(*value)};
    // y = 2x+3 is a curve; y = -2x, too. Only a value or a function's formula is named.
    if (letter && !Symbols(out.items[0].value).empty()) return std::nullopt;
    return out;
  }
  if (IsBracketed(text)) {
    if (auto out = ReadBracketed(text)) return out;
  }
  return ReadScalar(text);
}

std::optional<Answer> ReadItems(const std::vector<std::string>& pieces, Shape shape) {
  Answer out;
  out.shape = shape;
  for (const std::string& piece : pieces) {
    auto item = ReadOne(Trim(piece));
    if (!item) return std::nullopt;
    out.items.push_back(std::move(*item));
  }
  return out;
}

std::optional<Answer> ReadQuantity(const std::string& text, const std::string& before,
                                   const std::string& after) {
  const std::string inner = text.substr(before.size(), text.size() - before.size() - after.size());
  auto value = ReadScalar(Trim(inner));
  if (!value) return std::nullopt;
  value->shape = Shape::kQuantity;
  value->before = before;
  value->after = after;
  return value;
}

std::optional<Answer> ReadUnit(const std::string& text) {
  if (text.rfind("\\$", 0) == 0) return ReadQuantity(text, "\\$", "");
  for (const char* mark : {"^\\circ", "^{\\circ}", "\\%", "%"}) {
    const std::string after = mark;
    if (text.size() > after.size() && text.compare(text.size() - after.size(), after.size(), after) == 0) {
      return ReadQuantity(text, "", after);
    }
  }
  const size_t unit = std::min(text.find("\\text{ "), text.find("\\mbox{ "));
  return unit == text.npos || unit == 0 ? std::nullopt : ReadQuantity(text, "", text.substr(unit));
}

std::optional<Answer> ReadText(const std::string& text) {
  if (text.rfind("\\text{", 0) != 0 || text.back() != '}') return std::nullopt;
  const std::string inner = text.substr(6, text.size() - 7);
  Answer out;
  if (inner.size() == 3 && inner[0] == '(' && inner[2] == ')' && inner[1] >= 'A' && inner[1] <= 'E') {
    out.shape = Shape::kChoice;
    out.before = inner.substr(1, 1);
    return out;
  }
  if (inner.size() < 3 || !std::all_of(inner.begin(), inner.end(), IsLetter)) return std::nullopt;
  out.shape = Shape::kWord;
  out.before = text;
  return out;
}

}  // namespace

std::optional<Answer> ReadGold(std::string_view gold) {
  const std::string trimmed = Trim(gold);
  std::string text = trimmed;
  if (text.empty() || text.size() > 200) return std::nullopt;
  if (auto words = ReadText(text)) return words;
  if (text.find("\\$") == text.npos) text = Trim(Without(text, "$"));
  if (text.find(",\\!") != text.npos) text = Without(Without(text, "\\!"), " ");
  if (auto unit = ReadUnit(text)) return unit;
  if (IsGroupedNumber(text)) return Scalar(Number(Without(text, ",")));
  text = Without(Without(text, "\\left"), "\\right");
  if (text.rfind("\\{", 0) == 0 && text.size() > 4 && text.compare(text.size() - 2, 2, "\\}") == 0) {
    return ReadItems(Split(text.substr(2, text.size() - 4)), Shape::kSet);
  }
  const std::vector<std::string> pieces = Split(text);
  return pieces.size() == 1 ? ReadOne(text) : ReadItems(pieces, Shape::kList);
}

}  // namespace drover::verifier::mutation
