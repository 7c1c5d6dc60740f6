#include "programs/process/broken_pipes.h"

#include <csignal>

namespace drover::process {

void IgnoreBrokenPipes() { ::signal(SIGPIPE, SIG_IGN); }

}  // namespace drover::process
