#include "recipe/cross_checks.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/address.h"
#include "base/status.h"
#include "data/generators.h"
#include "data/mixture.h"
#include "data/prompt_order.h"
#include "data/question_filter.h"
#include "data/question_formats.h"
#include "data/templates.h"
#include "model/rank_share.h"
#include "model/tokenizer.h"
#include "recipe/embedded_model.h"
#include "recipe/loss_checks.h"
#include "recipe/nearest.h"
#include "recipe/suite.h"

namespace drover::recipe {
namespace {

constexpr size_t kMaxName = 100;

bool Embedded(const v1::Recipe& recipe) { return recipe.model().path().empty(); }
bool Supervised(const v1::Recipe& recipe) { return !recipe.sft().train().empty(); }
bool Generated(const v1::Recipe& recipe) { return data::IsGenerated(recipe.data().train()); }

void Divides(const char* field, uint64_t divisor, uint64_t of, const std::string& what, Problems& problems) {
  if (divisor == 0 || of % divisor == 0) return;
  problems.Add(field, absl::StrCat("got ", divisor, ", may be a divisor of ", what, " = ", of));
}

void MinibatchDividesRollout(const v1::Recipe& recipe, Problems& problems) {
  const uint64_t responses = uint64_t{recipe.rollout().prompts()} * recipe.rollout().group_size();
  Divides("learner.minibatch_responses", recipe.learner().minibatch_responses(), responses,
          absl::StrCat("rollout.prompts x rollout.group_size = ", recipe.rollout().prompts(), " x ",
                       recipe.rollout().group_size()),
          problems);
}

void EveryRankHasResponses(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.learner().ranks() <= recipe.learner().minibatch_responses()) return;
  problems.Add("learner.ranks", absl::StrCat("got ", recipe.learner().ranks(),
                                             ", may be at most learner.minibatch_responses = ",
                                             recipe.learner().minibatch_responses(),
                                             ", so that every rank has a response of each step"));
}

void ExchangeNeedsSharding(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.learner().gradient_exchange() != v1::BFLOAT16) return;
  if (recipe.learner().sharding() != v1::NONE) return;
  problems.Add("learner.gradient_exchange",
               "got BFLOAT16, which needs learner.sharding: OPTIMIZER, GRADIENTS or WEIGHTS (without it "
               "whole gradients "
               "are summed in place, in float32); may be FLOAT32");
}

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

void Operations(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.data().train() != "arithmetic") return;
  const std::string& operations = recipe.data().arithmetic().operations();
  const std::set<char> different(operations.begin(), operations.end());
  const bool known = operations.find_first_not_of("+-*") == std::string::npos;
  if (known && different.size() == operations.size()) return;
  problems.Add("data.arithmetic.operations",
               absl::StrCat("got `", operations, "`, may be any of + - *, each once, like \"+-\""));
}

void Digits(const v1::Recipe& recipe, Problems& problems) {
  const v1::ArithmeticSettings& arithmetic = recipe.data().arithmetic();
  if (arithmetic.min_digits() <= arithmetic.max_digits()) return;
  problems.Add("data.arithmetic.min_digits",
               absl::StrCat("got ", arithmetic.min_digits(),
                            ", may be at most data.arithmetic.max_digits = ", arithmetic.max_digits()));
}

void CheckFormat(const char* field, const std::string& format, Problems& problems) {
  const auto found = data::FindQuestionFormat(format);
  if (!found.ok()) problems.Add(field, std::string(found.status().message()));
}

void Format(const v1::Recipe& recipe, Problems& problems) {
  CheckFormat("data.format", recipe.data().format(), problems);
  const std::string& heldout = recipe.data().heldout_format();
  if (!heldout.empty()) CheckFormat("data.heldout_format", heldout, problems);
}

// Which keys a published set has is known.
void KeysAreOfJsonl(const v1::Recipe& recipe, Problems& problems) {
  const v1::DataSettings& data = recipe.data();
  const bool reads_jsonl = data.format() == data::kJsonl || data.heldout_format() == data::kJsonl;
  if (reads_jsonl || (data.problem_key() == "problem" && data.answer_key() == "answer")) return;
  problems.Add(data.problem_key() == "problem" ? "data.answer_key" : "data.problem_key",
               absl::StrCat("is of data.format jsonl alone, and that is ", data.format(), "; leave it out"));
}

void Levels(const v1::Recipe& recipe, Problems& problems) {
  const auto levels = data::ParseLevels(recipe.data().levels());
  if (!levels.ok()) problems.Add("data.levels", std::string(levels.status().message()));
}

