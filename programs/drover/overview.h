// What `drover` says when it is given no command.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace drover::cli {

// Puts each command of `app` into a group and an example under its help. Commands that are not known here stay as they
// are.
void Describe(CLI::App& app);

// The commands by group, each with what it does and one example.
std::string Overview(const CLI::App& app);

}  // namespace drover::cli
