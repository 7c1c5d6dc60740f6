#include "programs/drover/grading/grade_command.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/address.h"
#include "base/file.h"
#include "base/status.h"
#include "programs/drover/grading/block_grader.h"
#include "services/grading/grade_lines.h"
#include "services/grading/line_reader.h"
#include "verifier/grader.h"

namespace drover::grading {
namespace {

constexpr size_t kBlockLines = 4096;
constexpr size_t kBlockBytes = size_t{32} << 20;

absl::StatusOr<std::vector<Item>> ReadBlock(LineReader& reader) {
  std::vector<Item> block;
  size_t bytes = 0;
  for (std::string line; block.size() < kBlockLines && bytes < kBlockBytes;) {
    absl::StatusOr<bool> more = reader.Next(&line);
    if (!more.ok()) return Annotate(more.status(), absl::StrCat(reader.number()));
    if (!*more) break;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    bytes += line.size();
    block.push_back({.number = reader.number(), .text = line});
  }
  return block;
}

// Where grades go: a file beside `path` that takes its name at the end, or, for what may not be replaced (standard output,
// pipes, devices, links), an unnamed file whose contents are copied there at the end.
class Output {
 public:
  explicit Output(const std::string& path) : path_(path), spools_(path == "-" || !MayBeReplaced(path)) {}
  ~Output() {
    if (file_ == nullptr) return;
    std::fclose(file_);
    if (!spools_ && !done_) std::remove(part().c_str());
  }

  absl::Status Open() {
    std::error_code error;
    if (std::filesystem::is_directory(path_, error))
      return absl::InvalidArgumentError(absl::StrCat(path_, ": is a folder; give a file"));
    file_ = spools_ ? std::tmpfile() : std::fopen(part().c_str(), "wb");
    if (file_ != nullptr) return absl::OkStatus();
    return ErrnoError(spools_ ? "a temporary file" : part(), "open for writing");
  }

  absl::Status Write(const std::string& line) {
    const bool written = std::fwrite(line.data(), 1, line.size(), file_) == line.size();
    return written ? absl::OkStatus() : ErrnoError(path_, "write");
  }

  absl::Status Finish() {
    if (std::fflush(file_) != 0) return ErrnoError(path_, "write");
    if (spools_) return CopyOut();
    done_ = std::rename(part().c_str(), path_.c_str()) == 0;
    return done_ ? absl::OkStatus() : ErrnoError(path_, "rename");
  }

 private:
  std::string part() const { return path_ + ".part"; }

  absl::Status CopyOut() {
    std::FILE* out = path_ == "-" ? stdout : std::fopen(path_.c_str(), "wb");
    if (out == nullptr) return ErrnoError(path_, "open for writing");
    std::rewind(file_);
    std::string chunk(1 << 16, '\0');
    bool ok = true;
    for (size_t n; ok && (n = std::fread(chunk.data(), 1, chunk.size(), file_)) > 0;) {
      ok = std::fwrite(chunk.data(), 1, n, out) == n;
    }
    ok = std::fflush(out) == 0 && ok && std::ferror(file_) == 0;
    const absl::Status status = ok ? absl::OkStatus() : ErrnoError(path_, "write");
    if (out != stdout) std::fclose(out);
    return status;
  }

  const std::string path_;
  const bool spools_;
  bool done_ = false;
  std::FILE* file_ = nullptr;
};

absl::Status GradeStream(const GradeFileOptions& options, std::istream& in, Output& out,
                         GradeProgress* progress) {
  const std::unique_ptr<BlockGrader> grader = MakeBlockGrader(options.grading);
  LineReader reader(in);
  while (true) {
    absl::StatusOr<std::vector<Item>> block = ReadBlock(reader);
    if (!block.ok())
      return absl::Status(block.status().code(), absl::StrCat(options.in, ":", block.status().message()));
    if (block->empty()) return absl::OkStatus();
    RETURN_IF_ERROR(Annotate(grader->Grade(*block), options.in));
    for (const Item& item : *block) {
      if (!item.status.ok()) return Annotate(item.status, absl::StrCat(options.in, ":", item.number));
      RETURN_IF_ERROR(out.Write(FormatGradeLine(item.id, item.result) + "\n"));
      ++progress->lines;
      progress->correct += item.result.reward() > 0.5;
      ++progress->reasons[item.result.reason()];
    }
    progress->bytes = reader.bytes();
    if (options.progress) options.progress(*progress);
  }
}

absl::Status Check(const BlockGraderOptions& options) {
  if (!verifier::ParseRewardFormat(options.format).has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--format is \"", options.format, "\"; it may be boxed, answer_tag, answer_tag_lenient or plain"));
  }
  if (options.verifiers.empty() && verifier::FindGrader(options.grader) == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("--grader is \"", options.grader, "\"; it may be ",
                                                   absl::StrJoin(verifier::GraderNames(), ", ")));
  }
  for (const std::string& address : options.verifiers) RETURN_IF_ERROR(ParseHostPort(address).status());
  return absl::OkStatus();
}

}  // namespace

absl::Status GradeFile(const GradeFileOptions& options, GradeProgress* total) {
  RETURN_IF_ERROR(Check(options.grading));
  GradeProgress progress;
  std::ifstream file;
  if (options.in != "-") {
    if (std::error_code error; std::filesystem::is_directory(options.in, error)) {
      return absl::InvalidArgumentError(absl::StrCat(options.in, ": is a folder; give a JSONL file"));
    }
    file.open(options.in, std::ios::binary);
    if (!file) return ErrnoError(options.in, "open");
    std::error_code error;
    const uintmax_t size = std::filesystem::file_size(options.in, error);
    if (!error) progress.bytes_total = size;
  }
  Output out(options.out);
  RETURN_IF_ERROR(out.Open());
  std::istream& in = options.in == "-" ? std::cin : file;
  RETURN_IF_ERROR(GradeStream(options, in, out, &progress));
  RETURN_IF_ERROR(out.Finish());
  if (total != nullptr) *total = std::move(progress);
  return absl::OkStatus();
}

}  // namespace drover::grading
