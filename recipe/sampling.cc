#include "recipe/sampling.h"

#include <google/protobuf/util/message_differencer.h>

#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/digest.h"
#include "data/prompt_fit.h"
#include "recipe/text.h"

namespace drover::recipe {

v1::Recipe SamplingPart(const v1::Recipe& recipe) {
  v1::Recipe part;
  *part.mutable_model() = recipe.model();
  if (!recipe.model().path().empty()) {
    part.mutable_model()->set_path("a Hugging Face directory");
    part.mutable_model()->clear_embedded();  // not used
  }
  *part.mutable_rollout() = recipe.rollout();
  part.mutable_rollout()->clear_max_rounds();  // the learner's alone
  part.mutable_weights()->set_swap(recipe.weights().swap());
  part.mutable_run()->set_seed(recipe.run().seed());
  v1::DataSettings& data = *part.mutable_data();
  data.set_template_(recipe.data().template_());
  *data.mutable_stop() = recipe.data().stop();
  if (recipe.data().has_keep_stop()) data.set_keep_stop(recipe.data().keep_stop());
  data.set_reward_format(recipe.data().reward_format());
  // Said only where it is not the default, so that processes of the release before this field agree on the rest.
  if (!data::PromptEncoding(recipe.data()).add_special_tokens) data.set_add_special_tokens(false);
  part.mutable_reward()->set_grader(recipe.reward().grader());
  part.mutable_evaluation()->set_max_response_tokens(recipe.evaluation().max_response_tokens());
  return part;
}

std::string SamplingDigest(const v1::Recipe& recipe) { return HexDigest(ToText(SamplingPart(recipe))); }

std::string SamplingDifferences(const v1::Recipe& ours, const v1::Recipe& theirs) {
  std::string report;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&report);
  differencer.Compare(SamplingPart(ours), SamplingPart(theirs));
  // Lines are "modified: PATH: A -> B", "added: PATH: B", "deleted: PATH: A".
  std::vector<std::string> lines = absl::StrSplit(report, '\n', absl::SkipEmpty());
  for (std::string& line : lines) line = std::string(absl::StripPrefix(line, "modified: "));
  return absl::StrJoin(lines, "; ");
}

}  // namespace drover::recipe
