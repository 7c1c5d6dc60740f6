// The library as other programs get it: installed under a prefix, found by find_package(drover), and used by the example
// of docs/guides/verifier-library.md, which is built and run here.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

namespace fs = std::filesystem;

// The first block of the guide that is fenced as `language`.
std::string Block(const std::string& guide, const std::string& language) {
  const std::string fence = "```" + language + "\n";
  const size_t begin = guide.find(fence);
  if (begin == guide.npos) return "";
  const size_t from = begin + fence.size();
  return guide.substr(from, guide.find("```", from) - from);
}

// Runs a shell command; its output goes to *output.
int Shell(const std::string& command, std::string* output) {
  output->clear();
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return -1;
  char buffer[4096];
  for (size_t n = 0; (n = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) output->append(buffer, n);
  return pclose(pipe);
}

TEST(Library, TheGuidesExampleBuildsAgainstAnInstalledPrefix) {
  std::string output;
  if (Shell("command -v cmake", &output) != 0) GTEST_SKIP() << "skipped: no cmake";
  std::ifstream in("docs/guides/verifier-library.md");
  const std::string guide{std::istreambuf_iterator<char>(in), {}};
  ASSERT_NE(Block(guide, "cpp"), "");
  const fs::path folder = fs::temp_directory_path() / ("drover-library-" + std::to_string(getpid()));
  fs::create_directories(folder / "src");
  std::ofstream(folder / "src/main.cc") << Block(guide, "cpp");
  std::ofstream(folder / "src/CMakeLists.txt") << Block(guide, "cmake");
  const std::string prefix = (folder / "prefix").string(), build = (folder / "build").string();
  EXPECT_EQ(Shell("cmake --install " DROVER_BUILD_DIR " --component verifier --prefix " + prefix, &output), 0)
      << output;
  EXPECT_EQ(Shell("cmake -S " + (folder / "src").string() + " -B " + build + " -DCMAKE_PREFIX_PATH=" + prefix,
                  &output),
            0)
      << output;
  EXPECT_EQ(Shell("cmake --build " + build, &output), 0) << output;
  EXPECT_EQ(Shell(build + "/grade_one", &output), 0) << output;
  EXPECT_EQ(output, "1 equal_exact 0.5\n");
  fs::remove_all(folder);
}

}  // namespace
