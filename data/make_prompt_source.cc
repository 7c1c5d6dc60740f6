#include "data/make_prompt_source.h"

#include <optional>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "base/status.h"
#include "data/file_source.h"
#include "data/generated_source.h"
#include "data/question_file.h"
#include "data/question_filter.h"

namespace drover::data {
namespace {

// Of RandomPurpose::kPromptOrder; epochs of training count from 0.
constexpr uint64_t kHeldoutStream = uint64_t{1} << 63;

// Of generated questions, which have no end: all are made in the same way of the same characters.
constexpr uint64_t kGeneratedLookedAt = 1000;

QuestionKeys KeysOf(const v1::DataSettings& settings) {
  QuestionKeys keys;
  if (!settings.problem_key().empty()) keys.problem = settings.problem_key();
  if (!settings.answer_key().empty()) keys.answer = settings.answer_key();
  return keys;
}

// A question as a message names it.
std::string Named(const Question& question) {
  constexpr size_t kShown = 60;
  const bool cut = question.text.size() > kShown;
  return absl::StrCat("question ", question.index + 1, " (\"",
                      absl::Utf8SafeCEscape(question.text.substr(0, kShown)), cut ? "..." : "", "\")");
}

// What the two kinds of sources have in common while they are made.
class SourceBuilder {
 public:
  SourceBuilder(const v1::Recipe& recipe, PromptSourceOptions options)
      : recipe_(recipe), data_(recipe.data()), options_(std::move(options)) {}

  // Resolves the template and reads data.heldout.
  absl::Status Prepare() {
    ASSIGN_OR_RETURN(PromptTemplate prompt_template, ResolveTemplate(data_));
    writer_.emplace(std::move(prompt_template), options_.chat);
    if (data_.heldout().empty()) {
      share_ = data_.heldout_share();
      return absl::OkStatus();
    }
    const std::string& format = data_.heldout_format().empty() ? data_.format() : data_.heldout_format();
    ASSIGN_OR_RETURN(heldout_, Read("data.heldout", data_.heldout(), format));
    for (const Question& question : heldout_) heldout_keys_.insert(QuestionKey(question.text));
    return absl::OkStatus();
  }

  absl::StatusOr<std::unique_ptr<PromptSource>> Generated() {
    ArithmeticGenerator generator(data_.arithmetic(), share_, recipe_.run().seed(), heldout_keys_);
    const Question longest{.text = LongestArithmeticText(data_.arithmetic())};
    ASSIGN_OR_RETURN(const bool fits, Keep("data.train", longest));
    if (!fits || !generator.HasTrainingQuestions()) return NothingLeft();
    for (uint64_t n = 0; options_.judge && n < kGeneratedLookedAt; ++n) {
      ASSIGN_OR_RETURN(const bool kept, Keep("data.train", generator.Train(n)));
      if (!kept) return NothingLeft();
    }
    ASSIGN_OR_RETURN(std::vector<Question> heldout, OrderedHeldout());
    report_.nothing_heldout = heldout.empty() && generator.Heldout(1).empty();
    return std::make_unique<GeneratedSource>(
        *std::move(writer_), std::move(generator),
        TeacherHabits{.forgotten_carries = recipe_.pretrain().forgotten_carries(),
                      .padding = recipe_.pretrain().padding()},
        std::move(heldout), std::move(report_));
  }

  absl::StatusOr<std::unique_ptr<PromptSource>> FromFile() {
    ASSIGN_OR_RETURN(const QuestionFilter filter, FilterOf(data_));
    ASSIGN_OR_RETURN(std::vector<Question> all, Read("data.train", data_.train(), data_.format()));
    report_.read = all.size();
    std::vector<Question> train;
    for (Question& question : all) {
      if (!filter.Keeps(question)) {
        ++report_.unwanted;
      } else if (IsHeldout(question.text, share_)) {
        heldout_.push_back(std::move(question));
      } else if (heldout_keys_.contains(QuestionKey(question.text))) {
        ++report_.twins;
      } else {
        ASSIGN_OR_RETURN(const bool kept, Keep("data.train", question));
        if (kept) train.push_back(std::move(question));
      }
    }
    if (train.empty()) return NothingLeft();
    ASSIGN_OR_RETURN(std::vector<Question> heldout, OrderedHeldout());
    report_.nothing_heldout = heldout.empty();
    return std::make_unique<FileSource>(*std::move(writer_), recipe_.run().seed(), std::move(train),
                                        std::move(heldout), std::move(report_));
  }

