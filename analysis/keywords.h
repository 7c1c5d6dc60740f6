// The words by which the paper finds self-reflection (reflection_keywords.json, compiled in).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drover::analysis {

struct KeywordPool {
  std::string source;                 // where the words come from
  std::vector<std::string> keywords;  // lower case
};

const KeywordPool& ReflectionKeywords();

// Which of `keywords` (lower case) are in `text`, in any case and also inside of words, as the paper counts: by their index, each once.
std::vector<size_t> FindKeywords(std::string_view text, const std::vector<std::string>& keywords);

}  // namespace drover::analysis
