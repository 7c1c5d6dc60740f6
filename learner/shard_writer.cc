#include "learner/shard_writer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/exceptions.h"
#include "base/folder_digests.h"
#include "base/log.h"
#include "base/status.h"
#include "learner/shard_files.h"

namespace drover::learner {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(20);
constexpr absl::Duration kUntilGo = absl::Minutes(30);  // rank 0 removes folders and looks for room before
// Where a rank was lost the others may still be writing, and then end.
constexpr absl::Duration kOfTheLost = absl::Seconds(20);
// Words are a kind and what it is about.
constexpr char kGo[] = "go ";        // the folder's name
constexpr char kDrop[] = "drop";     // there will be no checkpoint
constexpr char kDigest[] = "done ";  // 32 hexadecimal digits
constexpr char kFailed[] = "failed ";

std::string WordOfLeader(uint64_t save) { return absl::StrCat("drover/shards/", save); }
std::string WordOfRank(uint64_t save, int rank) { return absl::StrCat("drover/shards/", save, "/", rank); }

absl::StatusOr<std::string> AwaitWord(Collectives& collectives, const std::string& name,
                                      absl::Duration patience) {
  const absl::Time start = absl::Now();
  absl::Time deadline = start + patience;
  while (true) {
    ASSIGN_OR_RETURN(std::optional<std::string> word, collectives.Told(name));
    if (word) return *std::move(word);
    if (collectives.lost()) deadline = std::min(deadline, absl::Now() + kOfTheLost);
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat("no word for ", absl::FormatDuration(absl::Now() - start)));
    }
    absl::SleepFor(kPause);
  }
}

// The digest of what was written; nullopt: rank 0 has dropped the save.
absl::StatusOr<std::optional<std::string>> WriteWhenTold(const std::string& checkpoints, uint64_t save,
                                                         const ShardSnapshot& shard,
                                                         Collectives& collectives) {
  ASSIGN_OR_RETURN(const std::string word, AwaitWord(collectives, WordOfLeader(save), kUntilGo));
  absl::string_view folder = word;
  if (!absl::ConsumePrefix(&folder, kGo)) return std::nullopt;
  const std::string path = absl::StrCat(checkpoints, "/", folder, "/", ShardFile(collectives.rank()));
  RETURN_IF_ERROR(WriteShard(path, shard, PosixFileSystem()));
  ASSIGN_OR_RETURN(std::string digest, FileDigest(path));
  return std::optional<std::string>(std::move(digest));
}

void WriteAndTell(const std::string& checkpoints, uint64_t save, const ShardSnapshot& shard,
                  Collectives& collectives) {
  absl::StatusOr<std::optional<std::string>> digest = absl::InternalError("nothing was written");
  const absl::Status done = CatchExceptions("writing a shard of a checkpoint", [&] {
    digest = WriteWhenTold(checkpoints, save, shard, collectives);
    return digest.status();
  });
  if (done.ok() && !digest->has_value()) return;
  const std::string word =
      done.ok() ? absl::StrCat(kDigest, **digest) : absl::StrCat(kFailed, done.message());
  const absl::Status told = collectives.Tell(WordOfRank(save, collectives.rank()), word);
  if (!done.ok())
    log::Error("a shard of a checkpoint is not written", {{"reason", std::string(done.message())}});
  if (!told.ok()) log::Error("rank 0 does not hear of a shard", {{"reason", std::string(told.message())}});
}

}  // namespace

absl::StatusOr<ShardSnapshot> TakeShard(const TrainerState& state, int rank, int ranks) {
  TrainerState own;
  own.weight_pieces = state.weight_pieces;
  own.first_moments = state.first_moments;
  own.second_moments = state.second_moments;
  ShardSnapshot shard;
  ASSIGN_OR_RETURN(shard.tensors, ToTensors(own));
  shard.metadata = shard.tensors.begins;
  shard.metadata["drover.format"] = "drover.training_state_shard.v1";
  shard.metadata["drover.shard"] = absl::StrCat(rank);
  shard.metadata[kShardsKey] = absl::StrCat(ranks);
  shard.metadata["drover.adamw_steps"] = absl::StrCat(state.counters.adamw_steps);
  return shard;
}

absl::Status WriteShard(const std::string& path, const ShardSnapshot& shard, FileSystem* files) {
  return model::WriteSafetensors(path, shard.tensors.views, shard.metadata, files);
}

void ShardWriter::Begin(uint64_t save, ShardSnapshot shard) {
  if (writing_.valid()) writing_.wait();
  // The thread owns the copy: its memory is free again as soon as it is written.
  writing_ = std::async(std::launch::async, [this, save, shard = std::move(shard)]() mutable {
    const ShardSnapshot own = std::move(shard);
    WriteAndTell(checkpoints_, save, own, *collectives_);
  });
}

ShardGathering::~ShardGathering() {
  if (!told_) collectives_->Tell(WordOfLeader(save_), kDrop).IgnoreError();
}

absl::Status ShardGathering::Go(const std::string& dir) {
  told_ = true;
  return collectives_->Tell(WordOfLeader(save_), absl::StrCat(kGo, dir.substr(dir.rfind('/') + 1)));
}

absl::StatusOr<std::map<std::string, std::string>> ShardGathering::Await(const std::string& dir,
                                                                         absl::Duration patience,
                                                                         FileSystem* files) {
  std::map<std::string, std::string> digests;
  for (int rank = 1; rank < ranks(); ++rank) {
    const std::string what = absl::StrCat("rank ", rank, "'s part of the checkpoint ", dir);
    absl::StatusOr<std::string> word = AwaitWord(*collectives_, WordOfRank(save_, rank), patience);
    if (!word.ok()) return Annotate(word.status(), what);
    absl::string_view digest = *word;
    if (!absl::ConsumePrefix(&digest, kDigest)) {
      return absl::UnavailableError(absl::StrCat(what, ": ", absl::StripPrefix(*word, kFailed)));
    }
    const std::string path = absl::StrCat(dir, "/", ShardFile(rank));
    ASSIGN_OR_RETURN(const bool there, files->Exists(path));
    if (!there) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, ": rank ", rank,
                       " has written it, and it is not there: with learner.sharding the run "
                       "folder must be on a disk that all ranks reach"));
    }
    digests[ShardFile(rank)] = std::string(digest);
  }
  return digests;
}

}  // namespace drover::learner
