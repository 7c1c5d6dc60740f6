// What malloc does with large blocks.
#pragma once

namespace drover::process {

// From here on blocks of a megabyte and more are the system's, and go back to it when they are freed. glibc begins so, but moves
// its limit up to the largest block that it has seen freed (32 MiB at most): a learner's copies of weights then leave holes
// in its heap, which stay with the process. Call it before threads start. Nothing where the C library is another.
void GiveLargeBlocksBack();

}  // namespace drover::process
