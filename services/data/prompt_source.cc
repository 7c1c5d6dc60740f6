#include "services/data/prompt_source.h"

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "base/status.h"
#include "services/data/file_source.h"
#include "services/data/generated_source.h"
#include "services/data/jsonl.h"

namespace drover::data {
namespace {

// Of RandomPurpose::kPromptOrder; epochs of training count from 0.
constexpr uint64_t kHeldoutStream = uint64_t{1} << 63;

// What the two kinds of sources have in common while they are made.
class SourceBuilder {
 public:
  SourceBuilder(const v1::Recipe& recipe, PromptSourceOptions options)
      : recipe_(recipe), data_(recipe.data()), options_(std::move(options)) {}

  // Resolves the template and reads data.heldout.
  absl::Status Prepare() {
    ASSIGN_OR_RETURN(template_, ResolveTemplate(data_));
    if (data_.heldout().empty()) {
      share_ = data_.heldout_share();
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(heldout_, ReadQuestions(data_.heldout()));
    for (const Question& question : heldout_) heldout_keys_.insert(QuestionKey(question.text));
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<PromptSource>> Generated() {
    ArithmeticGenerator generator(data_.arithmetic(), share_, recipe_.run().seed(), heldout_keys_);
    const Question longest{.text = LongestArithmeticText(data_.arithmetic())};
    if (!Keep(longest) || !generator.HasTrainingQuestions()) return NothingLeft();
    std::vector<Question> heldout = OrderedHeldout();
    return std::make_unique<GeneratedSource>(std::move(template_), std::move(generator),
                                             recipe_.pretrain().forgotten_carries(), std::move(heldout),
                                             dropped_);
  }

  absl::StatusOr<std::unique_ptr<PromptSource>> FromFile() {
    ASSIGN_OR_RETURN(std::vector<Question> all, ReadQuestions(data_.train()));
    std::vector<Question> train;
    for (Question& question : all) {
      if (IsHeldout(question.text, share_)) {
        heldout_.push_back(std::move(question));
      } else if (!heldout_keys_.contains(QuestionKey(question.text)) && Keep(question)) {
        train.push_back(std::move(question));
      }
    }
    if (train.empty()) return NothingLeft();
    std::vector<Question> heldout = OrderedHeldout();
    return std::make_unique<FileSource>(std::move(template_), recipe_.run().seed(), std::move(train),
                                        std::move(heldout), dropped_);
  }

 private:
  bool Keep(const Question& question) {
    if (!options_.keep || options_.keep(Fill(template_, question.text))) return true;
    ++dropped_;
    return false;
  }

  // Each held-out text once, in an order that says nothing about the file's (which may be sorted by difficulty)
  // and is the same for all runs.
  std::vector<Question> OrderedHeldout() {
    std::vector<Question> kept;
    absl::flat_hash_set<std::string> seen;
    for (Question& question : heldout_) {
      if (seen.insert(question.text).second && Keep(question)) kept.push_back(std::move(question));
    }
    RandomStream random(/*run_seed=*/0, RandomPurpose::kPromptOrder, kHeldoutStream);
    Shuffle(kept, random);
    return kept;
  }

  absl::Status NothingLeft() const {
    return absl::InvalidArgumentError(
        absl::StrCat("data.train: ", data_.train(), " leaves no question to train on (", dropped_,
                     " left out for a prompt over data.max_prompt_tokens = ", data_.max_prompt_tokens(),
                     ", all others held out)"));
  }

  const v1::Recipe& recipe_;
  const v1::DataSettings& data_;
  const PromptSourceOptions options_;
  PromptTemplate template_;
  double share_ = 0;  // none is held out by hash when there is a file of held-out questions
  std::vector<Question> heldout_;
  absl::flat_hash_set<std::string> heldout_keys_;
  uint64_t dropped_ = 0;
};

}  // namespace

v1::Prompt PromptSource::Make(const Question& question) const {
  v1::Prompt prompt;
  prompt.set_index(question.index);
  prompt.set_question(question.text);
  prompt.set_text(Fill(template_, question.text));
  for (const std::string& gold : question.gold) prompt.add_gold(gold);
  return prompt;
}

absl::StatusOr<std::unique_ptr<PromptSource>> PromptSource::Create(const v1::Recipe& recipe,
                                                                   PromptSourceOptions options) {
  SourceBuilder builder(recipe, std::move(options));
  RETURN_IF_ERROR(builder.Prepare());
  return recipe.data().train() == kGenerated ? builder.Generated() : builder.FromFile();
}

}  // namespace drover::data
