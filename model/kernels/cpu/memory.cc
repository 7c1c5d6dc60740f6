#include "model/kernels/cpu/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <mutex>

namespace drover::model::cpu {
namespace {

constexpr size_t kLargePage = size_t{2} << 20;
constexpr size_t kBlock = 8 * kLargePage;  // what is taken from the system at least
constexpr size_t kAlignment = 64;

size_t RoundedUp(size_t bytes, size_t step) { return (bytes + step - 1) / step * step; }

// Memory from the system, at a multiple of a large page.
class Block {
 public:
  // null: there is no memory.
  static std::shared_ptr<Block> Make(size_t bytes) {
    const size_t mapped = bytes + kLargePage;  // so that an aligned part is in it
    void* const memory = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    return std::shared_ptr<Block>(new Block(memory, mapped, bytes));
  }
  ~Block() { ::munmap(memory_, mapped_); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  // null: it does not fit any more.
  void* Take(size_t bytes) {
    if (bytes > size_ - used_) return nullptr;
    void* const piece = begin_ + used_;
    used_ += RoundedUp(bytes, kAlignment);
    used_ = std::min(used_, size_);
    return piece;
  }

 private:
  Block(void* memory, size_t mapped, size_t size) : memory_(memory), mapped_(mapped), size_(size) {
    begin_ = reinterpret_cast<char*>(RoundedUp(reinterpret_cast<uintptr_t>(memory), kLargePage));
#if defined(MADV_HUGEPAGE)
    ::madvise(begin_, size_, MADV_HUGEPAGE);  // a wish: small pages do as well
#endif
  }

  void* const memory_;
  const size_t mapped_, size_;
  char* begin_;
  size_t used_ = 0;
};

}  // namespace

std::shared_ptr<void> AllocateWeights(size_t bytes) {
  static auto& mutex = *new std::mutex;
  static auto& newest = *new std::weak_ptr<Block>;  // pieces keep their block
  std::lock_guard<std::mutex> lock(mutex);
  std::shared_ptr<Block> block = newest.lock();
  void* piece = block != nullptr ? block->Take(bytes) : nullptr;
  if (piece == nullptr) {
    block = Block::Make(RoundedUp(std::max(bytes, kBlock), kLargePage));
    if (block == nullptr) return nullptr;
    piece = block->Take(bytes);
    newest = block;
  }
  return std::shared_ptr<void>(std::move(block), piece);
}

}  // namespace drover::model::cpu
