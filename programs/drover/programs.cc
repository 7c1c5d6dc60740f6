#include "programs/drover/programs.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "programs/launch/process.h"

namespace drover::cli {

std::string ProgramFolder() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "." : self.parent_path().string();
}

absl::Status Become(const std::string& program, const std::string& called,
                    const std::vector<std::string>& arguments) {
  std::vector<char*> argv = {const_cast<char*>(called.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  for (const auto& [name, value] : launch::PatientThreads()) {
    ::setenv(name.c_str(), value.c_str(), /*overwrite=*/0);
  }
  ::execv(program.c_str(), argv.data());
  return ErrnoError(program, "run (is the build complete? ./drover setup)");
}

}  // namespace drover::cli
