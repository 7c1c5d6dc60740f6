// How many files and connections a process may have open.
#pragma once

namespace drover::process {

// Raises the soft limit of open files to the hard one. The usual soft limit, 1,024, is for select(), which nothing here
// calls: a learner with many peers reaches it, and then cannot open its own files. Call it before threads start.
void RaiseFileLimit();

}  // namespace drover::process
