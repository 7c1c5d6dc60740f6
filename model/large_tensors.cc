#include "model/large_tensors.h"

#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <list>
#include <mutex>
#include <unordered_map>

namespace drover::model {
namespace {

constexpr size_t kPage = size_t{4} << 10;
constexpr size_t kLargePage = size_t{2} << 20;

size_t RoundedUp(size_t bytes, size_t step) { return (bytes + step - 1) / step * step; }

// Pages of one tensor at a time, from a multiple of a large page on.
struct Block {
  void* mapped = nullptr;
  void* data = nullptr;
  size_t bytes = 0;   // from `data` on, whole pages
  size_t wanted = 0;  // of these by the tensor that has it

  size_t mapped_bytes() const { return bytes + kLargePage; }
};

// False: there is no memory.
bool Map(size_t bytes, Block* block) {
  *block = {.bytes = bytes, .wanted = bytes};
  void* const mapped =
      ::mmap(nullptr, block->mapped_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return false;
  block->mapped = mapped;
  block->data = reinterpret_cast<void*>(RoundedUp(reinterpret_cast<uintptr_t>(mapped), kLargePage));
#if defined(MADV_HUGEPAGE)
  ::madvise(block->data, bytes, MADV_HUGEPAGE);  // a wish: small pages do as well
#endif
  return true;
}

void Unmap(const std::list<Block>& blocks) {
  for (const Block& block : blocks) ::munmap(block.mapped, block.mapped_bytes());
}

// Blocks that tensors have, and those that none has. Thread-safe.
class Blocks {
 public:
  // For `bytes`, whole pages. Null: there is no memory.
  void* Take(size_t bytes) {
    std::list<Block> surplus;
    Block block;
    const bool kept = TakeKept(bytes, &block, &surplus);
    Unmap(surplus);
    if (!kept && !Map(bytes, &block)) {
      GiveBack(0);  // what is kept is in nobody's way
      if (!Map(bytes, &block)) {
        const std::lock_guard<std::mutex> lock(mutex_);
        Untake(block);
        return nullptr;
      }
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    most_wanted_ = std::max(most_wanted_, wanted_);
    taken_.emplace(block.data, block);
    return block.data;
  }

  // False: it is the data of no block.
  bool Keep(void* data) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = taken_.find(data);
    if (found == taken_.end()) return false;
    kept_.push_front(found->second);
    kept_bytes_ += found->second.bytes;
    Untake(found->second);
    taken_.erase(found);
    return true;
  }

  // Until `most` bytes are kept.
  void GiveBack(size_t most) {
    std::list<Block> surplus;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      Drop(most, &surplus);
    }
    Unmap(surplus);
  }

  size_t kept_bytes() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return kept_bytes_;
  }

 private:
  // The smallest kept block that is large enough and not a quarter too large, of equal ones the newest. False: there is
  // none, and the bytes of a new one are counted; `surplus` must make room for it.
  bool TakeKept(size_t bytes, Block* block, std::list<Block>* surplus) {
    const std::lock_guard<std::mutex> lock(mutex_);
    wanted_ += bytes;
    auto best = kept_.end();
    for (auto kept = kept_.begin(); kept != kept_.end() && (best == kept_.end() || best->bytes > bytes);
         ++kept) {
      if (kept->bytes < bytes || kept->bytes > bytes + bytes / 4) continue;
      if (best == kept_.end() || kept->bytes < best->bytes) best = kept;
    }
    if (best != kept_.end()) {
      *block = *best;
      block->wanted = bytes;
      kept_bytes_ -= best->bytes;
      kept_.erase(best);
    } else {
      *block = {.bytes = bytes, .wanted = bytes};
    }
    taken_bytes_ += block->bytes;
    const size_t most = std::max(most_wanted_, wanted_) + kKeptBytes;
    Drop(most > taken_bytes_ ? most - taken_bytes_ : 0, surplus);
    return block->data != nullptr;
  }

  void Untake(const Block& block) {
    wanted_ -= block.wanted;
    taken_bytes_ -= block.bytes;
  }

  void Drop(size_t most, std::list<Block>* surplus) {
    while (kept_bytes_ > most) {
      kept_bytes_ -= kept_.back().bytes;
      surplus->splice(surplus->end(), kept_, std::prev(kept_.end()));
    }
  }

  mutable std::mutex mutex_;
  std::unordered_map<void*, Block> taken_;  // by where their data begins
  std::list<Block> kept_;                   // the newest first
  size_t kept_bytes_ = 0, taken_bytes_ = 0;
  size_t wanted_ = 0, most_wanted_ = 0;  // by tensors: now, and at most so far
};

// Outlives every tensor.
Blocks& AllBlocks() {
  static auto& blocks = *new Blocks;
  return blocks;
}

// Of a tensor of any size: LibTorch frees some by their address alone. Those of malloc are hardly ever at a large page.
void Free(void* data) {
  if (reinterpret_cast<uintptr_t>(data) % kLargePage == 0 && AllBlocks().Keep(data)) return;
  c10::GetDefaultCPUAllocator()->raw_deleter()(data);
}

// Thread-safe.
class LargeTensorAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* const data =
        bytes < kLargeTensor ? c10::GetDefaultCPUAllocator()->raw_allocate(bytes) : AllocateLarge(bytes);
    return {data, data, &Free, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &Free; }

  void copy_data(void* to, const void* from, size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }

 private:
  static void* AllocateLarge(size_t bytes) {
    void* const data = AllBlocks().Take(RoundedUp(bytes, kPage));
    TORCH_CHECK(data != nullptr, "there is no memory for a tensor of ", bytes, " bytes");
    return data;
  }
};

}  // namespace

void UseLargeTensorMemory() {
  static auto& allocator = *new LargeTensorAllocator;
  c10::SetCPUAllocator(&allocator, /*priority=*/1);
}

void GiveKeptTensorsBack() { AllBlocks().GiveBack(kKeptBytes); }

size_t KeptTensorBytes() { return AllBlocks().kept_bytes(); }

}  // namespace drover::model
