// Reading question files:
//
//   file ── records (lines, or one list) ── format (jsonl, math, gsm8k, ...) ──▶ questions, numbered from 0
//                                                    └──▶ left out: those without an answer that can be read
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/jsonl.h"
#include "data/question.h"
#include "data/question_formats.h"

namespace drover::data {

inline constexpr size_t kMaxQuestions = size_t{10} << 20;

struct QuestionFileOptions {
  std::string format = std::string(kJsonl);  // a name of QuestionFormats()
  QuestionKeys keys;                         // of kJsonl
};

struct QuestionFile {
  std::vector<Question> questions;  // their index is their position here
  // Records without an answer that can be read: an error in kJsonl, where it is the user's own file that says so; left out in
  // the other formats, whose published sets have a few.
  uint64_t unanswered = 0;
  std::string unanswered_example;  // "LINE: why" of the first
};

// Of bytes that are a file's. INVALID_ARGUMENT as "LINE: the record ..." for what cannot be read, or without a line for a
// file that has no question or over kMaxQuestions, and for a format that there is not.
absl::StatusOr<QuestionFile> ParseQuestionFile(std::string_view bytes,
                                               const QuestionFileOptions& options = {});

// The same of the file at `path`; errors are "PATH:LINE: ..." or "PATH: ...". NOT_FOUND, INVALID_ARGUMENT, and
// RESOURCE_EXHAUSTED for a file above kMaxFileBytes.
absl::StatusOr<QuestionFile> ReadQuestionFile(const std::string& path,
                                              const QuestionFileOptions& options = {});

}  // namespace drover::data
