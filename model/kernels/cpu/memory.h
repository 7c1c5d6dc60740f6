// Memory for weights, in pages as large as the machine has them.
#pragma once

#include <cstddef>
#include <memory>

namespace drover::model::cpu {

// `bytes` of zeros, at a multiple of 64; null where there is no memory. Pieces lie next to each other in blocks of large
// pages (2 MiB on x86-64, where the system gives them to those who ask): a core that reads gigabytes in small pages
// spends half of its time on finding them, most of all in a virtual machine. A block is given back when nobody has a
// piece of it. Thread-safe.
std::shared_ptr<void> AllocateWeights(size_t bytes);

}  // namespace drover::model::cpu
