#include "data/prompt_order.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"

namespace drover::data {
namespace {

// Streams of RandomPurpose::kPromptOrder. Epochs of part p are stream p * 2^40 + epoch; held-out questions have 2^63.
constexpr uint64_t kStreamsOfAPart = uint64_t{1} << 40;
constexpr uint64_t kCurriculumStream = uint64_t{1} << 61;
constexpr uint64_t kMixtureStream = uint64_t{1} << 62;

}  // namespace

uint64_t PromptOrder::At(uint64_t n) const {
  const uint64_t epoch = n / size_;
  absl::MutexLock lock(&mutex_);
  if (permutation_.empty() || epoch != epoch_) {
    permutation_.resize(size_);
    std::iota(permutation_.begin(), permutation_.end(), uint32_t{0});
    RandomStream random(seed_, RandomPurpose::kPromptOrder, part_ * kStreamsOfAPart + epoch);
    Shuffle(permutation_, random);
    epoch_ = epoch;
  }
  return permutation_[n % size_];
}

std::vector<uint64_t> MixtureCounts(const std::vector<MixtureSet>& sets) {
  double total = 0;
  for (const MixtureSet& set : sets) total += set.weight;
  std::vector<uint64_t> counts;
  std::vector<std::pair<double, size_t>> remainders;  // negated, so that the largest come first
  uint64_t given = 0;
  for (size_t i = 0; i < sets.size(); ++i) {
    const double share = static_cast<double>(kMixtureBlock) * (sets[i].weight / total);
    counts.push_back(static_cast<uint64_t>(share));
    given += counts.back();
    remainders.emplace_back(-(share - std::floor(share)), i);
  }
  std::sort(remainders.begin(), remainders.end());
  for (size_t i = 0; given < kMixtureBlock; ++i, ++given) ++counts[remainders[i % sets.size()].second];
  return counts;
}

MixtureOrder::MixtureOrder(uint64_t seed, const std::vector<MixtureSet>& sets)
    : seed_(seed), counts_(MixtureCounts(sets)) {
  uint64_t begin = 0;
  for (size_t i = 0; i < sets.size(); ++i) {
    begins_.push_back(begin);
    begin += sets[i].size;
  }
  for (size_t i = 0; i < sets.size(); ++i) orders_.emplace_back(seed, sets[i].size, i);
}

MixtureOrder::Place MixtureOrder::PlaceOf(uint64_t n) const {
  const uint64_t block = n / kMixtureBlock;
  absl::MutexLock lock(&mutex_);
  if (places_.empty() || block != block_) {
    places_.clear();
    for (uint32_t set = 0; set < counts_.size(); ++set)
      places_.insert(places_.end(), counts_[set], Place{set, 0});
    RandomStream random(seed_, RandomPurpose::kPromptOrder, kMixtureStream + block);
    Shuffle(places_, random);
    std::vector<uint32_t> ranks(counts_.size(), 0);
    for (Place& place : places_) place.rank = ranks[place.set]++;
    block_ = block;
  }
  return places_[n % kMixtureBlock];
}

uint64_t MixtureOrder::At(uint64_t n) const {
  const Place place = PlaceOf(n);
  return begins_[place.set] + orders_[place.set].At(n / kMixtureBlock * counts_[place.set] + place.rank);
}

CurriculumOrder::CurriculumOrder(uint64_t seed, std::vector<uint32_t> easiest_first, uint64_t prompts,
                                 double window)
    : seed_(seed),
      easiest_first_(std::move(easiest_first)),
      prompts_(prompts),
      window_(std::max<uint64_t>(
          1, static_cast<uint64_t>(std::ceil(window * static_cast<double>(easiest_first_.size()))))),
      after_(seed, easiest_first_.size()) {}

uint64_t CurriculumOrder::At(uint64_t n) const {
  if (n >= prompts_) return after_.At(n - prompts_);
  const uint64_t begin = n * (easiest_first_.size() - window_) / prompts_;
  RandomStream random(seed_, RandomPurpose::kPromptOrder, kCurriculumStream + n);
  return easiest_first_[begin + random.Below(window_)];
}

}  // namespace drover::data
