#include "model/large_tensors.h"

#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>
#include <sys/mman.h>

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
  size_t bytes = 0;  // from `data` on, whole pages

  size_t mapped_bytes() const { return bytes + kLargePage; }
};

// False: there is no memory.
bool Map(size_t bytes, Block* block) {
  block->bytes = bytes;
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

void Unmap(const Block& block) { ::munmap(block.mapped, block.mapped_bytes()); }

// Blocks that no tensor has. Thread-safe.
class KeptBlocks {
 public:
  // The one of this size that was freed last; false: there is none.
  bool Take(size_t bytes, Block* block) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto kept = blocks_.begin(); kept != blocks_.end(); ++kept) {
      if (kept->bytes != bytes) continue;
      *block = *kept;
      bytes_ -= bytes;
      blocks_.erase(kept);
      return true;
    }
    return false;
  }

  // Or gives it back, and others as well that were freed before.
  void Keep(const Block& block) {
    if (block.bytes > kKeptBytes) return Unmap(block);
    std::list<Block> surplus;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      blocks_.push_front(block);
      bytes_ += block.bytes;
      while (bytes_ > kKeptBytes) {
        bytes_ -= blocks_.back().bytes;
        surplus.splice(surplus.end(), blocks_, std::prev(blocks_.end()));
      }
    }
    for (const Block& each : surplus) Unmap(each);
  }

  size_t bytes() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return bytes_;
  }

 private:
  mutable std::mutex mutex_;
  std::list<Block> blocks_;  // the newest first
  size_t bytes_ = 0;
};

// Blocks that tensors have, by where their data begins. Thread-safe.
class TakenBlocks {
 public:
  void* Add(const Block& block) {
    const std::lock_guard<std::mutex> lock(mutex_);
    blocks_.emplace(block.data, block);
    return block.data;
  }

  // False: it is the data of none.
  bool Remove(void* data, Block* block) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = blocks_.find(data);
    if (found == blocks_.end()) return false;
    *block = found->second;
    blocks_.erase(found);
    return true;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<void*, Block> blocks_;
};

// Both outlive every tensor.
KeptBlocks& Kept() {
  static auto& kept = *new KeptBlocks;
  return kept;
}
TakenBlocks& Taken() {
  static auto& taken = *new TakenBlocks;
  return taken;
}

// Of a tensor of any size: LibTorch frees some by their address alone. Those of malloc are hardly ever at a large page.
void Free(void* data) {
  Block block;
  if (reinterpret_cast<uintptr_t>(data) % kLargePage == 0 && Taken().Remove(data, &block)) {
    return Kept().Keep(block);
  }
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
    Block block;
    const size_t rounded = RoundedUp(bytes, kPage);
    TORCH_CHECK(Kept().Take(rounded, &block) || Map(rounded, &block), "there is no memory for a tensor of ",
                bytes, " bytes");
    return Taken().Add(block);
  }
};

}  // namespace

void UseLargeTensorMemory() {
  static auto& allocator = *new LargeTensorAllocator;
  c10::SetCPUAllocator(&allocator, /*priority=*/1);
}

size_t KeptTensorBytes() { return Kept().bytes(); }

}  // namespace drover::model
