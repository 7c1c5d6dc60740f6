#include "data/prompt_source.h"

#include "absl/strings/str_cat.h"

namespace drover::data {

std::vector<std::string> SourceReport::Warnings(const v1::Recipe& recipe) const {
  const v1::DataSettings& settings = recipe.data();
  std::vector<std::string> warnings;
  if (nothing_heldout && recipe.evaluation().questions() > 0) {
    const std::string of = read > 0 ? absl::StrCat(" of ", read - unwanted) : "";
    const std::string why = settings.heldout().empty()
                                ? absl::StrCat(" (data.heldout_share = ", settings.heldout_share(), ")")
                                : "";
    warnings.push_back(absl::StrCat("no question", of, " is held out", why,
                                    ", so that accuracy is not measured; give data.heldout a file of ",
                                    "questions, or raise data.heldout_share"));
  }
  if (twins > 0) {
    warnings.push_back(
        absl::StrCat("data.train: ", twins, " questions are left out, which are among data.heldout's too"));
  }
  if (unanswered > 0) {
    warnings.push_back(absl::StrCat(
        unanswered, " records of question files are left out, which have no answer; the first is ",
        unanswered_example));
  }
  if (too_long > 0) {
    warnings.push_back(absl::StrCat("data.max_prompt_tokens: ", too_long,
                                    " questions are left out, whose prompt is longer than ",
                                    settings.max_prompt_tokens(), " tokens"));
  }
  if (unspelled > 0) {
    warnings.push_back(absl::StrCat(unspelled, " questions are left out, which the tokenizer cannot spell; ",
                                    unspelled_example));
  }
  return warnings;
}

v1::Prompt PromptSource::Make(const Question& question) const {
  v1::Prompt prompt;
  prompt.set_index(question.index);
  prompt.set_question(question.text);
  // What cannot be written was refused when the source was made; of generated questions all are alike.
  prompt.set_text(writer_.Write(question).value_or(""));
  for (const std::string& gold : question.gold) prompt.add_gold(gold);
  return prompt;
}

}  // namespace drover::data
