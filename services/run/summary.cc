#include "services/run/summary.h"

#include <algorithm>
#include <numeric>

#include "services/run/jsonl.h"

namespace drover::run {
namespace {

std::optional<double> MeanOfRange(std::vector<double>::const_iterator begin,
                                  std::vector<double>::const_iterator end) {
  if (begin == end) return std::nullopt;
  return std::accumulate(begin, end, 0.0) / static_cast<double>(end - begin);
}

nlohmann::ordered_json OrNull(const std::optional<statistics::Interval>& interval) {
  if (!interval.has_value()) return nullptr;
  return nlohmann::ordered_json::array({interval->low, interval->high});
}

}  // namespace

std::optional<double> MeanOfFirst(const std::vector<double>& rewards, size_t n) {
  return MeanOfRange(rewards.begin(), rewards.begin() + static_cast<long>(std::min(n, rewards.size())));
}

std::optional<double> MeanOfLast(const std::vector<double>& rewards, size_t n) {
  return MeanOfRange(rewards.end() - static_cast<long>(std::min(n, rewards.size())), rewards.end());
}

nlohmann::ordered_json ToJson(const Summary& s) {
  return {{"recipe", s.recipe},
          {"steps", s.steps},
          {"optimizer_steps", s.optimizer_steps},
          {"seconds", s.seconds},
          {"accuracy_before", OrNull(s.accuracy_before)},
          {"accuracy_before_interval", OrNull(s.accuracy_before_interval)},
          {"accuracy_after", OrNull(s.accuracy_after)},
          {"accuracy_after_interval", OrNull(s.accuracy_after_interval)},
          {"heldout_questions", s.heldout_questions},
          {"reward_first", OrNull(s.reward_first)},
          {"reward_last", OrNull(s.reward_last)},
          {"groups",
           {{"leased", s.groups.leased()},
            {"trained", s.groups.trained()},
            {"pending", s.groups.pending()},
            {"filtered", s.groups.filtered()},
            {"expired", s.groups.expired()},
            {"stale", s.groups.stale()},
            {"failed", s.groups.failed()}}},
          {"tokens_generated", s.tokens_generated},
          {"weight_version", s.weight_version}};
}

}  // namespace drover::run
