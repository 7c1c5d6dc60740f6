#include "recipe/cross_checks.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/address.h"
#include "base/status.h"
#include "data/generators.h"
#include "data/templates.h"
#include "model/rank_share.h"
#include "model/tokenizer.h"
#include "recipe/check.h"
#include "recipe/data_checks.h"
#include "recipe/embedded_model.h"
#include "recipe/learner_checks.h"
#include "recipe/loss_checks.h"
#include "recipe/nearest.h"
#include "recipe/suite.h"
#include "recipe/supervised.h"

namespace drover::recipe {
namespace {

constexpr size_t kMaxName = 100;

bool Embedded(const v1::Recipe& recipe) { return recipe.model().path().empty(); }
bool Generated(const v1::Recipe& recipe) { return data::IsGenerated(recipe.data().train()); }

void KeptCheckpointsAreWritten(const v1::Recipe& recipe, Problems& problems) {
  const uint32_t keep = recipe.run().keep_checkpoint_every(), every = recipe.run().checkpoint_every();
  if (keep % every == 0) return;
  problems.Add("run.keep_checkpoint_every",
               absl::StrCat("got ", keep, ", may be 0 or a multiple of run.checkpoint_every = ", every,
                            ", since no other step has a checkpoint"));
}

void BestCheckpointsAreEvaluated(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.run().keep_best_checkpoints() == 0) return;
  if (recipe.evaluation().every() > 0 && recipe.evaluation().questions() > 0) return;
  problems.Add("run.keep_best_checkpoints",
               absl::StrCat("got ", recipe.run().keep_best_checkpoints(),
                            ", which needs evaluation.every and evaluation.questions above 0 (nothing else "
                            "says which is best); may be 0"));
}

void CheckedNeedsThisVersion(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.loss().old_logprobs() != v1::CHECKED || recipe.staleness().bound() == 0) return;
  problems.Add(
      "loss.old_logprobs",
      absl::StrCat("got CHECKED, which needs staleness.bound: 0, and that is ", recipe.staleness().bound(),
                   " (only groups of the newest weights have log-probabilities that the learner could find "
                   "again); may be LEARNER or ACTOR"));
}

void MixedVersions(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.weights().swap() != v1::CONTINUE) return;
  if (recipe.loss().old_logprobs() != v1::ACTOR && recipe.loss().correction().kind() == v1::NO_CORRECTION) {
    problems.Add("weights.swap",
                 "got CONTINUE, which needs loss.old_logprobs: ACTOR or a loss.correction (a response with "
                 "tokens of several "
                 "versions has no one old policy that the learner could recompute, and is right only where "
                 "each token is weighed by "
                 "its own); may be DRAIN");
  }
  if (recipe.staleness().bound() == 0) {
    problems.Add(
        "weights.swap",
        "got CONTINUE, which needs a staleness.bound of at least 1 (a response that began under older "
        "weights is over a bound of 0 and would be thrown away); may be DRAIN");
  }
}

void Device(const v1::Recipe& recipe, Problems& problems) {
  const std::string& device = recipe.run().device();
  if (device == "auto" || device == "cpu") return;
  const std::string number = device.rfind("cuda:", 0) == 0 ? device.substr(5) : "";
  const bool is_number =
      !number.empty() && number.size() <= 3 &&
      std::all_of(number.begin(), number.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
  if (!is_number) problems.Add("run.device", absl::StrCat("got `", device, "`, may be auto, cpu or cuda:N"));
}

void Template(const v1::Recipe& recipe, Problems& problems) {
  const auto found = data::FindTemplate(recipe.data().template_());
  if (!found.ok()) problems.Add("data.template", std::string(found.status().message()));
}

void SuiteTemplateIsThere(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.evaluation().suite().template_().empty()) return;
  const auto found = SuiteTemplate(recipe);
  if (!found.ok()) problems.Add("evaluation.suite.template", std::string(found.status().message()));
}

