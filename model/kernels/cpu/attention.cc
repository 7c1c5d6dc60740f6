#include "model/kernels/cpu/attention.h"

#include <algorithm>
#include <vector>

#include "model/kernels/cpu/instruction_set.h"
#include "model/kernels/cpu/pool.h"

namespace drover::model::cpu {
namespace {

constexpr int64_t kBlockQueries = 48;  // of one key head that a thread takes at a time
constexpr int64_t kPartTokens = 64;    // whose storing is worth a thread

// A part's tokens [begin, end) and the query heads [first_head, first_head + heads) of one key head.
struct Block {
  const AttentionPart* part;
  int64_t begin, end;
  int64_t key_head;
  int64_t first_head, heads;
};

// Blocks of `heads` query heads each.
std::vector<Block> CutBlocks(absl::Span<const AttentionPart> parts, int64_t key_heads, int64_t group,
                             int64_t heads) {
  const int64_t most = std::max<int64_t>(1, kBlockQueries / heads);
  std::vector<Block> blocks;
  for (const AttentionPart& part : parts) {
    for (int64_t begin = 0; begin < part.tokens; begin += most) {
      const int64_t end = std::min(begin + most, part.tokens);
      for (int64_t first = 0; first < key_heads * group; first += heads) {
        blocks.push_back({&part, begin, end, first / group, first, heads});
      }
    }
  }
  return blocks;
}

float* Scratch(int64_t floats) {
  thread_local std::vector<float> scratch;
  if (static_cast<int64_t>(scratch.size()) < floats) scratch.resize(static_cast<size_t>(floats));
  return scratch.data();
}

void AttendBlock(const Pages& pages, const AttentionCall& call, const Block& block) {
  const int64_t bytes = ElementBytes(pages.element);
  const int64_t key_page = KeyPageElements(pages.element, pages.head_dim);
  const int64_t value_page = ValuePageElements(pages.head_dim);
  const int64_t row = block.part->first + block.begin;
  const int64_t head = block.first_head * pages.head_dim;
  AttendHead a;
  a.query = static_cast<const char*>(call.query) + (row * call.query_stride + head) * bytes;
  a.token_stride = call.query_stride;
  a.head_stride = pages.head_dim;
  a.tokens = block.end - block.begin;
  a.heads = block.heads;
  a.head_dim = pages.head_dim;
  a.position = block.part->position + block.begin;
  a.window = call.window;
  a.scale = call.scale;
  a.soft_cap = call.soft_cap;
  a.pages = block.part->pages.data();
  a.keys = static_cast<const char*>(pages.keys) + block.key_head * key_page * bytes;
  a.values = static_cast<const char*>(pages.values) + block.key_head * value_page * bytes;
  a.key_page_stride = pages.key_stride;
  a.value_page_stride = pages.value_stride;
  a.out = static_cast<char*>(call.out) + (row * call.out_stride + head) * bytes;
  a.out_token_stride = call.out_stride;
  a.out_head_stride = pages.head_dim;
  a.scratch = Scratch(AttentionScratch(a.position + a.tokens));
  ChosenKernels().of(pages.element).attend(a);
}

template <typename T>
void WriteToken(const Pages& pages, const T* keys, const T* values, Slot slot) {
  const int64_t key_page = KeyPageElements(pages.element, pages.head_dim);
  const int64_t value_page = ValuePageElements(pages.head_dim);
  const int64_t width = value_page / kPageTokens;
  constexpr int64_t kGroup = sizeof(T) == 2 ? 2 : 1;  // dimensions that lie together
  for (int64_t head = 0; head < pages.key_heads; ++head) {
    T* const key = static_cast<T*>(pages.keys) + slot.page * pages.key_stride + head * key_page;
    T* const value = static_cast<T*>(pages.values) + slot.page * pages.value_stride + head * value_page +
                     slot.token * width;
    for (int64_t d = 0; d < pages.head_dim; ++d) {
      key[(d / kGroup * kPageTokens + slot.token) * kGroup + d % kGroup] = keys[head * pages.head_dim + d];
    }
    if (pages.head_dim % kGroup != 0) {  // 0 times whatever was there would be NaN where that is no number
      key[(pages.head_dim / kGroup * kPageTokens + slot.token) * kGroup + 1] = 0;
    }
    std::copy_n(values + head * pages.head_dim, pages.head_dim, value);
  }
}

template <typename T>
void WriteRows(const Pages& pages, const TokenRows& rows, absl::Span<const Slot> slots, int64_t begin,
               int64_t end) {
  for (const Slot& slot : slots.subspan(begin, end - begin)) {
    WriteToken(pages, static_cast<const T*>(rows.keys) + slot.row * rows.key_stride,
               static_cast<const T*>(rows.values) + slot.row * rows.value_stride, slot);
  }
}

}  // namespace

int64_t KeyPageElements(Element element, int64_t head_dim) {
  return (element == Element::kFloat32 ? head_dim : (head_dim + 1) / 2 * 2) * kPageTokens;
}

int64_t ValuePageElements(int64_t head_dim) { return (head_dim + 15) / 16 * 16 * kPageTokens; }

void WriteTokens(const Pages& pages, const TokenRows& rows, absl::Span<const Slot> slots) {
  ComputePool().Run(static_cast<int64_t>(slots.size()), kPartTokens, [&](int64_t begin, int64_t end) {
    if (pages.element == Element::kFloat32) {
      WriteRows<float>(pages, rows, slots, begin, end);
    } else {
      WriteRows<uint16_t>(pages, rows, slots, begin, end);
    }
  });
}

// Query heads of one key head go together, so that its keys are read once, unless there is too little to share out.
void Attend(const Pages& pages, const AttentionCall& call, absl::Span<const AttentionPart> parts) {
  const int64_t group = call.heads / pages.key_heads;
  std::vector<Block> blocks = CutBlocks(parts, pages.key_heads, group, group);
  if (static_cast<int64_t>(blocks.size()) < 4 * ComputePool().threads()) {
    blocks = CutBlocks(parts, pages.key_heads, group, /*heads=*/1);
  }
  const int64_t count = static_cast<int64_t>(blocks.size());
  const int64_t grain = std::max<int64_t>(1, count / (8 * ComputePool().threads()));
  ComputePool().Run(count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) AttendBlock(pages, call, blocks[i]);
  });
}

}  // namespace drover::model::cpu
