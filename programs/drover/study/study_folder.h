// Where a study keeps what it does (docs/guides/studies.md):
//
//   DIR/plan.json         what was asked for: a second start with anything else is refused
//      /runs/NAME         a run folder each, as `drover train` makes it; NAME.out.log beside it
//      /clock.json        seconds so far, all starts together
//      /study.json, report.md, *.svg    at the end
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "services/run/run_folder.h"
#include "study/definition.h"

namespace drover::study_command {

class StudyFolder {
 public:
  // Takes DIR for the study, which nobody else runs there meanwhile, and writes the plan where there is none. INVALID_ARGUMENT: it holds
  // something else, or a study with another plan. FAILED_PRECONDITION: another process runs it.
  static absl::StatusOr<StudyFolder> Take(const std::string& path, const study::Definition& definition,
                                          const study::Extent& extent);

  std::string path(const std::string& file) const { return path_ + "/" + file; }
  run::RunFolder run(const std::string& name) const { return run::RunFolder(path_ + "/runs/" + name); }
  std::string run_log(const std::string& name) const { return path_ + "/runs/" + name + ".out.log"; }

  // Of earlier starts.
  double seconds() const { return seconds_; }
  absl::Status WriteClock(double seconds) const;

 private:
  StudyFolder(std::string path, std::unique_ptr<FileLock> lock, double seconds)
      : path_(std::move(path)), lock_(std::move(lock)), seconds_(seconds) {}
  std::string path_;
  std::unique_ptr<FileLock> lock_;
  double seconds_;
};

}  // namespace drover::study_command