void AtMost(const char* field, uint64_t low, const char* other, uint64_t high, Problems& problems) {
  if (low <= high) return;
  problems.Add(field, absl::StrCat("got ", low, ", may be at most ", other, " = ", high));
}

void Countdown(const v1::Recipe& recipe, Problems& problems) {
  const v1::CountdownSettings& countdown = recipe.data().countdown();
  AtMost("data.countdown.min_numbers", countdown.min_numbers(), "data.countdown.max_numbers",
         countdown.max_numbers(), problems);
  AtMost("data.countdown.max_number", countdown.max_number(), "data.countdown.max_target",
         countdown.max_target(), problems);
}

void CountdownIsGradedAsSuch(const v1::Recipe& recipe, Problems& problems) {
  const bool asked = recipe.data().train() == "countdown", graded = recipe.reward().grader() == "countdown";
  if (!asked || graded || !recipe.verifiers().addresses().empty()) return;
  problems.Add("reward.grader",
               absl::StrCat("got `", recipe.reward().grader(),
                            "`, but the questions of data.train countdown are for the grader countdown"));
}

void Steps(const v1::Recipe& recipe, Problems& problems) {
  const v1::WordProblemSettings& words = recipe.data().word_problems();
  AtMost("data.word_problems.min_steps", words.min_steps(), "data.word_problems.max_steps", words.max_steps(),
         problems);
}

// Each part is one that can be read, and has a prompt in every block.
void Mixture(const v1::Recipe& recipe, Problems& problems) {
  const v1::DataSettings& data = recipe.data();
  if ((data.train() == data::kMixture) != (data.mixture_size() > 0)) {
    problems.Add("data.mixture", data.mixture_size() > 0
                                     ? "is there, so that data.train may be mixture alone"
                                     : "may be a list of FILE:WEIGHT, as data.train is mixture");
    return;
  }
  std::vector<data::MixtureSet> sets;
  for (const std::string& text : data.mixture()) {
    const auto part = data::ParseMixturePart(text);
    if (!part.ok()) return problems.Add("data.mixture", std::string(part.status().message()));
    sets.push_back({1, part->weight});
  }
  if (sets.empty()) return;
  const std::vector<uint64_t> counts = data::MixtureCounts(sets);
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) continue;
    problems.Add("data.mixture",
                 absl::StrCat("got `", data.mixture(static_cast<int>(i)), "`, which is not one prompt of ",
                              data::kMixtureBlock, "; give it more weight or leave it out"));
  }
}

void CurriculumIsOfOneFile(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.data().curriculum().prompts() == 0) return;
  if (!Generated(recipe) && recipe.data().train() != data::kMixture) return;
  problems.Add("data.curriculum.prompts",
               absl::StrCat("got ", recipe.data().curriculum().prompts(),
                            ", may be 0 unless data.train is one file of questions with pass rates"));
}

void PassRates(const v1::Recipe& recipe, Problems& problems) {
  if (recipe.data().min_pass_rate() <= recipe.data().max_pass_rate()) return;
  problems.Add("data.min_pass_rate",
               absl::StrCat("got ", recipe.data().min_pass_rate(),
                            ", may be at most data.max_pass_rate = ", recipe.data().max_pass_rate()));
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
  if (!Generated(recipe) || Supervised(recipe) || !prompt_template.ok()) return;
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
  if (!Supervised(recipe) || recipe.sft().format() != v1::CHATS || !Embedded(recipe)) return;
  problems.Add("sft.format",
               "got CHATS, which needs a model.path with a chat template; may be TEXT or PAIRS");
}

void SupervisedFits(const v1::Recipe& recipe, Problems& problems) {
  if (!Supervised(recipe) || !Embedded(recipe)) return;
  AtMost("sft.max_tokens", recipe.sft().max_tokens(), "model.embedded.max_positions",
         recipe.model().embedded().max_positions(), problems);
}

void SupervisedHasNoPretraining(const v1::Recipe& recipe, Problems& problems) {
  if (!Supervised(recipe) || recipe.pretrain().batches() == 0) return;
  problems.Add("pretrain.batches",
               absl::StrCat("got ", recipe.pretrain().batches(),
                            ", may be 0 with sft.train: `drover sft` learns from files alone"));
}

bool Adapts(const v1::Recipe& recipe) { return recipe.learner().lora().rank() > 0; }

void AdaptersNeedAModel(const v1::Recipe& recipe, Problems& problems) {
  if (!Adapts(recipe) || !Embedded(recipe)) return;
  problems.Add("learner.lora.rank", absl::StrCat("got ", recipe.learner().lora().rank(),
                                                 ", may be 0 without a model.path: a new model's weights are "
                                                 "random numbers, which nobody would freeze"));
}

