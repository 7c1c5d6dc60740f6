#include "services/run/event_file.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file.h"
#include "base/status.h"
#include "drover/v1/tensorboard.pb.h"
#include "services/run/tfrecord.h"

namespace drover::run {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSuffix = ".drover";

struct TagGroup {
  const char* name;
  std::vector<std::string_view> fields;
};

const std::vector<TagGroup>& TagGroups() {
  static const auto* const groups = new std::vector<TagGroup>{
      {"reward", {"reward", "reward_std_error", "accuracy", "zero_advantage_share", "advantage_std"}},
      {"response",
       {"response_length", "response_length_correct", "response_length_incorrect", "truncated_share",
        "formatted_share", "identical_share", "response_tokens", "prompt_tokens", "tokens_generated"}},
      {"policy",
       {"entropy", "kl", "old_kl", "clip_fraction", "masked_fraction", "importance_mean", "ratio_mean",
        "ratio_max", "logprob_gap_mean", "logprob_gap_max", "value_loss", "explained_variance"}},
      {"optimizer", {"loss", "grad_norm", "learning_rate", "optimizer_steps", "skipped_steps"}},
      {"examples", {"epoch", "examples", "tokens", "learned_tokens", "tokens_seen"}},
      {"staleness", {"staleness_mean", "staleness_max", "weight_version", "incarnation"}},
      {"time", {"tokens_per_second", "collect_seconds", "train_seconds", "publish_seconds", "seconds"}},
  };
  return *groups;
}

std::string Record(const v1::TensorBoardEvent& event) { return TfRecord(event.SerializeAsString()); }

// The numbers of `line` but its step, each by its tag.
std::string SummaryRecord(const Json& line, double time, std::string (*tag)(std::string_view field)) {
  v1::TensorBoardEvent event;
  event.set_wall_time(time);
  event.set_step(line.value("step", int64_t{0}));
  for (const auto& [field, value] : line.items()) {
    if (!value.is_number() || field == "step" || field == "steps") continue;
    auto* const scalar = event.mutable_summary()->add_value();
    scalar->set_tag(tag(field));
    scalar->set_simple_value(value.get<float>());
  }
  return Record(event);
}

// What a file begins with.
std::string HeadRecords(double time) {
  v1::TensorBoardEvent version, start;
  version.set_wall_time(time);
  version.set_file_version("brain.Event:2");
  start.set_wall_time(time);
  start.mutable_session_log()->set_status(v1::TENSOR_BOARD_SESSION_STATUS_START);
  return Record(version) + Record(start);
}

double SecondsOf(const Json& line) {
  const auto at = line.find("seconds");
  return at != line.end() && at->is_number() ? at->get<double>() : 0;
}

// When lines were written, as far as they tell.
class Times {
 public:
  Times(const std::vector<Json>& metrics, double now) : metrics_(metrics), now_(now) {}
  double OfSeconds(double seconds) const {
    return metrics_.empty() ? now_ : now_ - (SecondsOf(metrics_.back()) - seconds);
  }
  // Of an evaluation after `step` rollouts.
  double OfStep(uint64_t step) const {
    const auto at = std::find_if(metrics_.begin(), metrics_.end(),
                                 [&](const Json& line) { return line.value("step", uint64_t{0}) >= step; });
    return at == metrics_.end() ? now_ : OfSeconds(SecondsOf(*at));
  }

 private:
  const std::vector<Json>& metrics_;
  const double now_;
};

}  // namespace

std::string MetricTag(std::string_view field) {
  for (const TagGroup& group : TagGroups()) {
    if (std::find(group.fields.begin(), group.fields.end(), field) != group.fields.end()) {
      return std::string(group.name) + "/" + std::string(field);
    }
  }
  return "other/" + std::string(field);
}

std::string EvaluationTag(std::string_view field) { return "evaluation/" + std::string(field); }

absl::Status EventFile::Rewrite(const std::vector<Json>& metrics, const std::vector<Json>& evaluations,
                                double now) {
  RETURN_IF_ERROR(MakeFolders(folder_, files_));
  ASSIGN_OR_RETURN(const std::vector<FolderEntry> before, files_->List(folder_));
  const auto taken = [&](const std::string& name) {
    return std::any_of(before.begin(), before.end(),
                       [&](const FolderEntry& each) { return each.name == name; });
  };
  // TensorBoard reads a folder's files in the order of their names.
  auto seconds = static_cast<int64_t>(now);
  std::string name;
  do {
    name = absl::StrFormat("events.out.tfevents.%010d%s", seconds++, kSuffix);
  } while (taken(name));
  std::string text = HeadRecords(now);
  const Times times(metrics, now);
  auto evaluation = evaluations.begin();
  const auto evaluations_before = [&](uint64_t step) {
    for (; evaluation != evaluations.end() && evaluation->value("step", uint64_t{0}) < step; ++evaluation) {
      text += SummaryRecord(*evaluation, times.OfStep(evaluation->value("step", uint64_t{0})), EvaluationTag);
    }
  };
  for (const Json& line : metrics) {
    evaluations_before(line.value("step", uint64_t{0}));
    text += SummaryRecord(line, times.OfSeconds(SecondsOf(line)), MetricTag);
  }
  evaluations_before(~uint64_t{0});
  path_ = absl::StrCat(folder_, "/", name);
  RETURN_IF_ERROR(WriteFileAtomically(path_, text, files_));
  // Only this program's own: a person may keep others there.
  for (const FolderEntry& each : before) {
    if (each.kind == FolderEntry::Kind::kFile && each.name.ends_with(kSuffix)) {
      RETURN_IF_ERROR(files_->RemoveFile(absl::StrCat(folder_, "/", each.name)));
    }
  }
  return absl::OkStatus();
}

absl::Status EventFile::Append(std::string_view record, double now) {
  if (path_.empty()) RETURN_IF_ERROR(Rewrite({}, {}, now));
  ASSIGN_OR_RETURN(const std::unique_ptr<AppendFile> file, files_->OpenForAppending(path_));
  return file->Append(record);
}

absl::Status EventFile::AppendMetrics(const Json& line, double now) {
  return Append(SummaryRecord(line, now, MetricTag), now);
}

absl::Status EventFile::AppendEvaluation(const Json& line, double now) {
  return Append(SummaryRecord(line, now, EvaluationTag), now);
}

}  // namespace drover::run
