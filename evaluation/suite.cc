#include "evaluation/suite.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/status.h"
#include "data/nested_key.h"
#include "data/records.h"

namespace drover::evaluation {
namespace {

using nlohmann::json;

constexpr char kExtension[] = ".jsonl";

// "142.0" as 142; a number with anything but zeros behind the point as it is.
std::string WithoutEmptyFraction(const std::string& number) {
  const size_t point = number.find('.');
  if (point == std::string::npos) return number;
  if (number.find_first_not_of('0', point + 1) != std::string::npos) return number;
  return number.substr(0, point);
}

// Golds keep the order of the answers that they were, without the empty ones, which only texts can be.
void ReadNumbers(const json& answer, std::vector<std::string>& gold) {
  const auto is_blank = [](const json& value) {
    return value.is_string() && absl::StripAsciiWhitespace(value.get_ref<const std::string&>()).empty();
  };
  size_t next = 0;
  const auto read = [&](const json& value) {
    if (is_blank(value) || next == gold.size()) return;
    if (value.is_number_float()) gold[next] = WithoutEmptyFraction(gold[next]);
    ++next;
  };
  if (!answer.is_array()) return read(answer);
  for (const json& value : answer) read(value);
}

// A label as a text: 5, 5.0, "5" and "Level 5" are all "5".
std::string Label(const json& line, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const auto found = line.find(key);
    if (found == line.end()) continue;
    if (found->is_number()) return WithoutEmptyFraction(found->dump());
    if (found->is_string()) {
      absl::string_view text = absl::StripAsciiWhitespace(found->get_ref<const std::string&>());
      absl::ConsumePrefix(&text, "Level ");
      if (!text.empty()) return std::string(text);
    }
  }
  return "";
}

std::string DigestOf(const data::Question& question) {
  return HexDigest(question.messages.empty() ? question.text : question.messages);
}

// Of the questions and of all that decides about their results.
std::string DigestOf(const std::vector<SuiteQuestion>& questions) {
  Digester digester;
  for (const SuiteQuestion& question : questions) {
    digester.Update(
        json{question.id, question.digest, question.question.gold, question.level, question.subject}.dump(
            -1, ' ', false, json::error_handler_t::replace));
  }
  return digester.Hex();
}

absl::StatusOr<Benchmark> LoadBenchmark(const std::string& path, const SuiteOptions& options) {
  Benchmark benchmark;
  benchmark.name = std::filesystem::path(path).stem().string();
  ASSIGN_OR_RETURN(const std::string file, ReadFile(path));
  const absl::Status read = data::ForEachRecord(file, {}, [&](const data::Record& record) -> absl::Status {
    auto question = ParseSuiteLine(record.text, options.keys);
    if (!question.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("the line ", question.status().message()));
    }
    question->question.index = benchmark.in_file++;
    question->id = absl::StrCat(benchmark.name, "/", question->question.index);
    question->number = Hash64(question->id);
    if (options.limit && benchmark.questions.size() >= *options.limit) return absl::OkStatus();
    benchmark.questions.push_back(*std::move(question));
    return absl::OkStatus();
  });
  if (!read.ok()) return absl::InvalidArgumentError(absl::StrCat(path, ":", read.message()));
  if (benchmark.questions.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": has no question"));
  benchmark.digest = DigestOf(benchmark.questions);
  return benchmark;
}

// The benchmarks of a folder, by name.
absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& folder) {
  ASSIGN_OR_RETURN(const std::vector<FolderEntry> entries, PosixFileSystem()->List(folder));
  std::vector<std::string> names;
  for (const FolderEntry& entry : entries) {
    absl::string_view name = entry.name;
    if (entry.kind != FolderEntry::Kind::kFolder && absl::ConsumeSuffix(&name, kExtension) && !name.empty()) {
      names.emplace_back(name);
    }
  }
  if (names.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(folder, ": has no .jsonl file; a suite is a folder of them"));
  }
  return names;
}

absl::Status CheckNames(const SuiteOptions& options, const std::vector<std::string>& there) {
  for (size_t i = 0; i < options.names.size(); ++i) {
    const std::string& name = options.names[i];
    if (std::find(there.begin(), there.end(), name) == there.end()) {
      return absl::InvalidArgumentError(absl::StrCat(options.path, ": has no benchmark ", name,
                                                     ", there are: ", absl::StrJoin(there, ", ")));
    }
    if (std::find(options.names.begin(), options.names.begin() + i, name) != options.names.begin() + i) {
      return absl::InvalidArgumentError(absl::StrCat("benchmark ", name, " is named twice"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SuiteQuestion> ParseSuiteLine(std::string_view line, const data::QuestionKeys& keys) {
  SuiteQuestion parsed;
  ASSIGN_OR_RETURN(parsed.question, data::ParseQuestion(line, keys));
  const json object = json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return absl::InvalidArgumentError("is not JSON");
  if (const json* answer = data::ValueAt(object, keys.answer)) ReadNumbers(*answer, parsed.question.gold);
  parsed.level = Label(object, {"level"});
  parsed.subject = Label(object, {"subject", "subfield", "type"});
  parsed.digest = DigestOf(parsed.question);
  return parsed;
}

absl::StatusOr<std::vector<Benchmark>> LoadSuite(const SuiteOptions& options) {
  if (options.limit == uint64_t{0}) return absl::InvalidArgumentError("the limit is 0, must be at least 1");
  std::error_code error;
  if (!std::filesystem::exists(options.path, error)) {
    return absl::NotFoundError(
        absl::StrCat(options.path, ": is not there; a suite is a folder of .jsonl files"));
  }
  std::vector<std::string> there, paths;
  if (std::filesystem::is_directory(options.path, error)) {
    ASSIGN_OR_RETURN(there, NamesIn(options.path));
    for (const std::string& name : options.names.empty() ? there : options.names) {
      paths.push_back((std::filesystem::path(options.path) / (name + kExtension)).string());
    }
  } else {
    there = {std::filesystem::path(options.path).stem().string()};
    paths = {options.path};
  }
  RETURN_IF_ERROR(CheckNames(options, there));
  std::vector<Benchmark> suite;
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(suite.emplace_back(), LoadBenchmark(path, options));
  }
  return suite;
}

}  // namespace drover::evaluation
