// Where large tensors of the CPU lie. LibTorch takes every tensor from malloc. A step frees and takes blocks of some megabytes
// by the thousand, of a dozen sizes, and small ones lie between them: malloc's heap ends up with more holes than tensors, and
// gives no hole back that is not at its end (docs/results/memory-plan.md has both measured). So the learner has its own place:
//
//   allocate(n), n >= kLargeTensor ─▶ a block of that size, or a little larger, that was freed ─ none ─▶ pages of its own
//   freed                          ─▶ kept for those that come
//
// Clearing new pages is a good part of the work of small steps, so blocks are kept. What tensors have and what is kept for them come
// to no more than tensors had at most so far, and kKeptBytes: where a new block would make it more, the oldest kept ones go back
// to the system. So keeping is no memory of its own while steps follow each other; who needs memory for something else in
// between takes it back before (GiveKeptTensorsBack).
//
// Blocks are asked for in large pages: a system that gives them clears 2 MiB at a time, where each 4 KiB would be a fault.
#pragma once

#include <cstddef>

namespace drover::model {

// Bytes of a tensor that has pages of its own. Smaller ones are LibTorch's, as ever.
inline constexpr size_t kLargeTensor = size_t{1} << 20;
// Bytes of freed blocks that may wait for a tensor of their size whatever tensors had at most.
inline constexpr size_t kKeptBytes = size_t{64} << 20;

// Tensors of the CPU that are made from here on are as above, in the whole process. Call it before there are threads; a second
// call changes nothing. What a tensor holds, and where it is aligned (64 bytes at least), is as before.
void UseLargeTensorMemory();

// Of the blocks that are kept the oldest, until kKeptBytes of them are left, to the system. Thread-safe.
void GiveKeptTensorsBack();

// Bytes of the blocks that are kept now. Thread-safe.
size_t KeptTensorBytes();

}  // namespace drover::model
