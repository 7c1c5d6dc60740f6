#include "programs/model/jsonl_file.h"

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "model/json.h"

namespace drover::model_tool {
namespace {

constexpr size_t kMaxLine = size_t{64} << 20;
constexpr model::JsonLimits kLimits = {.max_bytes = kMaxLine, .max_depth = 8};

}  // namespace

absl::StatusOr<JsonlReader> JsonlReader::Open(const std::string& path) {
  JsonlReader reader(path);
  if (path == "-") return reader;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is a folder; give a JSONL file"));
  }
  reader.file_.open(path, std::ios::binary);
  if (!reader.file_) return ErrnoError(path, "open");
  return reader;
}

absl::StatusOr<bool> JsonlReader::ReadLine(std::string* line) {
  std::streambuf& buffer = *(path_ == "-" ? std::cin : file_).rdbuf();
  line->clear();
  ++number_;
  for (int c = buffer.sbumpc(); c != std::char_traits<char>::eof(); c = buffer.sbumpc()) {
    if (c == '\n') return true;
    if (line->size() == kMaxLine) {
      return absl::InvalidArgumentError(
          absl::StrCat(path_, ":", number_, ": a line of over ", kMaxLine, " bytes"));
    }
    line->push_back(static_cast<char>(c));
  }
  return !line->empty();
}

absl::StatusOr<std::optional<InputLine>> JsonlReader::Next() {
  std::string line;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, ReadLine(&line));
    if (!more) return std::nullopt;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    InputLine input;
    input.where = absl::StrCat(path_, ":", number_);
    auto value = model::ParseJson(line, kLimits);
    if (!value.ok()) return Annotate(value.status(), input.where);
    if (!value->is_object()) {
      return absl::InvalidArgumentError(
          absl::StrCat(input.where, ": is ", model::ShowJson(*value), ", must be a JSON object"));
    }
    input.value = std::move(*value);
    return input;
  }
}

absl::StatusOr<JsonlWriter> JsonlWriter::Open(const std::string& path) {
  JsonlWriter writer(path);
  if (path == "-") return writer;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is a folder; give a file"));
  }
  const bool plain = MayBeReplaced(path);
  if (plain) writer.part_ = path + ".part";
  writer.file_.open(plain ? writer.part_ : path, std::ios::binary | std::ios::trunc);
  if (!writer.file_) {
    writer.part_.clear();
    return ErrnoError(path, "open for writing");
  }
  return writer;
}

JsonlWriter::JsonlWriter(JsonlWriter&& other) noexcept
    : path_(std::move(other.path_)), part_(std::exchange(other.part_, {})), file_(std::move(other.file_)) {}

JsonlWriter::~JsonlWriter() {
  if (!part_.empty()) std::remove(part_.c_str());
}

absl::Status JsonlWriter::Write(const nlohmann::ordered_json& object) {
  std::ostream& out = path_ == "-" ? std::cout : file_;
  out << object.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace) << '\n';
  return out.good() ? absl::OkStatus() : ErrnoError(path_, "write");
}

absl::Status JsonlWriter::Flush() {
  std::ostream& out = path_ == "-" ? std::cout : file_;
  out.flush();
  return out.good() ? absl::OkStatus() : ErrnoError(path_, "write");
}

absl::Status JsonlWriter::Close() {
  std::ostream& out = path_ == "-" ? std::cout : file_;
  out.flush();
  if (file_.is_open()) file_.close();
  if (!out.good()) return ErrnoError(path_, "write");
  if (part_.empty()) return absl::OkStatus();
  if (std::rename(part_.c_str(), path_.c_str()) != 0) return ErrnoError(path_, "rename");
  part_.clear();
  return absl::OkStatus();
}

}  // namespace drover::model_tool
