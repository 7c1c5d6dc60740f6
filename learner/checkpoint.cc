#include "learner/checkpoint.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/folder_digests.h"
#include "base/status.h"
#include "learner/shard_files.h"
#include "model/config.h"
#include "model/large_tensors.h"
#include "model/lora_config.h"
#include "model/lora_files.h"
#include "model/safetensors.h"
#include "model/torch_dtype.h"

namespace drover::learner {
namespace {

constexpr char kWeightsFile[] = "model.safetensors";
constexpr char kBaseDigest[] = "drover.base_digest";
constexpr char kFormat[] = "drover.training_state.v1";
constexpr char kShardedFormat[] = "drover.training_state.v2";  // its moments are in shards beside it
constexpr absl::Duration kShardPatience = absl::Minutes(30);   // for one to be written

std::string Join(const std::string& dir, std::string_view name) {
  return absl::StrCat(dir, "/", ToAbsl(name));
}

model::SafetensorsMetadata ToMetadata(const CheckpointSnapshot& snapshot) {
  const CheckpointMeta& meta = snapshot.meta;
  model::SafetensorsMetadata metadata = {
      {"drover.format", kFormat},
      {"drover.rollouts", absl::StrCat(meta.rollouts)},
      {"drover.version", absl::StrCat(meta.version)},
      {"drover.optimizer_steps", absl::StrCat(meta.counters.optimizer_steps)},
      {"drover.adamw_steps", absl::StrCat(meta.counters.adamw_steps)},
      {"drover.skipped_in_a_row", absl::StrCat(meta.counters.skipped_in_a_row)},
      {"drover.weights_digest", snapshot.weights.digest}};
  if (snapshot.gathering != nullptr) {
    metadata["drover.format"] = kShardedFormat;
    metadata[kShardsKey] = absl::StrCat(snapshot.gathering->ranks());
  }
  if (!snapshot.base_digest.empty()) metadata[kBaseDigest] = snapshot.base_digest;
  return metadata;
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
  if (format == metadata.end() || (format->second != kFormat && format->second != kShardedFormat)) {
    return absl::InvalidArgumentError(absl::StrCat("metadata drover.format is ",
                                                   format == metadata.end() ? "missing" : format->second,
                                                   "; this build reads ", kFormat, " and ", kShardedFormat));
  }
  CheckpointMeta meta;
  RETURN_IF_ERROR(ReadCount(metadata, "drover.rollouts", &meta.rollouts));
  RETURN_IF_ERROR(ReadCount(metadata, "drover.version", &meta.version));
  RETURN_IF_ERROR(ReadCount(metadata, "drover.optimizer_steps", &meta.counters.optimizer_steps));
  RETURN_IF_ERROR(ReadCount(metadata, "drover.adamw_steps", &meta.counters.adamw_steps));
  RETURN_IF_ERROR(ReadCount(metadata, "drover.skipped_in_a_row", &meta.counters.skipped_in_a_row));
  return meta;
}

bool Adapts(const Trainer& trainer) { return trainer.model().options().lora.has_value(); }

const char* WeightsFile(const Trainer& trainer) {
  return Adapts(trainer) ? model::kLoraWeightsFile : kWeightsFile;
}

// The published weights of a float32 model, and adapters, are the master copies: these are not stored a second time.
bool WeightsAreMasters(const Trainer& trainer) {
  return Adapts(trainer) || trainer.model().options().dtype == torch::kFloat32;
}

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
  if (model.options().lora) {
    companions[model::kLoraConfigFile] = model::LoraConfigJson(*model.options().lora, config);
  }
  return companions;
}

absl::Status WriteFiles(const std::string& dir, const CheckpointSnapshot& snapshot, FileSystem* files) {
  RETURN_IF_ERROR(MakeFolders(dir, files));
  if (snapshot.gathering != nullptr) RETURN_IF_ERROR(snapshot.gathering->Go(dir));
  for (const auto& [name, data] : snapshot.files) {
    RETURN_IF_ERROR(WriteFileAtomically(Join(dir, name), data, files));
  }
  RETURN_IF_ERROR(model::WriteSafetensors(Join(dir, snapshot.weights_file),
                                          model::WeightViews(snapshot.weights), /*metadata=*/{}, files));
  RETURN_IF_ERROR(
      model::WriteSafetensors(Join(dir, kStateFile), snapshot.state.views, ToMetadata(snapshot), files));
  if (snapshot.gathering == nullptr) return WriteFolderDigests(dir, files);
  RETURN_IF_ERROR(WriteShard(Join(dir, ShardFile(0)), *snapshot.shard, files));
  ASSIGN_OR_RETURN(const auto digests, snapshot.gathering->Await(dir, kShardPatience, files));
  return WriteFolderDigests(dir, files, digests);
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
  std::vector<model::SafetensorsFile> shards;
  model::SafetensorsFile weights;
  CheckpointMeta meta;
  TrainerState state;
};

// The shards that stand beside `file`, none where it is whole. They are of one save with it.
absl::StatusOr<std::vector<model::SafetensorsFile>> OpenShards(const std::string& dir,
                                                               const model::SafetensorsFile& file,
                                                               FileSystem* files) {
  std::vector<model::SafetensorsFile> shards;
  if (file.metadata().count(kShardsKey) == 0) return shards;
  uint64_t count = 0;
  RETURN_IF_ERROR(Annotate(ReadCount(file.metadata(), kShardsKey, &count), file.path()));
  for (uint64_t rank = 0; rank < count; ++rank) {
    ASSIGN_OR_RETURN(model::SafetensorsFile shard,
                     model::SafetensorsFile::Open(Join(dir, ShardFile(static_cast<int>(rank))), files));
    for (const char* key : {kShardsKey, "drover.adamw_steps"}) {
      const auto is = shard.metadata().find(key), should = file.metadata().find(key);
      if (is != shard.metadata().end() && should != file.metadata().end() && is->second == should->second)
        continue;
      return absl::DataLossError(absl::StrCat(shard.path(), ": metadata ", key, " is not that of ",
                                              kStateFile, ": the two are of different saves"));
    }
    shards.push_back(std::move(shard));
  }
  return shards;
}

// A checkpoint's adapters mean nothing beside other weights than those that they were trained over.
absl::Status CheckBase(const model::SafetensorsMetadata& metadata, const std::string& base_digest) {
  const auto found = metadata.find(kBaseDigest);
  const std::string saved = found == metadata.end() ? "" : found->second;
  if (saved == base_digest) return absl::OkStatus();
  if (base_digest.empty()) {
    return absl::FailedPreconditionError("it is of a run with learner.lora, and this one has none");
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "its adapters were trained over weights of digest ", saved.empty() ? "(missing)" : saved,
      ", but those of model.path have ", base_digest, ": give it the model that the run began with"));
}

