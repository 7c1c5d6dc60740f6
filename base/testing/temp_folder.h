// A fresh folder for a test, removed with all that is in it at the end: tests that run beside each other, of several
// builds too, share nothing.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace drover::testing {

class TempFolder {
 public:
  TempFolder() : path_(::testing::TempDir() + "drover-test-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr) ADD_FAILURE() << path_ << ": cannot be made";
  }
  TempFolder(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  // Without a slash at its end.
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace drover::testing
