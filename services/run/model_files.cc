#include "services/run/model_files.h"

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/status.h"

namespace drover::run {
namespace {

struct FileRule {
  const char* name;
  bool required;
};
constexpr FileRule kFiles[] = {{"config.json", true},
                               {"generation_config.json", false},
                               {"tokenizer.json", true},
                               {"tokenizer_config.json", false},
                               {"special_tokens_map.json", false}};

absl::Status TooLarge(uint64_t bytes) {
  return absl::ResourceExhaustedError(absl::StrCat("the model's configuration and tokenizer have ", bytes,
                                                   " bytes or more; at most ", kMaxModelFilesBytes,
                                                   " are sent: give actors the folder with --model"));
}

}  // namespace

absl::StatusOr<v1::GetModelFilesResponse> PackModelFiles(const std::string& folder) {
  v1::GetModelFilesResponse answer;
  uint64_t bytes = 0;
  for (const FileRule& rule : kFiles) {
    absl::StatusOr<std::string> data = ReadFile(absl::StrCat(folder, "/", rule.name), kMaxModelFilesBytes);
    if (absl::IsNotFound(data.status()) && !rule.required) continue;
    RETURN_IF_ERROR(data.status());
    bytes += data->size();
    if (bytes > kMaxModelFilesBytes) return TooLarge(bytes);
    v1::ModelFile& file = *answer.add_files();
    file.set_name(rule.name);
    file.set_digest(HexDigest(*data));
    file.set_data(*std::move(data));
  }
  return answer;
}

absl::StatusOr<std::map<std::string, std::string>> UnpackModelFiles(const v1::GetModelFilesResponse& answer) {
  std::map<std::string, std::string> files;
  uint64_t bytes = 0;
  for (const v1::ModelFile& file : answer.files()) {
    if (file.name().empty() || file.name()[0] == '.' || file.name().find('/') != std::string::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("the learner sent a model file named \"", file.name(), "\", which is no plain name"));
    }
    bytes += file.data().size();
    if (bytes > kMaxModelFilesBytes) return TooLarge(bytes);
    if (HexDigest(file.data()) != file.digest()) {
      return absl::DataLossError(absl::StrCat("the learner sent ", file.name(), " with ", file.data().size(),
                                              " bytes that do not fit its digest"));
    }
    files[file.name()] = file.data();
  }
  for (const FileRule& rule : kFiles) {
    if (rule.required && files.count(rule.name) == 0) {
      return absl::DataLossError(absl::StrCat("the learner sent no ", rule.name));
    }
  }
  return files;
}

}  // namespace drover::run
