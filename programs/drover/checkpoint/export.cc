#include "programs/drover/checkpoint/export.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status.h"
#include "model/companion_files.h"
#include "model/config.h"
#include "model/convert.h"
#include "model/lora_files.h"
#include "model/model_weights.h"
#include "model/safetensors.h"
#include "programs/drover/checkpoint/commands.h"
#include "programs/drover/checkpoint/find.h"
#include "programs/drover/checkpoint/masters.h"

namespace drover::cli::checkpoint {
namespace {

absl::StatusOr<std::optional<model::Dtype>> WantedDtype(const std::string& name) {
  if (name.empty()) return std::optional<model::Dtype>();
  if (name == "float32") return model::Dtype::kF32;
  if (name == "bfloat16") return model::Dtype::kBF16;
  if (name == "float16") return model::Dtype::kF16;
  return absl::InvalidArgumentError(
      absl::StrCat("--dtype: got `", name, "`, may be float32, bfloat16 or float16"));
}

absl::StatusOr<std::string> Choose(const ExportOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<Found> found, FindCheckpoints(options.path));
  if (!options.step) return found.back().path;
  std::vector<std::string> steps;
  for (const Found& one : found) {
    if (!one.step) {
      return absl::InvalidArgumentError(
          absl::StrCat("--step: ", options.path, " is one checkpoint; leave it out, or give the run folder"));
    }
    if (one.step == options.step) return one.path;
    steps.push_back(absl::StrCat(*one.step));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--step: got ", *options.step, ", may be one of ", absl::StrJoin(steps, ", ")));
}

absl::Status CheckOut(const std::string& out) {
  std::error_code error;
  if (!std::filesystem::exists(out, error)) return absl::OkStatus();
  if (std::filesystem::is_directory(out, error) && std::filesystem::is_empty(out, error) && !error) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--out: ", out, " is there already; it must be an empty folder or a new one"));
}

// The tensors to write. `converted` owns the bytes of those that are not as they are stored.
absl::StatusOr<std::vector<model::TensorView>> Weights(const model::ModelWeights& weights,
                                                       const Masters& masters,
                                                       std::optional<model::Dtype> dtype,
                                                       std::vector<std::string>* converted) {
  std::vector<model::TensorView> views;
  converted->reserve(weights.tensors().size());
  for (const auto& [name, stored] : weights.tensors()) {
    model::TensorView view = stored;
    view.name = name;
    if (dtype && *dtype != stored.dtype) {
      std::string joined;
      ASSIGN_OR_RETURN(const auto master, masters.Find(name, stored.shape, &joined));
      ASSIGN_OR_RETURN(std::string bytes, model::ConvertWeights(master.value_or(view), *dtype));
      converted->push_back(std::move(bytes));
      view.dtype = *dtype;
      view.bytes = converted->back();
    }
    views.push_back(std::move(view));
  }
  return views;
}

absl::Status WriteCompanions(const model::CompanionFiles& files, const std::string& dir) {
  for (const auto& [name, data] : files) {
    RETURN_IF_ERROR(WriteFileAtomically(absl::StrCat(dir, "/", name), data));
  }
  return absl::OkStatus();
}

// Adapters as they are.
absl::Status WriteAdapters(const std::string& from, const std::string& dir) {
  RETURN_IF_ERROR(model::OpenLoraWeights(from).status());
  ASSIGN_OR_RETURN(const model::CompanionFiles files, model::ReadCompanionFiles(from));
  RETURN_IF_ERROR(WriteCompanions(files, dir));
  ASSIGN_OR_RETURN(const auto adapters, model::SafetensorsFile::Open(from + "/" + model::kLoraWeightsFile));
  return model::WriteSafetensors(absl::StrCat(dir, "/", model::kLoraWeightsFile), adapters.tensors());
}

// The policy of the checkpoint, which is of the dtype that its config.json says.
absl::Status WriteMerged(const std::string& from, const ExportOptions& options,
                         std::optional<model::Dtype> dtype, const std::string& dir) {
  ASSIGN_OR_RETURN(const model::LoraWeights lora, model::OpenLoraWeights(from));
  const std::string& base = options.base.empty() ? lora.config().base : options.base;
  const absl::StatusOr<model::ModelWeights> weights = model::OpenModelWeights(base);
  if (!weights.ok()) {
    return Annotate(weights.status(), absl::StrCat("the model that the adapters are for (--base): ", base));
  }
  RETURN_IF_ERROR(lora.CheckFits(*weights));
  ASSIGN_OR_RETURN(model::ModelConfig config, model::LoadModelConfig(from));
  const model::Dtype own = config.dtype;
  std::vector<std::string> bytes;
  bytes.reserve(weights->tensors().size());
  std::vector<model::TensorView> views;
  for (const auto& [name, stored] : weights->tensors()) {
    const auto pair = lora.pairs().find(name);
    absl::StatusOr<std::string> merged = pair == lora.pairs().end()
                                             ? model::ConvertWeights(stored, own)
                                             : model::MergedWeight(stored, pair->second, lora.config(), own);
    RETURN_IF_ERROR(merged.status());
    model::TensorView view{.name = name, .dtype = own, .shape = stored.shape, .bytes = *merged};
    if (dtype && *dtype != own) {
      ASSIGN_OR_RETURN(*merged, model::ConvertWeights(view, *dtype));
      view.dtype = *dtype;
    }
    bytes.push_back(*std::move(merged));
    view.bytes = bytes.back();
    views.push_back(std::move(view));
  }
  config.dtype = dtype.value_or(own);
  ASSIGN_OR_RETURN(model::CompanionFiles files, model::ReadCompanionFiles(from));
  files.erase(model::kLoraConfigFile);
  files["config.json"] = model::UpdatedConfigJson(files["config.json"], config);
  RETURN_IF_ERROR(WriteCompanions(files, dir));
  return model::WriteSafetensors(dir + "/model.safetensors", std::move(views));
}

absl::Status WriteWhole(const std::string& from, std::optional<model::Dtype> dtype, const std::string& dir) {
  ASSIGN_OR_RETURN(const model::ModelWeights weights, model::OpenModelWeights(from));
  ASSIGN_OR_RETURN(const Masters masters, Masters::Open(from));
  std::vector<std::string> converted;
  ASSIGN_OR_RETURN(std::vector<model::TensorView> views, Weights(weights, masters, dtype, &converted));
  model::ModelConfig config = weights.config();
  if (!views.empty()) config.dtype = views.front().dtype;
  ASSIGN_OR_RETURN(model::CompanionFiles files, model::ReadCompanionFiles(from));
  files["config.json"] = model::UpdatedConfigJson(files["config.json"], config);
  RETURN_IF_ERROR(WriteCompanions(files, dir));
  return model::WriteSafetensors(dir + "/model.safetensors", std::move(views));
}

absl::Status WriteFiles(const std::string& from, const ExportOptions& options,
                        std::optional<model::Dtype> dtype, const std::string& dir) {
  RETURN_IF_ERROR(MakeFolders(dir));
  if (!model::IsLoraFolder(from)) return WriteWhole(from, dtype, dir);
  return options.merge ? WriteMerged(from, options, dtype, dir) : WriteAdapters(from, dir);
}

// What is asked for fits what the checkpoint is.
absl::Status CheckAsked(const std::string& from, const ExportOptions& options) {
  const bool adapters = model::IsLoraFolder(from);
  if (options.merge && !adapters) {
    return absl::InvalidArgumentError(
        absl::StrCat("--merge: ", from, " has no adapters, it is a whole model already; leave it out"));
  }
  if (!options.base.empty() && !options.merge) {
    return absl::InvalidArgumentError("--base: it is for --merge alone");
  }
  if (adapters && !options.merge && !options.dtype.empty()) {
    return absl::InvalidArgumentError("--dtype: adapters are exported as they are; give --merge too");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Export(const ExportOptions& options, std::ostream& out) {
  ASSIGN_OR_RETURN(const std::optional<model::Dtype> dtype, WantedDtype(options.dtype));
  ASSIGN_OR_RETURN(const std::string from, Choose(options));
  RETURN_IF_ERROR(CheckAsked(from, options));
  RETURN_IF_ERROR(CheckOut(options.out));
  RETURN_IF_ERROR(VerifyOne(from));
  const std::string to(absl::StripSuffix(options.out, "/"));
  const std::string building = to + ".tmp";
  RETURN_IF_ERROR(RemoveFolder(building));
  absl::Status written = WriteFiles(from, options, dtype, building);
  if (written.ok()) written = ReplaceFolder(building, to);
  if (!written.ok()) {
    RemoveFolder(building).IgnoreError();
    return written;
  }
  out << "exported " << from << " to " << options.out << '\n';
  return absl::OkStatus();
}

}  // namespace drover::cli::checkpoint
