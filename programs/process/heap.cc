#include "programs/process/heap.h"

#include <malloc.h>

namespace drover::process {

void GiveLargeBlocksBack() {
#if defined(__GLIBC__)
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);  // set by hand it stays
  // As high as it goes by itself: less at the heap's end is not worth a call.
  ::mallopt(M_TRIM_THRESHOLD, 32 << 20);
#endif
}

}  // namespace drover::process
