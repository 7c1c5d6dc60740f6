// What a write to a peer that is gone does to the process.
#pragma once

namespace drover::process {

// From now on such a write is an error (EPIPE) and no signal. SIGPIPE ends a process without a word, and not every library asks for
// errors itself: Gloo, between two ranks, writes to its sockets as to files. Call it before threads start.
void IgnoreBrokenPipes();

}  // namespace drover::process
