#include "model/kernels/cpu/attention_backward.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "model/kernels/cpu/instruction_set.h"
#include "model/kernels/cpu/pool.h"

namespace drover::model::cpu {
namespace {

// Blocks with what they cost, in pairs of a query and a key.
template <typename Block>
using Costed = std::vector<std::pair<int64_t, Block>>;

float* BackwardFloats(int64_t floats) {
  thread_local std::vector<float> scratch;
  if (static_cast<int64_t>(scratch.size()) < floats) scratch.resize(static_cast<size_t>(floats));
  return scratch.data();
}

// Largest first, so that no thread begins a large one where the others have ended.
template <typename Block, typename Work>
void ForBlocks(Costed<Block>& blocks, const Work& work) {
  std::stable_sort(blocks.begin(), blocks.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  ComputePool().Run(static_cast<int64_t>(blocks.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) work(blocks[static_cast<size_t>(i)].second);
  });
}

int64_t Positions(const QueryBlock& block, int64_t window) {
  return block.position + block.tokens - BackwardBegin(block.position, window);
}

Costed<QueryBlock> CutQueries(const AttentionBackward& pass, absl::Span<const Segment> segments) {
  const int64_t group = pass.heads / pass.key_heads;
  const int64_t heads = std::min(group, kBackwardLanes);
  const int64_t most = kBackwardLanes / heads;
  Costed<QueryBlock> blocks;
  for (const Segment& s : segments) {
    for (int64_t t = 0; t < s.tokens; t += most) {
      QueryBlock block{s.begin + t, std::min(most, s.tokens - t), s.prefix + t};
      block.prefix_begin = s.prefix_begin;
      block.prefix = s.prefix;
      const int64_t positions = Positions(block, pass.window);
      for (int64_t head = 0; head < pass.heads; head += block.heads) {
        block.head = head;
        block.heads = std::min(heads, group - head % group);
        blocks.emplace_back(positions * block.tokens * block.heads, block);
      }
    }
  }
  return blocks;
}

// Who sees a segment's own keys: itself, then those whose prefix it is.
std::vector<std::vector<QueryRun>> WhoSees(absl::Span<const Segment> segments) {
  std::vector<std::vector<QueryRun>> runs(segments.size());
  std::map<int64_t, size_t> by_begin;
  for (size_t i = 0; i < segments.size(); ++i) {
    const Segment& s = segments[i];
    runs[i].push_back({s.begin, s.tokens, s.prefix, s.prefix + s.tokens});
    if (s.prefix > 0) {
      runs[by_begin.at(s.prefix_begin)].push_back({s.begin, s.tokens, s.prefix, s.prefix});
    } else {
      by_begin.emplace(s.begin, i);
    }
  }
  return runs;
}

// `runs`: of each segment; the blocks point into them.
Costed<KeyBlock> CutKeys(const AttentionBackward& pass, absl::Span<const Segment> segments,
                         const std::vector<std::vector<QueryRun>>& runs) {
  Costed<KeyBlock> blocks;
  for (size_t i = 0; i < segments.size(); ++i) {
    const Segment& s = segments[i];
    int64_t queries = 0;
    for (const QueryRun& run : runs[i]) queries += run.tokens;
    for (int64_t t = 0; t < s.tokens; t += kBackwardLanes) {
      KeyBlock block{s.begin + t, std::min(kBackwardLanes, s.tokens - t), s.prefix + t};
      block.runs = runs[i].data();
      block.count = static_cast<int64_t>(runs[i].size());
      for (block.key_head = 0; block.key_head < pass.key_heads; ++block.key_head) {
        blocks.emplace_back((queries - t) * block.keys, block);
      }
    }
  }
  return blocks;
}

}  // namespace

void BackwardAttention(Element element, const AttentionBackward& pass, absl::Span<const Segment> segments) {
  const ElementKernels& kernels = ChosenKernels().of(element);
  Costed<QueryBlock> queries = CutQueries(pass, segments);
  ForBlocks(queries, [&](const QueryBlock& block) {
    const int64_t floats = BackwardScratch(pass.head_dim, Positions(block, pass.window));
    kernels.backward_queries(pass, block, BackwardFloats(floats));
  });
  const std::vector<std::vector<QueryRun>> runs = WhoSees(segments);
  Costed<KeyBlock> keys = CutKeys(pass, segments, runs);
  ForBlocks(keys, [&](const KeyBlock& block) {
    kernels.backward_keys(pass, block, BackwardFloats(BackwardScratch(pass.head_dim, /*positions=*/0)));
  });
}

}  // namespace drover::model::cpu
