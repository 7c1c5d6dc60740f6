#include "analysis/keywords.h"

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "analysis/reflection_keywords_json.h"
#include "base/status.h"

namespace drover::analysis {

const KeywordPool& ReflectionKeywords() {
  static const auto* const kPool = [] {
    const nlohmann::json json = nlohmann::json::parse(kReflectionKeywordsJson);
    return new KeywordPool{json.at("source").get<std::string>(),
                           json.at("keywords").get<std::vector<std::string>>()};
  }();
  return *kPool;
}

std::vector<size_t> FindKeywords(std::string_view text, const std::vector<std::string>& keywords) {
  const std::string lower = absl::AsciiStrToLower(ToAbsl(text));
  std::vector<size_t> found;
  for (size_t i = 0; i < keywords.size(); ++i) {
    if (absl::StrContains(lower, keywords[i])) found.push_back(i);
  }
  return found;
}

}  // namespace drover::analysis
