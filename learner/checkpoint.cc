#include "learner/checkpoint.h"

#include <ATen/ATen.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/folder_digests.h"
#include "base/status.h"
#include "learner/state_tensors.h"
#include "model/config.h"
#include "model/safetensors.h"
#include "model/torch_dtype.h"

namespace drover::learner {
namespace {

constexpr char kStateFile[] = "training_state.safetensors";
constexpr char kWeightsFile[] = "model.safetensors";
constexpr char kFormat[] = "drover.training_state.v1";

std::string Join(const std::string& dir, std::string_view name) {
  return absl::StrCat(dir, "/", ToAbsl(name));
}

model::SafetensorsMetadata ToMetadata(const CheckpointMeta& meta, const std::string& weights_digest) {
  return {{"drover.format", kFormat},
          {"drover.rollouts", absl::StrCat(meta.rollouts)},
          {"drover.version", absl::StrCat(meta.version)},
          {"drover.optimizer_steps", absl::StrCat(meta.counters.optimizer_steps)},
          {"drover.adamw_steps", absl::StrCat(meta.counters.adamw_steps)},
          {"drover.skipped_in_a_row", absl::StrCat(meta.counters.skipped_in_a_row)},
          {"drover.weights_digest", weights_digest}};
}

absl::Status ReadCount(const model::SafetensorsMetadata& metadata, const std::string& key, uint64_t* value) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) return absl::InvalidArgumentError(absl::StrCat("metadata lacks ", key));
  if (!absl::SimpleAtoi(found->second, value)) {
    return absl::InvalidArgumentError(
        absl::StrCat("metadata ", key, " is \"", found->second, "\"; it must be a whole number"));
  }
  return absl::OkStatus();
}

absl::StatusOr<CheckpointMeta> FromMetadata(const model::SafetensorsMetadata& metadata) {
  const auto format = metadata.find("drover.format");
  if (format == metadata.end() || format->second != kFormat) {
    return absl::InvalidArgumentError(absl::StrCat("metadata drover.format is ",
                                                   format == metadata.end() ? "missing" : format->second,
                                                   "; this build reads ", kFormat));
  }
  CheckpointMeta meta;
  RETURN_IF_ERROR(ReadCount(metadata, "drover.rollouts", &meta.rollouts));
  RETURN_IF_ERROR(ReadCount(metadata, "drover.version", &meta.version));
  RETURN_IF_ERROR(ReadCount(metadata, "drover.optimizer_steps", &meta.counters.optimizer_steps));
  RETURN_IF_ERROR(ReadCount(metadata, "drover.adamw_steps", &meta.counters.adamw_steps));
  RETURN_IF_ERROR(ReadCount(metadata, "drover.skipped_in_a_row", &meta.counters.skipped_in_a_row));
  return meta;
}

// The published weights of a float32 model are the master copies: these are not stored a second time.
bool WeightsAreMasters(const Trainer& trainer) { return trainer.model().options().dtype == torch::kFloat32; }

// `files`, with a config.json that says what the weights beside it are: other programs round to its dtype.
absl::StatusOr<model::CompanionFiles> Companions(const model::Transformer& model,
                                                 const model::CompanionFiles& files) {
  model::ModelConfig config = model.config();
  ASSIGN_OR_RETURN(config.dtype, model::FromScalarType(model.options().dtype));
  model::CompanionFiles companions = files;
  const auto source = files.find("config.json");
  companions["config.json"] = source == files.end() ? model::ModelConfigJson(config)
                                                    : model::UpdatedConfigJson(source->second, config);
  companions.emplace("generation_config.json", model::GenerationConfigJson(config));
  return companions;
}

absl::Status WriteFiles(const std::string& dir, const Trainer& trainer, const CheckpointMeta& meta,
                        const model::CompanionFiles& companions, FileSystem* files) {
  ASSIGN_OR_RETURN(const model::WeightSet weights, trainer.model().Export());
  ASSIGN_OR_RETURN(const model::CompanionFiles written, Companions(trainer.model(), companions));
  for (const auto& [name, data] : written) RETURN_IF_ERROR(WriteFileAtomically(Join(dir, name), data, files));
  RETURN_IF_ERROR(
      model::WriteSafetensors(Join(dir, kWeightsFile), model::WeightViews(weights), /*metadata=*/{}, files));
  TrainerState state = trainer.State();
  if (WeightsAreMasters(trainer)) state.weights.clear();
  ASSIGN_OR_RETURN(const StateTensors tensors, ToTensors(state));
  return model::WriteSafetensors(Join(dir, kStateFile), tensors.views, ToMetadata(meta, weights.digest),
                                 files);
}