void SuiteDraws(const v1::Recipe& recipe, Problems& problems) {
  const v1::SuiteSettings& suite = recipe.evaluation().suite();
  if (suite.n() < 2 || suite.temperature() > 0) return;
  problems.Add("evaluation.suite.n",
               absl::StrCat("got ", suite.n(), " with evaluation.suite.temperature = 0, where all ",
                            suite.n(), " responses are the same; may be 1, or give a temperature above 0"));
}

void ChatNeedsAModel(const v1::Recipe& recipe, Problems& problems) {
  if (!Embedded(recipe) || recipe.data().template_() != data::kChat) return;
  problems.Add("data.template", "got `chat`, which is the chat template of model.path; a new model has none");
}

void RewardFormat(const v1::Recipe& recipe, Problems& problems) {
  const std::string& format = recipe.data().reward_format();
  const std::vector<std::string>& formats = data::RewardFormats();
  if (format.empty() || std::count(formats.begin(), formats.end(), format) > 0) return;
  const std::string near = Nearest(format, formats);
  problems.Add("data.reward_format",
               absl::StrCat("got `", format, "`, may be ", absl::StrJoin(formats, ", "), " or empty",
                            near.empty() ? "" : absl::StrCat("; did you mean ", near, "?")));
}

void Grader(const v1::Recipe& recipe, Problems& problems) {
  const std::string& grader = recipe.reward().grader();
  const std::vector<std::string>& graders = ShippedGraders();
  if (!recipe.verifiers().addresses().empty()) return;  // those verifiers know which graders they have
  if (std::count(graders.begin(), graders.end(), grader) > 0) return;
  const std::string near = Nearest(grader, graders);
  problems.Add("reward.grader", absl::StrCat("got `", grader, "`, may be ", absl::StrJoin(graders, ", "),
                                             near.empty() ? "" : absl::StrCat("; did you mean ", near, "?")));
}

// It becomes the name of a folder.
void Name(const v1::Recipe& recipe, Problems& problems) {
  const std::string& name = recipe.name();
  const bool plain = std::none_of(name.begin(), name.end(), [](unsigned char c) {
    return c == '/' || c == 0x7f || absl::ascii_iscntrl(c);
  });
  if (plain && name.size() <= kMaxName && name != "." && name != "..") return;
  problems.Add("name", absl::StrCat("got `", absl::CHexEscape(name.substr(0, kMaxName)),
                                    "`, may be a name of at most ", kMaxName,
                                    " bytes without / and control characters"));
}

void RewardRange(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.reward().min() < recipe.reward().max()) return;
  problems.Add("reward.min", absl::StrCat("got ", recipe.reward().min(),
                                          ", may be below reward.max = ", recipe.reward().max()));
}

void VerifierAddresses(const v1::Recipe& recipe, Problems& problems) {
  for (const std::string& address : recipe.verifiers().addresses()) {
    const auto parsed = ParseAddresses(address);
    if (!parsed.ok()) problems.Add("verifiers.addresses", std::string(parsed.status().message()));
  }
}

void PretrainingNeedsSolutions(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.pretrain().batches() == 0 || Generated(recipe)) return;
  problems.Add("pretrain.batches", absl::StrCat("got ", recipe.pretrain().batches(),
                                                ", may be 0 unless data.train is generated (",
                                                absl::StrJoin(data::GeneratorNames(), ", "),
                                                "): other questions have no worked solutions"));
}

void EmbeddedShape(const v1::Recipe& recipe, Problems& problems) {
  if (!Embedded(recipe)) return;
  const v1::EmbeddedModel& shape = recipe.model().embedded();
  Divides("model.embedded.heads", shape.heads(), shape.hidden_size(), "model.embedded.hidden_size", problems);
  Divides("model.embedded.kv_heads", shape.kv_heads(), shape.heads(), "model.embedded.heads", problems);
  if (shape.hidden_size() % shape.heads() == 0 && shape.hidden_size() / shape.heads() % 2 != 0) {
    problems.Add(
        "model.embedded.heads",
        absl::StrCat("got ", shape.heads(), ", which makes a head ", shape.hidden_size() / shape.heads(),
                     " wide; hidden_size / heads must be even (rotary positions turn pairs)"));
  }
}

