#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace drover::cli::analyze {

// Adds `analyze` with its three analyses. `choose` is called with what runs the one that was named: it returns the exit status.
void AddAnalyze(CLI::App& app, const std::function<void(std::function<int()>)>& choose);

}  // namespace drover::cli::analyze
