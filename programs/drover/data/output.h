// Where commands put what they made.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "data/question.h"

namespace drover::cli {

// Puts `text` at `path`, whole or not at all; "-" is standard output, and a pipe or device is written through.
absl::Status WriteOutput(const std::string& path, std::string_view text);

// The question as a line of the format jsonl: problem, answer (a list where there are several), and of level, subject,
// source and pass_rate what it has.
std::string QuestionLine(const data::Question& question);

// `part` of `whole` as "12.3 %"; "-" of nothing.
std::string Percent(uint64_t part, uint64_t whole);

}  // namespace drover::cli
