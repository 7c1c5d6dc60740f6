#include "analysis/judge_run.h"

#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/status.h"

namespace drover::analysis {
namespace {

constexpr uint64_t kMostFileBytes = uint64_t{4} << 30;

std::string Text(const nlohmann::json& line, const char* name) {
  const auto found = line.find(name);
  return found != line.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// What the file has, by digest, and the bytes of its whole lines.
struct Kept {
  std::map<std::string, std::string> raw;
  uint64_t bytes = 0;
};

absl::StatusOr<Kept> ReadKept(const std::string& path, FileSystem* files) {
  Kept kept;
  absl::StatusOr<std::string> text = ReadFile(path, kMostFileBytes, files);
  if (absl::IsNotFound(text.status())) return kept;
  RETURN_IF_ERROR(text.status());
  for (size_t end = 0; (end = text->find('\n', kept.bytes)) != std::string::npos; kept.bytes = end + 1) {
    const nlohmann::json line =
        nlohmann::json::parse(text->begin() + static_cast<long>(kept.bytes),
                              text->begin() + static_cast<long>(end), nullptr, /*allow_exceptions=*/false);
    if (!line.is_object() || Text(line, "digest").empty()) break;  // torn: what follows is judged again
    kept.raw[Text(line, "digest")] = Text(line, "raw");
  }
  return kept;
}

// Behind the whole lines.
absl::StatusOr<std::unique_ptr<AppendFile>> OpenBehind(const std::string& path, uint64_t bytes,
                                                       FileSystem* files) {
  ASSIGN_OR_RETURN(std::unique_ptr<AppendFile> file, files->OpenForAppending(path));
  if (file->size() <= bytes) return file;
  file.reset();
  RETURN_IF_ERROR(files->Truncate(path, bytes));
  return files->OpenForAppending(path);
}

std::string Line(const JudgeTask& task, const std::string& judge, const std::string& id,
                 const std::string& digest, const std::string& raw) {
  nlohmann::ordered_json line = {{"id", id}, {"task", task.name}, {"judge", judge}, {"digest", digest}};
  const std::optional<size_t> verdict = ParseVerdict(task, raw);
  line["verdict"] = verdict.has_value() ? nlohmann::json(task.verdicts[*verdict]) : nlohmann::json();
  line["raw"] = raw;
  return absl::StrCat(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), "\n");
}

}  // namespace

absl::StatusOr<std::vector<Judgement>> RunJudge(const JudgeTask& task, absl::Span<const JudgeItem> items,
                                                evaluation::Responder& judge, const JudgeRunOptions& options,
                                                const std::atomic<bool>& stop) {
  ASSIGN_OR_RETURN(Kept kept, ReadKept(options.path, options.files));
  std::vector<std::string> digests;
  std::vector<evaluation::Ask> asks;
  for (const JudgeItem& item : items) {
    const std::string prompt = JudgePrompt(task, item.question, item.response);
    digests.push_back(HexDigest(absl::StrCat(judge.Describe(), "\n", prompt)));
    if (kept.raw.count(digests.back()) > 0) continue;
    const nlohmann::json messages = {{{"role", "user"}, {"content", prompt}}};
    // Several items may be the same text: each is asked, the file keeps one.
    asks.push_back({.id = absl::StrCat(digests.size() - 1),
                    .number = Hash64(digests.back()),
                    .prompt = "",
                    .messages = messages.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                    .n = 1});
  }
  const size_t before = items.size() - asks.size();
  options.progress(before, items.size());
  if (!asks.empty()) {
    ASSIGN_OR_RETURN(std::unique_ptr<AppendFile> file, OpenBehind(options.path, kept.bytes, options.files));
    size_t done = before;
    const auto answered = [&](const evaluation::Ask& ask, std::vector<evaluation::Response> responses) {
      const size_t index = std::stoul(ask.id);
      RETURN_IF_ERROR(
          file->Append(Line(task, judge.Describe(), items[index].id, digests[index], responses[0].text)));
      RETURN_IF_ERROR(file->Sync());
      kept.raw[digests[index]] = responses[0].text;
      options.progress(++done, items.size());
      return absl::OkStatus();
    };
    evaluation::Sampling sampling;
    sampling.max_response_tokens = options.max_answer_tokens;
    RETURN_IF_ERROR(Annotate(judge.Respond(asks, sampling, answered, stop), "the judge"));
  }
  std::vector<Judgement> judgements;
  for (const std::string& digest : digests) {
    judgements.push_back({ParseVerdict(task, kept.raw[digest]), kept.raw[digest]});
  }
  return judgements;
}

}  // namespace drover::analysis
