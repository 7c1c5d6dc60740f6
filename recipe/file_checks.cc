#include "recipe/file_checks.h"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/generators.h"
#include "data/make_prompt_source.h"
#include "data/mixture.h"
#include "data/prompt_fit.h"
#include "data/supervised_plan.h"
#include "data/supervised_set.h"
#include "data/templates.h"
#include "model/jinja/chat_template.h"
#include "model/lora_files.h"
#include "model/model_weights.h"
#include "model/tokenizer.h"
#include "recipe/cross_checks.h"
#include "recipe/lora.h"
#include "recipe/suite.h"
#include "recipe/suite_overlap.h"

namespace drover::recipe {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kEmbeddedEos = 1;  // as CharacterTokenizerJson numbers it

// What turns prompts into ids.
struct PromptReader {
  std::unique_ptr<model::Tokenizer> tokenizer;
  uint64_t vocabulary = 0;  // of the model
  std::shared_ptr<const model::jinja::ChatTemplate> chat;
  uint64_t positions = 0;
  std::vector<uint32_t> eos;
};

// The model's chat template, where the recipe asks for it.
std::shared_ptr<const model::jinja::ChatTemplate> CheckChat(const v1::Recipe& recipe, Problems& problems) {
  if (problems.Has("data.template") || recipe.data().template_() != data::kChat) return nullptr;
  auto chat = model::jinja::ChatTemplate::Load(recipe.model().path());
  if (chat.ok()) return std::make_shared<const model::jinja::ChatTemplate>(*std::move(chat));
  problems.Add("data.template", absl::StrCat("got `chat`: ", chat.status().message()));
  return nullptr;
}

bool Exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool IsFolder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

// What of a Hugging Face directory is missing in `folder`; empty when nothing is. Of adapters loading says it.
std::string MissingPart(const fs::path& folder) {
  if (model::IsLoraFolder(folder.string())) return "";
  for (const char* part : {"config.json", "tokenizer.json"}) {
    if (!Exists(folder / part)) return part;
  }
  if (Exists(folder / "model.safetensors") || Exists(folder / "model.safetensors.index.json")) return "";
  return "model.safetensors (or model.safetensors.index.json)";
}

// The folder itself; false, with a problem, when it cannot be looked into.
bool CheckFolder(const v1::Recipe& recipe, Problems& problems) {
  const std::string& path = recipe.model().path();
  if (!IsFolder(path)) {
    problems.Add("model.path",
                 absl::StrCat("got `", path, "`, which is ", Exists(path) ? "no folder" : "not there",
                              "; may be a Hugging Face directory, or empty for a new model"));
    return false;
  }
  if (model::IsLoraFolder(path) && recipe.learner().lora().rank() > 0) {
    problems.Add(
        "model.path",
        absl::StrCat("got `", path,
                     "`, which has adapters; those of learner.lora need a whole model under them: make one "
                     "with `drover checkpoint export ",
                     path, " --merge --out FOLDER` and give that"));
    return false;
  }
  if (const std::string missing = MissingPart(path); !missing.empty()) {
    problems.Add("model.path", absl::StrCat("got `", path, "`, which has no ", missing,
                                            "; may be a Hugging Face directory, or empty for a new model"));
    return false;
  }
  return true;
}

void CheckPositionsOf(const model::ModelConfig& config, const v1::Recipe& recipe, Problems& problems) {
  for (const char* field : {"data.max_prompt_tokens", "rollout.max_response_tokens",
                            "evaluation.max_response_tokens", "evaluation.suite.max_response_tokens"}) {
    if (problems.Has(field)) return;
  }
  CheckPositions(recipe, "the model's max_position_embeddings", static_cast<uint64_t>(config.max_positions),
                 problems);
}

PromptReader CheckDirectory(const v1::Recipe& recipe, Problems& problems) {
  const std::string& path = recipe.model().path();
  if (problems.Has("model.path") || !CheckFolder(recipe, problems)) return {};
  model::ModelNotes notes;
  const auto weights = model::OpenBaseWeights(path, &notes);
  if (!weights.ok()) problems.Add("model.path", std::string(weights.status().message()));
  auto tokenizer = model::Tokenizer::Load(path);
  if (!tokenizer.ok() && tokenizer.status() != weights.status()) {  // a base that is not there is said once
    problems.Add("model.path", std::string(tokenizer.status().message()));
  }
  if (const auto lora = LoraOf(recipe); weights.ok() && lora && !problems.Has("learner.lora.targets")) {
    const auto adapters = model::DescribeAdapters(*lora, weights->config());
    if (!adapters.ok()) problems.Add("learner.lora.targets", std::string(adapters.status().message()));
  }
  for (std::string& note : notes) problems.Warn(absl::StrCat("model.path: ", note));
  if (!weights.ok() || !tokenizer.ok()) return {};
  if (recipe.sft().train().empty()) CheckPositionsOf(weights->config(), recipe, problems);
  if (!problems.Has("actors.tensor_parallel")) CheckTensorParallel(recipe, weights->config(), problems);
  const uint64_t vocabulary = static_cast<uint64_t>(weights->config().vocab_size);
  if ((*tokenizer)->size() > vocabulary) {
    problems.Warn(absl::StrCat("model.path: the tokenizer has ", (*tokenizer)->size(),
                               " ids, but the model has embeddings for ", vocabulary,
                               " (vocab_size): a prompt with any of the others would be refused"));
  }
  PromptReader reader = {*std::move(tokenizer), vocabulary, CheckChat(recipe, problems)};
  reader.positions = static_cast<uint64_t>(weights->config().max_positions);
  for (const int64_t id : weights->config().eos_token_ids) reader.eos.push_back(static_cast<uint32_t>(id));
  return reader;
}

PromptReader OfAlphabet(const v1::Recipe& recipe, const Problems& problems) {
  const std::string& alphabet = recipe.model().embedded().alphabet();
  if (problems.Has("model.embedded.alphabet") || !model::ValidateAlphabet(alphabet).ok()) return {};
  auto tokenizer = model::Tokenizer::Parse(model::CharacterTokenizerJson(alphabet));
  if (!tokenizer.ok()) return {};
  const uint64_t vocabulary = (*tokenizer)->size();
  PromptReader reader = {*std::move(tokenizer), vocabulary, nullptr};
  reader.positions = recipe.model().embedded().max_positions();
  reader.eos = {kEmbeddedEos};
  return reader;
}

void CheckIsThere(const char* field, const std::string& path, Problems& problems) {
  if (problems.Has(field) || Exists(path)) return;
  problems.Add(field,
               absl::StrCat("got `", path, "`, which is not there; may be a file of questions",
                            field == std::string("data.train")
                                ? absl::StrCat(", mixture, ", absl::StrJoin(data::GeneratorNames(), ", "))
                                : ""));
}

// Reads all questions as the learner will.
void CheckQuestions(const v1::Recipe& recipe, const PromptReader& reader, Problems& problems) {
  const v1::DataSettings& data = recipe.data();
  for (const char* field : {"data.train",
                            "data.heldout",
                            "data.template",
                            "data.reward_format",
                            "data.heldout_share",
                            "data.max_prompt_tokens",
                            "data.problem_key",
                            "data.answer_key",
                            "data.format",
                            "data.heldout_format",
                            "data.levels",
                            "data.min_pass_rate",
                            "data.max_pass_rate",
                            "data.arithmetic.operations",
                            "data.arithmetic.min_digits",
                            "data.arithmetic.max_digits",
                            "data.arithmetic.style",
                            "data.mixture",
                            "data.countdown.min_numbers",
                            "data.countdown.max_numbers",
                            "data.countdown.max_number",
                            "data.countdown.max_target",
                            "data.word_problems.min_steps",
                            "data.word_problems.max_steps",
                            "data.word_problems.max_number",
                            "data.curriculum.prompts",
                            "data.curriculum.window"}) {
    if (problems.Has(field)) return;
  }
  data::PromptSourceOptions options;
  options.chat = reader.chat;
  if (data.template_() == data::kChat && reader.chat == nullptr) return;  // said already
  if (reader.tokenizer != nullptr) {
    const data::PromptLimits limits = {.max_tokens = data.max_prompt_tokens(),
                                       .vocabulary = reader.vocabulary,
                                       .encoding = data::PromptEncoding(data)};
    options.judge = [&reader, limits](std::string_view text) {
      return data::JudgePrompt(*reader.tokenizer, limits, text);
    };
  }
  Suite suite;
  if (!problems.Has("evaluation.suite.template")) {
    auto loaded = LoadSuite(recipe, options);
    if (!loaded.ok()) problems.Add("", std::string(loaded.status().message()));  // it names the field
    if (loaded.ok()) suite = *std::move(loaded);
  }
  const auto source = data::MakePromptSource(recipe, std::move(options));
  if (!source.ok()) return problems.Add("", std::string(source.status().message()));  // it names the field
  for (std::string& warning : (*source)->report().Warnings(recipe)) problems.Warn(std::move(warning));
  for (std::string& warning : SuiteInTraining(recipe, suite, **source)) problems.Warn(std::move(warning));
}

// Who asks for steps alone may expect that many: epochs end a run, too.
void WarnOfFewerSteps(const v1::Recipe& recipe, const data::SupervisedSet& train, Problems& problems) {
  const v1::SupervisedSettings& sft = recipe.sft();
  const data::SupervisedPlan plan(sft, recipe.run().seed(), train.size(),
                                  [&](uint64_t i) { return train.length(i); });
  if (plan.steps() >= sft.steps()) return;
  problems.Warn(absl::StrCat("sft.steps: ", sft.steps(), " steps are asked for, and the run ends after ",
                             plan.steps(), ": sft.epochs is ", sft.epochs()));
}

// Reads all examples of a supervised recipe as the learner will.
void CheckExamples(const v1::Recipe& recipe, const PromptReader& reader, Problems& problems) {
  for (const char* field : {"sft.train", "sft.heldout", "sft.format", "sft.max_tokens", "sft.response_text",
                            "data.template", "model.path"}) {
    if (problems.Has(field)) return;
  }
  if (reader.tokenizer == nullptr) return;  // said already
  data::SupervisedVocabulary vocabulary = {.tokenizer = reader.tokenizer.get(),
                                           .size = reader.vocabulary,
                                           .positions = reader.positions,
                                           .eos = reader.eos};
  auto chat = data::ChatTemplateFor(recipe, recipe.model().path());
  if (!chat.ok()) return problems.Add("", std::string(chat.status().message()));
  vocabulary.chat = *std::move(chat);
  const auto data = data::LoadSupervisedData(recipe, vocabulary);
  if (!data.ok()) return problems.Add("", std::string(data.status().message()));
  for (std::string& warning : data->Warnings()) problems.Warn(std::move(warning));
  WarnOfFewerSteps(recipe, data->train, problems);
}

}  // namespace

