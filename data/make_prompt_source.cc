#include "data/make_prompt_source.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "base/status.h"
#include "data/file_source.h"
#include "data/generated_source.h"
#include "data/generators.h"
#include "data/mixture.h"
#include "data/question_file.h"
#include "data/question_filter.h"

namespace drover::data {
namespace {

// Of RandomPurpose::kPromptOrder; epochs of training count from 0.
constexpr uint64_t kHeldoutOrderStream = uint64_t{1} << 63;

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
    auto generator = MakeGenerator(data_, {share_, recipe_.run().seed(), heldout_keys_});
    const Question longest{.text = LongestGeneratedText(data_)};
    ASSIGN_OR_RETURN(const bool fits, Keep("data.train", longest));
    if (!fits || !generator->HasTrainingQuestions()) return NothingLeft(data_.train());
    for (uint64_t n = 0; options_.judge && n < kGeneratedLookedAt; ++n) {
      ASSIGN_OR_RETURN(const bool kept, Keep("data.train", generator->Train(n)));
      if (!kept) return NothingLeft(data_.train());
    }
    ASSIGN_OR_RETURN(std::vector<Question> heldout, OrderedHeldout());
    report_.nothing_heldout = heldout.empty() && generator->Heldout(1).empty();
    return std::make_unique<GeneratedSource>(
        *std::move(writer_), std::move(generator),
        TeacherHabits{.forgotten_carries = recipe_.pretrain().forgotten_carries(),
                      .padding = recipe_.pretrain().padding()},
        std::move(heldout), std::move(report_));
  }

  absl::StatusOr<std::unique_ptr<PromptSource>> FromFile() {
    RETURN_IF_ERROR(AddFile("data.train", data_.train(), data_.format()));
    ASSIGN_OR_RETURN(std::unique_ptr<const QuestionOrder> order, OrderOfOne());
    return Finish(std::move(order));
  }

  absl::StatusOr<std::unique_ptr<PromptSource>> FromMixture() {
    std::vector<MixtureSet> sets;
    for (const std::string& text : data_.mixture()) {
      auto part = ParseMixturePart(text);
      if (!part.ok()) return Annotate(part.status(), "data.mixture");
      const size_t before = train_.size();
      RETURN_IF_ERROR(
          AddFile("data.mixture", part->path, part->format.empty() ? data_.format() : part->format));
      sets.push_back({train_.size() - before, part->weight});
    }
    return Finish(std::make_unique<MixtureOrder>(recipe_.run().seed(), sets));
  }

 private:
  // Adds a file's questions to train_ and heldout_, numbered after those of the files before. A file of which none may be
  // trained on is an error.
  absl::Status AddFile(const char* field, const std::string& path, const std::string& format) {
    ASSIGN_OR_RETURN(const QuestionFilter filter, FilterOf(data_));
    ASSIGN_OR_RETURN(std::vector<Question> all, Read(field, path, format));
    const size_t before = train_.size();
    for (Question& question : all) {
      question.index += report_.read;
      if (!filter.Keeps(question)) {
        ++report_.unwanted;
      } else if (IsHeldout(question.text, share_)) {
        heldout_.push_back(std::move(question));
      } else if (heldout_keys_.contains(QuestionKey(question.text))) {
        ++report_.twins;
      } else {
        ASSIGN_OR_RETURN(const bool kept, Keep(field, question));
        if (kept) train_.push_back(std::move(question));
      }
    }
    report_.read += all.size();
    return train_.size() > before ? absl::OkStatus() : NothingLeft(path);
  }

  absl::StatusOr<std::unique_ptr<const QuestionOrder>> OrderOfOne() const {
    const v1::CurriculumSettings& curriculum = data_.curriculum();
    if (curriculum.prompts() == 0) return std::make_unique<PromptOrder>(recipe_.run().seed(), train_.size());
    for (const Question& question : train_) {
      if (question.pass_rate) continue;
      return absl::InvalidArgumentError(absl::StrCat("data.curriculum.prompts: got ", curriculum.prompts(),
                                                     ", but ", Named(question),
                                                     " of data.train has no pass_rate"));
    }
    std::vector<uint32_t> easiest_first(train_.size());
    std::iota(easiest_first.begin(), easiest_first.end(), uint32_t{0});
    std::stable_sort(easiest_first.begin(), easiest_first.end(),
                     [&](uint32_t a, uint32_t b) { return *train_[a].pass_rate > *train_[b].pass_rate; });
    return std::make_unique<CurriculumOrder>(recipe_.run().seed(), std::move(easiest_first),
                                             curriculum.prompts(), curriculum.window());
  }

  absl::StatusOr<std::unique_ptr<PromptSource>> Finish(std::unique_ptr<const QuestionOrder> order) {
    ASSIGN_OR_RETURN(std::vector<Question> heldout, OrderedHeldout());
    report_.nothing_heldout = heldout.empty();
    return std::make_unique<FileSource>(*std::move(writer_), std::move(order), std::move(train_),
                                        std::move(heldout), std::move(report_));
  }

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
    RandomStream random(/*run_seed=*/0, RandomPurpose::kPromptOrder, kHeldoutOrderStream);
    Shuffle(kept, random);
    return kept;
  }

  absl::Status NothingLeft(const std::string& train) const {
    std::string text = absl::StrCat(
        "data.train: ", train, " leaves no question to train on (", report_.too_long,
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
  std::vector<Question> train_;
  std::vector<Question> heldout_;
  absl::flat_hash_set<std::string> heldout_keys_;  // of the questions of data.heldout
  SourceReport report_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<PromptSource>> MakePromptSource(const v1::Recipe& recipe,
                                                               PromptSourceOptions options) {
  SourceBuilder builder(recipe, std::move(options));
  RETURN_IF_ERROR(builder.Prepare());
  if (IsGenerated(recipe.data().train())) return builder.Generated();
  return recipe.data().train() == kMixture ? builder.FromMixture() : builder.FromFile();
}

}  // namespace drover::data