// Each byte that the alphabet lacks, as text.
std::string Missing(const std::string& needed, const std::string& alphabet) {
  std::string missing;
  for (const char c : needed) {
    if (alphabet.find(c) == std::string::npos && missing.find(c) == std::string::npos) missing += c;
  }
  return missing;
}

void Alphabet(const v1::Recipe& recipe, Problems& problems) {
  if (!Embedded(recipe)) return;
  const std::string& alphabet = recipe.model().embedded().alphabet();
  if (const absl::Status valid = model::ValidateAlphabet(alphabet); !valid.ok()) {
    problems.Add("model.embedded.alphabet", std::string(valid.message()));
    return;
  }
  const auto prompt_template = data::FindTemplate(recipe.data().template_());
  if (!Generated(recipe) || IsSupervised(recipe) || !prompt_template.ok()) return;
  std::string needed = data::GeneratedCharacters(recipe.data());
  if (recipe.pretrain().batches() > 0 && recipe.pretrain().padding() > 0) needed += ".,";
  const std::string missing = Missing(data::Fill(*prompt_template, needed), alphabet);
  if (missing.empty()) return;
  problems.Add(
      "model.embedded.alphabet",
      absl::StrCat("lacks `", absl::CHexEscape(missing),
                   "`, of which data.template, the generated questions and pretrain.padding are made"));
}

void SupervisedHasAPlace(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.sft().response_text().find("{response}") != std::string::npos) return;
  problems.Add("sft.response_text", absl::StrCat("got `", recipe.sft().response_text(),
                                                 "`, may be a text that contains {response}"));
}

void SupervisedChatNeedsAModel(const v1::Recipe& recipe, Problems& problems) {
  if (!IsSupervised(recipe) || recipe.sft().format() != v1::CHATS || !Embedded(recipe)) return;
  problems.Add("sft.format",
               "got CHATS, which needs a model.path with a chat template; may be TEXT or PAIRS");
}

void SupervisedFits(const v1::Recipe& recipe, Problems& problems) {
  if (!IsSupervised(recipe) || !Embedded(recipe)) return;
  AtMost("sft.max_tokens", recipe.sft().max_tokens(), "model.embedded.max_positions",
         recipe.model().embedded().max_positions(), problems);
}

void SupervisedHasNoPretraining(const v1::Recipe& recipe, Problems& problems) {
  if (!IsSupervised(recipe) || recipe.pretrain().batches() == 0) return;
  problems.Add("pretrain.batches",
               absl::StrCat("got ", recipe.pretrain().batches(),
                            ", may be 0 with sft.train: `drover sft` learns from files alone"));
}

void EmbeddedPositions(const v1::Recipe& recipe, Problems& problems) {
  if (!Embedded(recipe) || IsSupervised(recipe)) return;  // of rollouts
  CheckPositions(recipe, "model.embedded.max_positions", recipe.model().embedded().max_positions(), problems);
}

void EmbeddedTensorParallel(const v1::Recipe& recipe, Problems& problems) {
  if (Embedded(recipe)) CheckTensorParallel(recipe, EmbeddedConfig(recipe.model().embedded()), problems);
}

