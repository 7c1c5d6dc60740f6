// In which order questions are trained on. Each order is a pure function of the prompt's number: the number is all that a
// checkpoint needs to keep, whoever asks and in whatever order, and a lease that is issued again asks the same question.
//
//   PromptOrder       epochs of one set, each a permutation
//   MixtureOrder      several sets in given proportions, each in epochs of its own
//   CurriculumOrder   a window that moves from easy to hard questions, then epochs of all
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace drover::data {

// Thread-safe.
class QuestionOrder {
 public:
  virtual ~QuestionOrder() = default;
  // Which question the nth prompt asks.
  virtual uint64_t At(uint64_t n) const = 0;
};

// Epoch after epoch, each a permutation of its own of the whole data set: the nth prompt is entry n mod size of epoch
// n / size. A pure function of (seed, size, part, n). The permutation of one epoch is kept, so n should mostly
// go up.
class PromptOrder : public QuestionOrder {
 public:
  // 0 < size <= 2^32. `part`, below 2^16, sets orders of the same size apart.
  PromptOrder(uint64_t seed, uint64_t size, uint64_t part = 0) : seed_(seed), size_(size), part_(part) {}

  // In [0, size).
  uint64_t At(uint64_t n) const override;

 private:
  const uint64_t seed_;
  const uint64_t size_;
  const uint64_t part_;
  mutable absl::Mutex mutex_;
  mutable uint64_t epoch_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable std::vector<uint32_t> permutation_
      ABSL_GUARDED_BY(mutex_);  // of epoch_; empty before the first call
};

struct MixtureSet {
  uint64_t size = 0;  // questions, above 0
  double weight = 0;  // above 0
};

// How many of kMixtureBlock prompts each set gets: its share of the weights, rounded so that they add up (those with the
// largest remainders are rounded up, the earlier ones where they are equal).
inline constexpr uint64_t kMixtureBlock = 1000;
std::vector<uint64_t> MixtureCounts(const std::vector<MixtureSet>& sets);

// The sets stand one after the other: question i of set s is entry (sizes of the sets before it) + i. Every kMixtureBlock
// prompts have exactly MixtureCounts of each set, in an order of their own; within a set they go on in its epochs.
class MixtureOrder : public QuestionOrder {
 public:
  // Every set has a count above 0.
  MixtureOrder(uint64_t seed, const std::vector<MixtureSet>& sets);

  uint64_t At(uint64_t n) const override;

 private:
  struct Place {
    uint32_t set = 0;
    uint32_t rank = 0;  // among the block's prompts of this set
  };
  Place PlaceOf(uint64_t n) const;

  const uint64_t seed_;
  const std::vector<uint64_t> counts_;
  std::vector<uint64_t> begins_;
  std::deque<PromptOrder> orders_;  // never moved
  mutable absl::Mutex mutex_;
  mutable uint64_t block_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable std::vector<Place> places_ ABSL_GUARDED_BY(mutex_);  // of block_; empty before the first call
};

// The first `prompts` prompts are drawn, with repetition, from a window of the questions in the order of `easiest_first`,
// that moves from its beginning to its end; those after them are epochs of all questions.
class CurriculumOrder : public QuestionOrder {
 public:
  // `easiest_first` is a permutation, not empty; prompts > 0; the window is that share of the questions, in (0, 1].
  CurriculumOrder(uint64_t seed, std::vector<uint32_t> easiest_first, uint64_t prompts, double window);

  uint64_t At(uint64_t n) const override;

 private:
  const uint64_t seed_;
  const std::vector<uint32_t> easiest_first_;
  const uint64_t prompts_;
  const uint64_t window_;  // questions
  const PromptOrder after_;
};

}  // namespace drover::data
