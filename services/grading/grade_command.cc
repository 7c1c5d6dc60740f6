#include "services/grading/grade_command.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "services/grading/grade_lines.h"
#include "services/grading/grade_one.h"
#include "verifier/grader.h"

namespace drover::grading {
namespace {

constexpr size_t kBlockLines = 4096;
constexpr size_t kBlockBytes = size_t{32} << 20;
constexpr size_t kMaxLine = size_t{64} << 20;

// Reads lines of bounded length.
class LineReader {
 public:
  explicit LineReader(std::istream& in) : buffer_(in.rdbuf()) {}

  // False at the end of the file. RESOURCE_EXHAUSTED above kMaxLine bytes.
  absl::StatusOr<bool> Next(std::string* line) {
    line->clear();
    for (int c = buffer_->sbumpc(); c != std::char_traits<char>::eof(); c = buffer_->sbumpc()) {
      if (c == '\n') return true;
      if (line->size() == kMaxLine) {
        return absl::InvalidArgumentError(absl::StrCat("a line of over ", kMaxLine, " bytes"));
      }
      line->push_back(static_cast<char>(c));
    }
    return !line->empty();
  }

 private:
  std::streambuf* buffer_;
};

struct Item {
  size_t number = 0;  // of the line, from 1
  std::string text;
  absl::Status status;
  std::string result;
};

void GradeItem(std::string_view format, Item& item) {
  absl::StatusOr<GradeLine> line = ParseGradeLine(item.text, format);
  if (!line.ok()) {
    item.status = line.status();
    return;
  }
  item.result = FormatGradeLine(line->id, GradeOne(line->request));
}

void GradeBlock(const GradeFileOptions& options, int threads, std::vector<Item>& block) {
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < block.size(); i = next++) GradeItem(options.format, block[i]);
  };
  std::vector<std::thread> workers;
  for (int i = 1; i < threads; ++i) workers.emplace_back(work);
  work();
  for (std::thread& worker : workers) worker.join();
}

absl::StatusOr<std::vector<Item>> ReadBlock(LineReader& reader, size_t* number) {
  std::vector<Item> block;
  size_t bytes = 0;
  for (std::string line; block.size() < kBlockLines && bytes < kBlockBytes;) {
    absl::StatusOr<bool> more = reader.Next(&line);
    ++*number;
    if (!more.ok()) return Annotate(more.status(), absl::StrCat(*number));
    if (!*more) break;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    bytes += line.size();
    block.push_back({.number = *number, .text = line});
  }
  return block;
}

absl::Status GradeStream(const GradeFileOptions& options, std::istream& in, std::ostream& out) {
  const int threads = options.threads > 0
                          ? options.threads
                          : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  LineReader reader(in);
  size_t number = 0;
  while (true) {
    absl::StatusOr<std::vector<Item>> block = ReadBlock(reader, &number);
    if (!block.ok()) return Annotate(block.status(), options.in);
    if (block->empty()) break;
    GradeBlock(options, threads, *block);
    for (const Item& item : *block) {
      if (!item.status.ok()) return Annotate(item.status, absl::StrCat(options.in, ":", item.number));
      out << item.result << '\n';
    }
    if (!out.flush()) return ErrnoError(options.out, "write");
  }
  return absl::OkStatus();
}

absl::Status GradeToPath(const GradeFileOptions& options, std::istream& in) {
  std::error_code error;
  const bool direct = !MayBeReplaced(options.out);
  const std::string path = direct ? options.out : options.out + ".part";
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  if (!out) return ErrnoError(path, "open for writing");
  absl::Status status = GradeStream(options, in, out);
  out.close();
  if (status.ok() && !out) status = ErrnoError(path, "write");
  if (direct) return status;
  if (status.ok() && std::rename(path.c_str(), options.out.c_str()) != 0)
    status = ErrnoError(options.out, "rename");
  if (!status.ok()) std::filesystem::remove(path, error);
  return status;
}

}  // namespace

absl::Status GradeFile(const GradeFileOptions& options) {
  if (!verifier::ParseRewardFormat(options.format).has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--format is \"", options.format, "\"; it may be boxed, answer_tag, answer_tag_lenient or plain"));
  }
  std::ifstream file;
  if (options.in != "-") {
    file.open(options.in, std::ios::binary);
    if (!file) return ErrnoError(options.in, "open");
    if (std::filesystem::is_directory(options.in)) {
      return absl::InvalidArgumentError(absl::StrCat(options.in, ": is a folder; give a JSONL file"));
    }
  }
  std::istream& in = options.in == "-" ? std::cin : file;
  return options.out == "-" ? GradeStream(options, in, std::cout) : GradeToPath(options, in);
}

}  // namespace drover::grading
