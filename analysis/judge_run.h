// Has a model judge responses, and keeps what it said: a line a judgement in a file, so that a run that was stopped goes on, and every
// verdict can be read again beside the judge's own words.
//
//   {"id","task","judge","digest","verdict","raw"}     verdict: one of the task's words, or null for an answer that is not understood
//
// `digest` is over the judge and all of what it was asked: another prompt, response or judge is asked anew.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analysis/judge.h"
#include "base/file_system.h"
#include "evaluation/responder.h"

namespace drover::analysis {

struct JudgeItem {
  std::string id;  // unique: "none-t0/amc/12#3"
  std::string question, response;
};

struct Judgement {
  std::optional<size_t> verdict;  // of the task's; none when the answer was not understood
  std::string raw;                // the judge's answer
};

struct JudgeRunOptions {
  std::string path;  // of the file
  uint32_t max_answer_tokens = 16;
  FileSystem* files = PosixFileSystem();
  std::function<void(size_t done, size_t all)> progress = [](size_t, size_t) {};
};

// The judgements of `items`, in their order: those of the file, and for the others those of `judge`, greedy. Errors of the judge and of the
// file as they are; CANCELLED after `stop`, what was judged being kept.
absl::StatusOr<std::vector<Judgement>> RunJudge(const JudgeTask& task, absl::Span<const JudgeItem> items,
                                                evaluation::Responder& judge, const JudgeRunOptions& options,
                                                const std::atomic<bool>& stop);

}  // namespace drover::analysis
