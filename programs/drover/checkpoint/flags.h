// The flags of `drover checkpoint`.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace drover::cli {

// Adds the command and those below it to `app`; when one is parsed, `chosen` becomes what runs it and returns the exit status.
void AddCheckpoint(CLI::App& app, std::function<int()>& chosen);

}  // namespace drover::cli