// Whether master copies of the model's weights are in the state, as in that of a narrower model.
bool HasWeights(const TrainerState& state, const model::Transformer& model) {
  return std::any_of(model.versioned().begin(), model.versioned().end(),
                     [&](const auto& named) { return state.weights.count(named.first) != 0; });
}

absl::StatusOr<Saved> ReadSaved(const std::string& dir, const Trainer& trainer, FileSystem* files) {
  // A checkpoint of a release before the list of digests has none.
  const absl::Status whole = CheckFolderDigests(dir, files);
  if (!whole.ok() && !absl::IsNotFound(whole)) return whole;
  const std::string path = Join(dir, kStateFile);
  ASSIGN_OR_RETURN(model::SafetensorsFile file, model::SafetensorsFile::Open(path, files));
  RETURN_IF_ERROR(Annotate(CheckBase(file.metadata(), trainer.base_digest()), path));
  ASSIGN_OR_RETURN(model::SafetensorsFile weights,
                   model::SafetensorsFile::Open(Join(dir, WeightsFile(trainer)), files));
  RETURN_IF_ERROR(CheckDigest(file.metadata(), weights));
  absl::StatusOr<CheckpointMeta> meta = FromMetadata(file.metadata());
  if (!meta.ok()) return Annotate(meta.status(), path);
  TrainerState state;
  RETURN_IF_ERROR(Annotate(AddTensors(file.tensors(), file.metadata(), /*shard=*/false, &state), path));
  ASSIGN_OR_RETURN(std::vector<model::SafetensorsFile> shards, OpenShards(dir, file, files));
  for (const model::SafetensorsFile& shard : shards) {
    RETURN_IF_ERROR(
        Annotate(AddTensors(shard.tensors(), shard.metadata(), /*shard=*/true, &state), shard.path()));
  }
  state.counters = meta->counters;
  if (WeightsAreMasters(trainer) && !HasWeights(state, trainer.model()) && state.weight_pieces.empty()) {
    for (const model::TensorView& view : weights.tensors()) {
      absl::StatusOr<torch::Tensor> weight = model::TensorOfView(view);
      if (!weight.ok()) return Annotate(weight.status(), weights.path());
      state.weights[view.name] = *std::move(weight);
    }
  }
  return Saved{std::move(file), std::move(shards), std::move(weights), *meta, std::move(state)};
}

