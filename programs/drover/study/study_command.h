// `drover study`: small, honest versions of claims about reinforcement learning, on this machine (docs/guides/studies.md).
#pragma once

#include <string>

namespace drover::cli {

struct StudyOptions {
  std::string name;  // of a shipped study, a file, or "list"
  bool quick = false;
  int seeds = 0;       // 0: as the study says
  std::string model;   // a Hugging Face directory; empty: the study's own small model
  std::string out;     // its folder
  int jobs = 0;        // runs side by side; 0: one a core, and one with a model
  bool quiet = false;  // nothing but errors
};

// The exit status (docs/reference/cli.md).
int Study(const StudyOptions& options);

}  // namespace drover::cli
