// Where commands put what they made.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "data/question.h"

namespace drover::cli {

// Puts `text` at `path`, whole or not at all; "-" is standard output, and a pipe or device is written through.
absl::Status WriteOutput(const std::string& path, std::string_view text);

// The question as a line of the format jsonl: problem, answer (a list where there are several), of level, subject,
// source and pass_rate what it has, and a worked solution that is not empty.
std::string QuestionLine(const data::Question& question, std::string_view solution = {});

// The beginning of a text in quotes, its control characters escaped.
std::string Shown(std::string_view text);

// `part` of `whole` as "12.3 %"; "-" of nothing.
std::string Percent(uint64_t part, uint64_t whole);

}  // namespace drover::cli