// An error of what the folder holds as DATA_LOSS; one of the machine (no right to read it, no memory) as it is.
absl::Status Damaged(const absl::Status& status) {
  if (!absl::IsNotFound(status) && !absl::IsInvalidArgument(status)) return status;
  return absl::DataLossError(status.message());
}

}  // namespace

uint64_t CheckpointSnapshot::bytes() const {
  uint64_t all = weights.bytes;
  for (const model::TensorView& view : state.views) all += view.bytes.size();
  for (const auto& [name, data] : files) all += data.size();
  if (!shard) return all;
  for (const model::TensorView& view : shard->tensors.views) {
    all += view.bytes.size() * static_cast<uint64_t>(gathering->ranks());
  }
  return all;
}

absl::StatusOr<CheckpointSnapshot> TakeSnapshot(Trainer& trainer, const CheckpointMeta& meta,
                                                const model::CompanionFiles& companions,
                                                std::optional<model::WeightSet> published) {
  model::GiveKeptTensorsBack();
  CheckpointSnapshot snapshot;
  if (published) {
    snapshot.weights = *std::move(published);
  } else {
    ASSIGN_OR_RETURN(snapshot.weights, trainer.ExportWeights());
  }
  snapshot.weights_file = WeightsFile(trainer);
  snapshot.base_digest = trainer.base_digest();
  ASSIGN_OR_RETURN(snapshot.files, Companions(trainer.model(), companions));
  TrainerState state = trainer.State();
  snapshot.meta = meta;
  snapshot.meta.counters = state.counters;
  if (WeightsAreMasters(trainer)) {
    for (const auto& [name, weight] : trainer.model().versioned()) state.weights.erase(name);
    state.weight_pieces.clear();
  }
  ASSIGN_OR_RETURN(snapshot.gathering, trainer.SaveShards());
  if (snapshot.gathering != nullptr) {
    ASSIGN_OR_RETURN(snapshot.shard, TakeShard(state, /*rank=*/0, snapshot.gathering->ranks()));
    state.weight_pieces.clear();
    state.first_moments.clear();
    state.second_moments.clear();
  }
  ASSIGN_OR_RETURN(snapshot.state, ToTensors(state));
  return snapshot;
}

absl::Status WriteCheckpoint(const std::string& dir, const CheckpointSnapshot& snapshot, FileSystem* files) {
  const std::string building = dir + ".tmp";
  RETURN_IF_ERROR(RemoveFolder(building, files));
  const absl::Status written = WriteFiles(building, snapshot, files);
  if (written.ok()) return ReplaceFolder(building, dir, files);
  RemoveFolder(building, files).IgnoreError();  // half a checkpoint fills a full disk further
  return written;
}

absl::Status SaveCheckpoint(const std::string& dir, Trainer& trainer, const CheckpointMeta& meta,
                            const model::CompanionFiles& companions, FileSystem* files) {
  ASSIGN_OR_RETURN(const CheckpointSnapshot snapshot, TakeSnapshot(trainer, meta, companions));
  return WriteCheckpoint(dir, snapshot, files);
}

absl::StatusOr<CheckpointMeta> LoadCheckpoint(const std::string& dir, Trainer* trainer, FileSystem* files) {
  absl::StatusOr<Saved> saved = ReadSaved(dir, *trainer, files);
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
