// What a process that died said last.
#pragma once

#include <string>

namespace drover::launch {

// The last lines of a process's log and of its raw output (an abort's message goes there), for a person to
// read: structured lines are shown as "level: message". Empty when there is nothing.
std::string LastWords(const std::string& log_file, const std::string& output_file, size_t lines = 5);

}  // namespace drover::launch
