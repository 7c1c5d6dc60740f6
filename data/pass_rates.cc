#include "data/pass_rates.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "data/flat_json.h"
#include "data/records.h"

namespace drover::data {
namespace {

absl::StatusOr<double> RewardAt(const FlatJson& record, const std::string& path) {
  const JsonLeaf* leaf = record.Find(path);
  double reward = 0;
  if (leaf != nullptr && leaf->kind == JsonLeaf::Kind::kNumber && absl::SimpleAtod(leaf->text, &reward))
    return reward;
  return absl::InvalidArgumentError(absl::StrCat("the line has no number in `", path, "`"));
}

}  // namespace

void PassRates::Add(Tally& tally, double reward) {
  ++responses_;
  ++tally.all;
  tally.right += reward > 0.5;
}

absl::Status PassRates::AddLine(std::string_view line) {
  const auto record = FlatJson::Parse(line);
  if (!record.ok()) return absl::InvalidArgumentError(absl::StrCat("the line ", record.status().message()));
  const JsonLeaf* asked = record->Find("problem");
  if (asked == nullptr) asked = record->Find("question");
  uint64_t index = 0;
  Tally* tally = nullptr;
  if (asked != nullptr && asked->kind == JsonLeaf::Kind::kText) {
    tally = &by_key_[QuestionKey(asked->text)];
  } else if (absl::SimpleAtoi(ToAbsl(record->Text("id")), &index)) {
    tally = &by_index_[index];
  } else {
    return absl::InvalidArgumentError(
        "the line names no question: it has no text in `problem` or `question` and no number in `id`");
  }
  if (!record->Has("responses.0")) {
    ASSIGN_OR_RETURN(const double reward, RewardAt(*record, "reward"));
    Add(*tally, reward);
    return absl::OkStatus();
  }
  for (uint64_t i = 0; record->Has(absl::StrCat("responses.", i)); ++i) {
    ASSIGN_OR_RETURN(const double reward, RewardAt(*record, absl::StrCat("responses.", i, ".reward")));
    Add(*tally, reward);
  }
  return absl::OkStatus();
}

absl::Status PassRates::AddFile(std::string_view bytes) {
  return ForEachRecord(bytes, {}, [&](const Record& record) { return AddLine(record.text); });
}

std::optional<double> PassRates::Of(const Question& question) const {
  const Tally* tally = nullptr;
  if (const auto named = by_key_.find(QuestionKey(question.text)); named != by_key_.end()) {
    tally = &named->second;
  } else if (const auto numbered = by_index_.find(question.index); numbered != by_index_.end()) {
    tally = &numbered->second;
  }
  if (tally == nullptr || tally->all == 0) return std::nullopt;
  return static_cast<double>(tally->right) / static_cast<double>(tally->all);
}

}  // namespace drover::data
