// How many threads to compute with.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace drover {

// Cores of this machine; 1 when it does not say.
int Cores();

// The first wish above 0 ("a flag, or else the recipe"), or else the cores.
int ThreadCount(std::initializer_list<int64_t> wishes);

}  // namespace drover