 private:
  absl::StatusOr<std::vector<Question>> Read(const char* field, const std::string& path,
                                             const std::string& format) {
    QuestionFileOptions options = {.format = format.empty() ? std::string(kJsonl) : format,
                                   .keys = KeysOf(data_)};
    options.keys.chats = writer_->prompt_template().chat;
    auto file = ReadQuestionFile(path, options);
    if (!file.ok()) return Annotate(file.status(), field);
    if (report_.unanswered == 0 && file->unanswered > 0) {
      report_.unanswered_example = absl::StrCat(path, ":", file->unanswered_example);
    }
    report_.unanswered += file->unanswered;
    return std::move(file->questions);
  }

  // Whether `question` of `field` may be used; counted where not.
  absl::StatusOr<bool> Keep(const char* field, const Question& question) {
    const auto text = writer_->Write(question);
    if (!text.ok()) return Annotate(text.status(), absl::StrCat(field, ": ", Named(question)));
    if (!options_.judge) return true;
    const auto verdict = options_.judge(*text);
    if (!verdict.ok()) return Annotate(verdict.status(), absl::StrCat(field, ": ", Named(question)));
    if (verdict->fit == PromptFit::kFits) return true;
    if (verdict->fit == PromptFit::kTooLong) {
      ++report_.too_long;
    } else if (report_.unspelled++ == 0) {
      report_.unspelled_example = absl::StrCat(field, ": ", Named(question), ": ", verdict->why);
    }
    return false;
  }

  // Each held-out text once, in an order that says nothing about the file's (which may be sorted by difficulty)
  // and is the same for all runs.
  absl::StatusOr<std::vector<Question>> OrderedHeldout() {
    const char* const field = data_.heldout().empty() ? "data.train" : "data.heldout";
    std::vector<Question> kept;
    absl::flat_hash_set<std::string> seen;
    for (Question& question : heldout_) {
      if (!seen.insert(QuestionKey(question.text)).second) continue;
      ASSIGN_OR_RETURN(const bool keep, Keep(field, question));
      if (keep) kept.push_back(std::move(question));
    }
    RandomStream random(/*run_seed=*/0, RandomPurpose::kPromptOrder, kHeldoutStream);
    Shuffle(kept, random);
    return kept;
  }

  absl::Status NothingLeft() const {
    std::string text = absl::StrCat(
        "data.train: ", data_.train(), " leaves no question to train on (", report_.too_long,
        " left out for a prompt over data.max_prompt_tokens = ", data_.max_prompt_tokens(), ", ");
    if (report_.unspelled > 0)
      absl::StrAppend(&text, report_.unspelled, " that the tokenizer cannot spell, ");
    if (report_.unwanted > 0) {
      absl::StrAppend(&text, report_.unwanted, " by data.levels, data.subjects or a pass rate, ");
    }
    absl::StrAppend(&text, "all others held out)");
    if (report_.unspelled > 0) absl::StrAppend(&text, "; ", report_.unspelled_example);
    return absl::InvalidArgumentError(text);
  }

  const v1::Recipe& recipe_;
  const v1::DataSettings& data_;
  const PromptSourceOptions options_;
  std::optional<PromptWriter> writer_;
  double share_ = 0;  // none is held out by hash when there is a file of held-out questions
  std::vector<Question> heldout_;
  absl::flat_hash_set<std::string> heldout_keys_;  // of the questions of data.heldout
  SourceReport report_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<PromptSource>> MakePromptSource(const v1::Recipe& recipe,
                                                               PromptSourceOptions options) {
  SourceBuilder builder(recipe, std::move(options));
  RETURN_IF_ERROR(builder.Prepare());
  return recipe.data().train() == kGenerated ? builder.Generated() : builder.FromFile();
}

}  // namespace drover::data
