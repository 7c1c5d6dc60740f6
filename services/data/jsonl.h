// Question files: a JSON object a line with `problem` (a text) and `answer` (a text, a number, or a list of these).
// Other keys are ignored, blank lines skipped.
#pragma once

#include <cstdint>
#include <istream>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/data/question.h"

namespace drover::data {

inline constexpr size_t kMaxLineBytes = size_t{1} << 20;
inline constexpr size_t kMaxAnswers = 256;
inline constexpr size_t kMaxQuestions = size_t{10} << 20;

// One line. Numbers keep their text: 1.50 stays "1.50". INVALID_ARGUMENT says what is missing or of a wrong type.
absl::StatusOr<Question> ParseQuestion(std::string_view line);

// The first `limit` questions of a file, their index being their position in it from 0. Errors are
// "FILE:LINE: ..."; a file without a question is one. NOT_FOUND, or INVALID_ARGUMENT.
absl::StatusOr<std::vector<Question>> ReadQuestions(const std::string& path, size_t limit = kMaxQuestions);

}  // namespace drover::data
