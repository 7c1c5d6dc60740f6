// An evaluation from its beginning to its results, in a folder that it can be gone on with whenever it was stopped:
//
//     suite, settings ──▶ settings.json     what it is made of; one that goes on must be made of the same
//     questions that have no record ──▶ Responder ──▶ GradingThreads ──▶ responses.jsonl     one record a question, durable
//     all records ──▶ results.json          written when the last question has its record
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "evaluation/prompts.h"
#include "evaluation/responder.h"
#include "evaluation/results.h"
#include "evaluation/settings.h"
#include "evaluation/suite.h"

namespace drover::evaluation {

struct Progress {
  uint64_t questions = 0, questions_done = 0;
  uint64_t questions_before = 0;                    // done before this start
  uint64_t responses = 0, correct = 0, tokens = 0;  // of the questions done, those before included
};

struct EvaluationOptions {
  std::string folder;  // made when it is not there
  Settings settings;
  int grading_threads = 1;  // at least 1
  FileSystem* files = PosixFileSystem();
  std::function<void(const Progress&)> progress = [](const Progress&) {};  // never two calls at a time
  std::function<void(const std::string&)> notice = [](const std::string&) {
  };  // for a person: what was found in the folder
};

struct Evaluated {
  Settings settings;
  Results results;
  std::vector<QuestionOutcome> questions;
};

// Asks what the folder has no record of, and sums up. INVALID_ARGUMENT for settings that differ from the folder's (naming each
// field and both values) and for a folder with other files and no evaluation in it; FAILED_PRECONDITION while another process
// evaluates into it; CANCELLED after `stop`: what was answered is kept. Errors of the responder as they are.
absl::StatusOr<Evaluated> Evaluate(const EvaluationOptions& options, absl::Span<const Benchmark> suite,
                                   const PromptBuilder& prompts, Responder& responder,
                                   const std::atomic<bool>& stop);

}  // namespace drover::evaluation
