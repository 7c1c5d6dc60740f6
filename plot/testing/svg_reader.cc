#include "plot/testing/svg_reader.h"

#include <regex>

namespace drover::plot::testing {

bool IsWellFormed(const std::string& svg) {
  static const std::regex kTag("<(/?)([a-zA-Z]+)((?: [a-zA-Z0-9-]+=\"[^\"<]*\")*)(/?)>");
  static const std::regex kBare("<|&(?!amp;|lt;|gt;|quot;)");
  std::vector<std::string> open;
  size_t end = 0;
  for (std::sregex_iterator tag(svg.begin(), svg.end(), kTag), none; tag != none; ++tag) {
    const auto at = static_cast<size_t>(tag->position());
    if (std::regex_search(svg.begin() + static_cast<long>(end), svg.begin() + static_cast<long>(at), kBare)) {
      return false;
    }
    if (std::regex_search((*tag)[3].first, (*tag)[3].second, kBare)) return false;
    end = at + static_cast<size_t>(tag->length());
    if ((*tag)[1].length() > 0) {
      if (open.empty() || open.back() != (*tag)[2].str()) return false;
      open.pop_back();
    } else if ((*tag)[4].length() == 0) {
      open.push_back((*tag)[2].str());
    }
  }
  return open.empty() && end > 0 && svg.find_first_not_of("\n", end) == std::string::npos;
}

std::vector<std::string> Texts(const std::string& svg) {
  static const std::regex kText("<text[^>]*>([^<]*)</text>");
  std::vector<std::string> texts;
  for (std::sregex_iterator text(svg.begin(), svg.end(), kText), none; text != none; ++text) {
    texts.push_back((*text)[1].str());
  }
  return texts;
}

size_t Count(const std::string& svg, const std::string& part) {
  size_t count = 0;
  for (size_t at = svg.find(part); at != std::string::npos; at = svg.find(part, at + 1)) ++count;
  return count;
}

}  // namespace drover::plot::testing
