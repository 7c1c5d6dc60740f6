#include "programs/model/generate_ranks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "actor/pass_follower.h"
#include "base/file.h"
#include "base/status.h"
#include "base/threads.h"
#include "model/device.h"
#include "model/lora_files.h"
#include "model/rank_share.h"

namespace drover::model_tool {
namespace {

constexpr absl::Duration kJoin = absl::Minutes(2);
// For a rank that computes, or loads its part of the model; one that dies is missed at once.
constexpr absl::Duration kCollective = absl::Minutes(30);
// Prompts may come from whoever writes to standard input, who takes his time.
constexpr absl::Duration kPatience = absl::Hours(24);
constexpr absl::Duration kOrderlyEnd = absl::Seconds(10);
constexpr absl::Duration kLastWords = absl::Seconds(5);  // after an error, to end by themselves

C10dOptions JoinOptions(int rank, int ranks, torch::Device device) {
  C10dOptions join;
  join.rank = rank;
  join.size = ranks;
  join.own_address = "127.0.0.1";
  join.join_timeout = kJoin;
  join.timeout = kCollective;
  join.device = device;
  return join;
}

// Before anything is started.
absl::Status CheckRanks(const std::string& dir, int ranks) {
  ASSIGN_OR_RETURN(const std::string base, model::BaseFolder(dir));
  const auto config = model::LoadModelConfig(base);
  if (!config.ok()) return AsBadInput(config.status());
  return Annotate(model::CheckShares(*config, ranks), "--tensor-parallel");
}

// A descriptor of a file that goes with it, in the temporary directory; it must be closed.
absl::StatusOr<int> NamelessFile() {
  std::error_code error;
  std::string path = (std::filesystem::temp_directory_path(error) / "drover-rank.XXXXXX").string();
  const int file = ::mkostemp(path.data(), O_CLOEXEC);
  if (file < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", path));
  ::unlink(path.c_str());
  return file;
}

}  // namespace

int ThreadsOfRank(int wish, int ranks) { return wish > 0 ? wish : std::max(1, Cores() / ranks); }

absl::StatusOr<std::unique_ptr<GenerateRanks>> GenerateRanks::Start(const ToolModelOptions& options,
                                                                    int ranks) {
  RETURN_IF_ERROR(CheckRanks(options.dir, ranks));
  ASSIGN_OR_RETURN(const model::TransformerOptions resolved, ResolveOptions(options));
  std::unique_ptr<GenerateRanks> started(new GenerateRanks);
  while (started->logs_.size() + 1 < static_cast<size_t>(ranks)) {
    ASSIGN_OR_RETURN(const int log, NamelessFile());
    started->logs_.push_back(log);
  }
  absl::Status others = absl::OkStatus();
  C10dOptions join = JoinOptions(0, ranks, resolved.device);
  join.on_listening = [&](uint16_t port) {
    others = started->StartOthers(options, ranks, port);
    if (!others.ok()) throw std::runtime_error("the other ranks are not there");  // nobody is waited for
  };
  auto joined = JoinC10d(join);
  RETURN_IF_ERROR(others);
  if (!joined.ok()) return started->Explain(joined.status());
  started->collectives_ = *std::move(joined);
  started->group_ = std::make_unique<actor::ActorRanks>(started->collectives_.get());
  return started;
}

absl::Status GenerateRanks::StartOthers(const ToolModelOptions& options, int ranks, uint16_t port) {
  std::error_code error;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  for (int rank = 1; rank < ranks; ++rank) {
    const launch::ProcessOptions process = {
        .name = absl::StrCat("rank ", rank),
        .argv = {program, "generate-rank", "--model", options.dir, "--dtype", options.dtype, "--device",
                 options.device, "--threads", absl::StrCat(options.threads), "--rank", absl::StrCat(rank),
                 "--ranks", absl::StrCat(ranks), "--port", absl::StrCat(port)},
        .environment = launch::PatientThreads(),
        .output_file = LogOf(rank)};
    ASSIGN_OR_RETURN(launch::Process started, launch::Process::Start(process));
    others_.push_back(std::move(started));
  }
  return absl::OkStatus();
}

std::string GenerateRanks::LogOf(int rank) const {
  return absl::StrCat("/proc/self/fd/", logs_.at(rank - 1));
}

absl::Status GenerateRanks::Explain(absl::Status status) {
  std::string story;
  const absl::Time deadline = absl::Now() + kLastWords;  // of all of them together
  for (size_t i = 0; i < others_.size(); ++i) {
    const std::optional<launch::Exit> exit = others_[i].Wait(deadline - absl::Now());
    if (!exit.has_value() || exit->ok()) continue;
    const absl::StatusOr<std::string> words = ReadFile(LogOf(static_cast<int>(i) + 1));
    absl::StrAppend(&story, "\n", others_[i].name(), " ", exit->ToString(), ": ",
                    words.ok() ? absl::StripSuffix(*words, "\n") : "");
  }
  return story.empty() ? status : absl::Status(status.code(), absl::StrCat(status.message(), story));
}

GenerateRanks::~GenerateRanks() {
  const absl::Time deadline = absl::Now() + (group_ != nullptr ? kOrderlyEnd : absl::ZeroDuration());
  for (launch::Process& other : others_) other.Wait(deadline - absl::Now());
  others_.clear();  // kills those that still run
  for (const int log : logs_) ::close(log);
}

absl::Status RunOtherRank(const OtherRankOptions& options) {
  ASSIGN_OR_RETURN(const torch::Device device, model::ResolveDevice(options.model.device, options.rank));
  C10dOptions join = JoinOptions(options.rank, options.ranks, device);
  join.port = static_cast<uint16_t>(options.port);
  ASSIGN_OR_RETURN(const auto collectives, JoinC10d(join));
  actor::ActorRanks group(collectives.get());
  ASSIGN_OR_RETURN(ToolModel model, LoadToolModel(options.model, &group));
  return actor::FollowPasses(group, std::move(model.transformer), {.patience = kPatience});
}

}  // namespace drover::model_tool