void CheckFiles(const v1::Recipe& recipe, bool read_questions, Problems& problems) {
  const bool embedded = recipe.model().path().empty();
  const PromptReader reader = embedded ? OfAlphabet(recipe, problems) : CheckDirectory(recipe, problems);
  if (!recipe.sft().train().empty()) {
    CheckIsThere("sft.train", recipe.sft().train(), problems);
    if (!recipe.sft().heldout().empty()) CheckIsThere("sft.heldout", recipe.sft().heldout(), problems);
    if (read_questions) CheckExamples(recipe, reader, problems);
    return;
  }
  const v1::DataSettings& data = recipe.data();
  if (data.train() == data::kMixture) {
    for (const std::string& text : data.mixture()) {
      if (const auto part = data::ParseMixturePart(text); part.ok())
        CheckIsThere("data.mixture", part->path, problems);
    }
  } else if (!data::IsGenerated(data.train())) {
    CheckIsThere("data.train", data.train(), problems);
  }
  if (!data.heldout().empty()) CheckIsThere("data.heldout", data.heldout(), problems);
  const std::string& suite = recipe.evaluation().suite().path();
  if (!suite.empty() && !problems.Has("evaluation.suite.path") && !Exists(suite)) {
    problems.Add(
        "evaluation.suite.path",
        absl::StrCat("got `", suite, "`, which is not there; may be a folder of JSONL files, or one"));
  }
  if (read_questions && !problems.Has("evaluation.suite.path")) CheckQuestions(recipe, reader, problems);
}

}  // namespace drover::recipe