const std::vector<Check>& Checks() {
  static const auto& checks = *new std::vector<Check>{
      {{"actors.tensor_parallel", "model.path", "model.embedded.hidden_size", "model.embedded.heads",
        "model.embedded.kv_heads"},
       EmbeddedTensorParallel},
      {{"run.checkpoint_every", "run.keep_checkpoint_every"}, KeptCheckpointsAreWritten},
      {{"run.keep_best_checkpoints", "evaluation.every", "evaluation.questions"},
       BestCheckpointsAreEvaluated},
      {{"loss.old_logprobs", "staleness.bound"}, CheckedNeedsThisVersion},
      {{"weights.swap", "loss.old_logprobs", "loss.correction.kind", "staleness.bound"}, MixedVersions},
      {{"run.device"}, Device},
      {{"data.template"}, Template},
      {{"data.template", "model.path"}, ChatNeedsAModel},
      {{"data.reward_format"}, RewardFormat},
      {{"reward.grader", "verifiers.addresses"}, Grader},
      {{"name"}, Name},
      {{"reward.min", "reward.max"}, RewardRange},
      {{"data.template", "evaluation.suite.template"}, SuiteTemplateIsThere},
      {{"evaluation.suite.n", "evaluation.suite.temperature"}, SuiteDraws},
      {{"verifiers.addresses"}, VerifierAddresses},
      {{"data.train", "pretrain.batches"}, PretrainingNeedsSolutions},
      {{"model.path", "model.embedded.hidden_size", "model.embedded.heads", "model.embedded.kv_heads"},
       EmbeddedShape},
      {{"model.path", "model.embedded.alphabet", "data.train", "data.template", "data.arithmetic.operations",
        "data.arithmetic.style", "data.countdown.max_numbers", "data.word_problems.max_steps",
        "pretrain.batches", "pretrain.padding"},
       Alphabet},
      {{"sft.response_text"}, SupervisedHasAPlace},
      {{"sft.train", "sft.format", "model.path"}, SupervisedChatNeedsAModel},
      {{"sft.train", "sft.max_tokens", "model.path", "model.embedded.max_positions"}, SupervisedFits},
      {{"sft.train", "pretrain.batches"}, SupervisedHasNoPretraining},
      {{"model.path", "model.embedded.max_positions", "data.max_prompt_tokens", "rollout.max_response_tokens",
        "evaluation.max_response_tokens", "evaluation.suite.max_response_tokens"},
       EmbeddedPositions},
  };
  return checks;
}

}  // namespace

const std::vector<std::string>& ShippedGraders() {
  static const auto& graders = *new std::vector<std::string>{"choice", "countdown", "exact", "math"};
  return graders;
}

void CheckTensorParallel(const v1::Recipe& recipe, const model::ModelConfig& config, Problems& problems) {
  if (IsSupervised(recipe)) return;  // it has no actors
  const uint32_t ranks = recipe.actors().tensor_parallel();
  const absl::Status can = model::CheckShares(config, static_cast<int>(ranks));
  if (!can.ok()) problems.Add("actors.tensor_parallel", absl::StrCat("got ", ranks, ": ", can.message()));
}

void CheckPositions(const v1::Recipe& recipe, const std::string& limit_name, uint64_t positions,
                    Problems& problems) {
  const auto check = [&](const char* field, uint64_t response) {
    const uint64_t prompt = recipe.data().max_prompt_tokens();
    if (prompt + response <= positions) return false;
    problems.Add(field, absl::StrCat("got ", response, ", with data.max_prompt_tokens = ", prompt,
                                     " that is ", prompt + response, " tokens; may be at most ", limit_name,
                                     " = ", positions, " together"));
    return true;
  };
  if (check("rollout.max_response_tokens", recipe.rollout().max_response_tokens())) return;
  if (check("evaluation.max_response_tokens", recipe.evaluation().max_response_tokens())) return;
  check("evaluation.suite.max_response_tokens", recipe.evaluation().suite().max_response_tokens());
}

void CheckAcrossFields(const v1::Recipe& recipe, Problems& problems) {
  CheckData(recipe, problems);
  CheckLearner(recipe, problems);
  RunChecks(Checks(), recipe, problems);
  CheckLoss(recipe, problems);
}

}  // namespace drover::recipe
