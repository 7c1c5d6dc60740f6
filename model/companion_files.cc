#include "model/companion_files.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/folder_digests.h"
#include "base/status.h"

namespace drover::model {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFirst[] = {"config.json", "generation_config.json", "tokenizer.json"};

// Endings of the formats that weights are kept in, these checkpoints' own state among them.
constexpr std::string_view kWeights[] = {
    ".safetensors", ".bin",     ".pt",   ".pth",    ".ckpt", ".gguf", ".ggml",      ".h5",     ".npz",
    ".npy",         ".msgpack", ".onnx", ".tflite", ".pkl",  ".ot",   ".onnx_data", ".distcp", ".mlmodel"};

// Also what tells of the folder itself: of another one it would be wrong.
bool IsNotCarried(const fs::path& file) {
  if (file.filename() == kDigestsFile) return true;
  // model.safetensors.index.json, pytorch_model.bin.index.fp32.json
  if (file.filename().string().find(".index.") != std::string::npos) return true;
  const std::string ending = file.extension().string();
  return std::find(std::begin(kWeights), std::end(kWeights), ending) != std::end(kWeights);
}

// Names in the order in which they are taken.
absl::StatusOr<std::vector<std::string>> Names(const std::string& dir) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(dir, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;  // a link into nowhere is no regular file
    if (at->is_regular_file(ignored) && !IsNotCarried(at->path())) {
      names.push_back(at->path().filename().string());
    }
  }
  if (error == std::errc::no_such_file_or_directory) {
    return absl::NotFoundError(absl::StrCat(dir, ": ", error.message()));
  }
  if (error) return absl::UnavailableError(absl::StrCat(dir, ": ", error.message()));
  const auto later = [](const std::string& name) {
    return std::find(std::begin(kFirst), std::end(kFirst), name) == std::end(kFirst);
  };
  std::sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    return std::make_pair(later(a), a) < std::make_pair(later(b), b);
  });
  return names;
}

}  // namespace

absl::StatusOr<CompanionFiles> ReadCompanionFiles(const std::string& dir, ModelNotes* notes,
                                                  const CompanionLimits& limits) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, Names(dir));
  CompanionFiles files;
  uint64_t left = limits.all_bytes;
  for (const std::string& name : names) {
    absl::StatusOr<std::string> data = ReadFile(dir + "/" + name, std::min(left, limits.file_bytes));
    if (data.ok()) {
      left -= data->size();
      files[name] = *std::move(data);
    } else if (notes != nullptr) {
      notes->push_back(absl::StrCat("not carried into checkpoints: ", data.status().message()));
    }
  }
  return files;
}

}  // namespace drover::model
