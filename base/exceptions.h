// Exceptions of libraries, turned into statuses where a process or a thread begins: of ours only a rank lost in a pass throws (model/rank_gather.h).
#pragma once

#include <algorithm>
#include <exception>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace drover {

// What the exception says, without the stack trace that LibTorch's carry.
inline std::string ExceptionMessage(const std::exception& error) {
  std::string text = error.what();
  for (const char* const trace : {"\nException raised from", "\nC++ CapturedTraceback"}) {
    text.resize(std::min(text.size(), text.find(trace)));
  }
  return text;
}

// work(), which returns a Status or a StatusOr; an exception that leaves it becomes INTERNAL, "`what`: its message".
template <typename Work>
auto CatchExceptions(const std::string& what, const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat(what, ": ", ExceptionMessage(error)));
  }
}

}  // namespace drover
