#include "base/threads.h"

#include <algorithm>
#include <thread>

namespace drover {

int Cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

int ThreadCount(std::initializer_list<int64_t> wishes) {
  for (const int64_t wish : wishes) {
    if (wish > 0) return static_cast<int>(wish);
  }
  return Cores();
}

}  // namespace drover