// Both files are of one save: a folder that was put together by hand is refused.
absl::Status CheckDigest(const model::SafetensorsMetadata& metadata, const model::SafetensorsFile& weights) {
  ASSIGN_OR_RETURN(const model::WeightSet packed, model::PackWeights(weights.tensors()));
  const auto expected = metadata.find("drover.weights_digest");
  if (expected != metadata.end() && expected->second == packed.digest) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(weights.path(), ": its weights have digest ", packed.digest,
                                          ", but ", kStateFile, " was written with those of digest ",
                                          expected == metadata.end() ? "(missing)" : expected->second));
}

// What a checkpoint holds. The tensors share storage with the files.
struct Saved {
  model::SafetensorsFile file;
  model::SafetensorsFile weights;
  CheckpointMeta meta;
  TrainerState state;
};

absl::StatusOr<Saved> ReadSaved(const std::string& dir, bool weights_are_masters, FileSystem* files) {
  // A checkpoint of a release before the list of digests has none.
  const absl::Status whole = CheckFolderDigests(dir, files);
  if (!whole.ok() && !absl::IsNotFound(whole)) return whole;
  const std::string path = Join(dir, kStateFile);
  ASSIGN_OR_RETURN(model::SafetensorsFile file, model::SafetensorsFile::Open(path, files));
  ASSIGN_OR_RETURN(model::SafetensorsFile weights,
                   model::SafetensorsFile::Open(Join(dir, kWeightsFile), files));
  RETURN_IF_ERROR(CheckDigest(file.metadata(), weights));
  absl::StatusOr<CheckpointMeta> meta = FromMetadata(file.metadata());
  if (!meta.ok()) return Annotate(meta.status(), path);
  absl::StatusOr<TrainerState> state = FromTensors(file.tensors());
  if (!state.ok()) return Annotate(state.status(), path);
  state->counters = meta->counters;
  if (weights_are_masters && state->weights.empty()) {
    for (const model::TensorView& view : weights.tensors()) {
      absl::StatusOr<torch::Tensor> weight = model::TensorOfView(view);
      if (!weight.ok()) return Annotate(weight.status(), weights.path());
      state->weights[view.name] = *std::move(weight);
    }
  }
  return Saved{std::move(file), std::move(weights), *meta, *std::move(state)};
}

// An error of what the folder holds as DATA_LOSS; one of the machine (no right to read it, no memory) as it is.
absl::Status Damaged(const absl::Status& status) {
  if (!absl::IsNotFound(status) && !absl::IsInvalidArgument(status)) return status;
  return absl::DataLossError(status.message());
}

}  // namespace

absl::Status SaveCheckpoint(const std::string& dir, const Trainer& trainer, const CheckpointMeta& meta,
                            const model::CompanionFiles& companions, FileSystem* files) {
  const std::string building = dir + ".tmp";
  RETURN_IF_ERROR(RemoveFolder(building, files));
  RETURN_IF_ERROR(MakeFolders(building, files));
  CheckpointMeta written = meta;
  written.counters = trainer.State().counters;
  RETURN_IF_ERROR(WriteFiles(building, trainer, written, companions, files));
  RETURN_IF_ERROR(WriteFolderDigests(building, files));
  return ReplaceFolder(building, dir, files);
}

absl::StatusOr<CheckpointMeta> LoadCheckpoint(const std::string& dir, Trainer* trainer, FileSystem* files) {
  absl::StatusOr<Saved> saved = ReadSaved(dir, WeightsAreMasters(*trainer), files);
  if (!saved.ok()) return Damaged(saved.status());
  RETURN_IF_ERROR(Annotate(trainer->Restore(saved->state), Join(dir, kStateFile)));
  return saved->meta;
}

absl::StatusOr<CheckpointMeta> ReadCheckpointMeta(const std::string& dir) {
  const std::string path = Join(dir, kStateFile);
  ASSIGN_OR_RETURN(const model::SafetensorsFile file, model::SafetensorsFile::Open(path));
  absl::StatusOr<CheckpointMeta> meta = FromMetadata(file.metadata());
  if (!meta.ok()) return Annotate(meta.status(), path);
  return meta;
}

}  // namespace drover::learner
