// Where everything of a run lives (docs/reference/run-folder.md):
//
//   RUN/recipe.textproto          the effective recipe
//      /metrics.jsonl             a line a step
//      /samples.jsonl             prompt, responses, rewards, advantages
//      /evaluations.jsonl         a line an evaluation
//      /benchmarks.jsonl          a line an evaluation of the suite
//      /benchmarks/step-NNNNNN.jsonl   its responses
//      /tensorboard/              the same numbers as TensorBoard's events
//      /guards.jsonl              what the guards did
//      /data.json                 what the files of a supervised run gave
//      /summary.json              at the end
//      /reward.svg                at the end
//      /journal/                  what happened to every lease
//      /checkpoints/step-NNNNNN   Hugging Face directories plus the training state
//      /model/                    config.json and tokenizer files: what an actor needs beside the weights
//      /logs/PROCESS.log          structured logs
//      /ports/PROCESS.json        where a process listens
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace drover::run {

class RunFolder {
 public:
  // On `files`, which outlives it.
  explicit RunFolder(std::string path, FileSystem* files = PosixFileSystem())
      : path_(std::move(path)), files_(files) {}

  const std::string& path() const { return path_; }
  FileSystem* files() const { return files_; }
  std::string recipe() const { return path_ + "/recipe.textproto"; }
  // The recipe that a resume was given, until the learner has accepted it.
  std::string next_recipe() const { return path_ + "/recipe.next.textproto"; }
  std::string metrics() const { return path_ + "/metrics.jsonl"; }
  std::string samples() const { return path_ + "/samples.jsonl"; }
  std::string evaluations() const { return path_ + "/evaluations.jsonl"; }
  std::string tensorboard() const { return path_ + "/tensorboard"; }
  std::string benchmarks() const { return path_ + "/benchmarks.jsonl"; }
  std::string benchmark_folder() const { return path_ + "/benchmarks"; }
  // The responses of the suite's evaluation by the weights of `step`.
  std::string benchmark_responses(uint64_t step) const;
  // What a supervised run's files gave when it began.
  std::string data() const { return path_ + "/data.json"; }
  // What the guards did.
  std::string guards() const { return path_ + "/guards.jsonl"; }
  std::string clock() const { return path_ + "/clock.json"; }
  std::string summary() const { return path_ + "/summary.json"; }
  std::string reward_svg() const { return path_ + "/reward.svg"; }
  std::string journal() const { return path_ + "/journal"; }
  std::string checkpoints() const { return path_ + "/checkpoints"; }
  std::string checkpoint(uint64_t step) const;
  std::string model() const { return path_ + "/model"; }
  std::string log(const std::string& process) const { return path_ + "/logs/" + process + ".log"; }
  std::string port_file(const std::string& process) const { return path_ + "/ports/" + process + ".json"; }

  // Makes the folder and those inside it that processes write to, durably.
  absl::Status Create() const;

  // True when a run was begun here (its recipe is there).
  bool Exists() const;

  // True when nothing of a run is in the folder, which may be missing: it is empty, or `drover train` was cut off
  // before it wrote the recipe and left a lock, empty folders or part of a recipe.
  bool NeverBegan() const;

  // Steps of the checkpoints that are there, oldest first. A folder whose name is not step-NNNNNN is passed over. An
  // error: the folder cannot be read; one that is not there has none.
  absl::StatusOr<std::vector<uint64_t>> CheckpointSteps() const;
  // Nullopt too where CheckpointSteps gives an error, which whoever goes on to load one hears.
  std::optional<uint64_t> NewestCheckpoint() const;

  // Renames a damaged checkpoint to NAME.damaged (in place of an earlier one), so that it counts no more.
  absl::Status SetCheckpointAside(uint64_t step) const;

  // Removes all checkpoints but those of `steps`; step 0 (before the first rollout) goes like any other.
  absl::Status KeepCheckpoints(const std::set<uint64_t>& steps) const;
  // Removes what saves that a crash cut short have left: step-NNNNNN.tmp. Not while one is being written.
  absl::Status RemoveUnfinishedCheckpoints() const;

 private:
  std::string path_;
  FileSystem* files_;
};

}  // namespace drover::run