void AdaptersAreNotPretrained(const v1::Recipe& recipe, Problems& problems) {
  if (!Adapts(recipe) || recipe.pretrain().batches() == 0) return;
  problems.Add("pretrain.batches",
               absl::StrCat("got ", recipe.pretrain().batches(), ", may be 0 with learner.lora"));
}

void AdaptersAreNotSharded(const v1::Recipe& recipe, Problems& problems) {
  if (!Adapts(recipe) || recipe.learner().sharding() == v1::NONE) return;
  problems.Add(
      "learner.sharding",
      absl::StrCat("got ", v1::Sharding_Name(recipe.learner().sharding()),
                   ", may be NONE with learner.lora: what adapters have of gradients and moments is small"));
}

void AdapterTargetsAreKnown(const v1::Recipe& recipe, Problems& problems) {
  static const auto& known =
      *new std::vector<std::string>{"q_proj",  "k_proj",    "v_proj",   "o_proj",      "gate_proj",
                                    "up_proj", "down_proj", "qkv_proj", "gate_up_proj"};
  std::set<std::string> seen;
  for (const std::string& target : recipe.learner().lora().targets()) {
    if (std::count(known.begin(), known.end(), target) == 0) {
      const std::string near = Nearest(target, known);
      problems.Add("learner.lora.targets",
                   absl::StrCat("got `", absl::CHexEscape(target), "`, may be ", absl::StrJoin(known, ", "),
                                near.empty() ? "" : absl::StrCat("; did you mean ", near, "?")));
    } else if (!seen.insert(target).second) {
      problems.Add("learner.lora.targets", absl::StrCat("has `", target, "` twice"));
    }
  }
}

void TargetsAreOfAdapters(const v1::Recipe& recipe, Problems& problems) {
  if (Adapts(recipe) || recipe.learner().lora().targets().empty()) return;
  problems.Add("learner.lora.targets", "are given, but learner.lora.rank is 0, which is no adapters at all");
}

void EmbeddedPositions(const v1::Recipe& recipe, Problems& problems) {
  if (!Embedded(recipe) || Supervised(recipe)) return;  // of rollouts
  CheckPositions(recipe, "model.embedded.max_positions", recipe.model().embedded().max_positions(), problems);
}

void EmbeddedTensorParallel(const v1::Recipe& recipe, Problems& problems) {
  if (Embedded(recipe)) CheckTensorParallel(recipe, EmbeddedConfig(recipe.model().embedded()), problems);
}

struct Check {
  std::vector<const char*> reads;
  void (*find)(const v1::Recipe&, Problems&);
};

const std::vector<Check>& Checks() {
  static const auto& checks = *new std::vector<Check>{
      {{"rollout.prompts", "rollout.group_size", "learner.minibatch_responses"}, MinibatchDividesRollout},
      {{"learner.ranks", "learner.minibatch_responses"}, EveryRankHasResponses},
      {{"learner.gradient_exchange", "learner.sharding"}, ExchangeNeedsSharding},
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
      {{"data.train", "data.arithmetic.operations"}, Operations},
      {{"data.arithmetic.min_digits", "data.arithmetic.max_digits"}, Digits},
      {{"data.format", "data.heldout_format"}, Format},
      {{"data.format", "data.heldout_format", "data.problem_key", "data.answer_key"}, KeysAreOfJsonl},
      {{"data.levels"}, Levels},
      {{"data.countdown.min_numbers", "data.countdown.max_numbers", "data.countdown.max_number",
        "data.countdown.max_target"},
       Countdown},
      {{"data.train", "reward.grader", "verifiers.addresses"}, CountdownIsGradedAsSuch},
      {{"data.word_problems.min_steps", "data.word_problems.max_steps"}, Steps},
      {{"data.train", "data.mixture"}, Mixture},
      {{"data.train", "data.curriculum.prompts"}, CurriculumIsOfOneFile},
      {{"data.min_pass_rate", "data.max_pass_rate"}, PassRates},
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
      {{"model.path", "learner.lora.rank"}, AdaptersNeedAModel},
      {{"pretrain.batches", "learner.lora.rank"}, AdaptersAreNotPretrained},
      {{"learner.sharding", "learner.lora.rank"}, AdaptersAreNotSharded},
      {{"learner.lora.targets"}, AdapterTargetsAreKnown},
      {{"learner.lora.rank", "learner.lora.targets"}, TargetsAreOfAdapters},
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
  if (!recipe.sft().train().empty()) return;  // it has no actors
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
  for (const Check& check : Checks()) {
    if (!problems.HasAny(check.reads)) check.find(recipe, problems);
  }
  CheckLoss(recipe, problems);
}

}  // namespace drover::recipe
