#include "actor/stop_matcher.h"

#include <utility>

namespace drover::actor {

StopTexts::StopTexts(std::vector<std::string> texts) {
  for (std::string& text : texts) {
    if (!text.empty()) texts_.push_back(std::move(text));
  }
}

std::optional<StopTexts::Match> StopTexts::Find(std::string_view text, size_t seen) const {
  std::optional<Match> first;
  for (const std::string& stop : texts_) {
    const size_t from = seen < stop.size() ? 0 : seen - stop.size() + 1;
    const size_t begin = text.find(stop, from);
    if (begin == std::string_view::npos) continue;
    const Match match{begin, begin + stop.size()};
    const bool earlier =
        !first || match.end < first->end || (match.end == first->end && match.begin < first->begin);
    if (earlier) first = match;
  }
  return first;
}

}  // namespace drover::actor
