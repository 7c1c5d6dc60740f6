// Where drover's own programs and files are.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace drover::cli {

// The folder of the running executable: its sibling programs are there.
std::string ProgramFolder();

// Becomes `program` (a path), called by that name (argv[0]), with `arguments`, its threads patient (launch::PatientThreads)
// unless the environment says otherwise; returns only when that failed.
absl::Status Become(const std::string& program, const std::string& called,
                    const std::vector<std::string>& arguments);

}  // namespace drover::cli
