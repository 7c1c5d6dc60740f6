#include "programs/drover/data/output.h"

#include <cstdio>
#include <filesystem>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file.h"
#include "nlohmann/json.hpp"

namespace drover::cli {
namespace {

absl::Status WriteTo(std::FILE* file, const std::string& path, std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fflush(file) == 0 && written ? absl::OkStatus() : ErrnoError(path, "write");
}

}  // namespace

absl::Status WriteOutput(const std::string& path, std::string_view text) {
  if (path == "-") return WriteTo(stdout, "standard output", text);
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is a folder; give a file"));
  }
  if (MayBeReplaced(path)) return WriteFileAtomically(path, text);
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return ErrnoError(path, "open for writing");
  const absl::Status status = WriteTo(file, path, text);
  std::fclose(file);
  return status;
}

std::string QuestionLine(const data::Question& question, std::string_view solution) {
  nlohmann::ordered_json line;
  line["problem"] = question.text;
  if (!question.messages.empty()) line["problem"] = nlohmann::ordered_json::parse(question.messages);
  if (question.gold.size() == 1) {
    line["answer"] = question.gold[0];
  } else {
    line["answer"] = question.gold;
  }
  if (question.level > 0) line["level"] = question.level;
  if (!question.subject.empty()) line["subject"] = question.subject;
  if (!question.source.empty()) line["source"] = question.source;
  if (question.pass_rate) line["pass_rate"] = *question.pass_rate;
  if (!solution.empty()) line["solution"] = solution;
  return line.dump() + "\n";
}

std::string Shown(std::string_view text) {
  constexpr size_t kShownBytes = 60;
  const std::string_view part = text.substr(0, kShownBytes);
  return absl::StrCat("\"", absl::Utf8SafeCEscape(absl::string_view(part.data(), part.size())),
                      text.size() > kShownBytes ? "..." : "", "\"");
}

std::string Percent(uint64_t part, uint64_t whole) {
  if (whole == 0) return "-";
  return absl::StrFormat("%.1f %%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

}  // namespace drover::cli
