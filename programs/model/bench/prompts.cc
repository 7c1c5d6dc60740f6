#include "programs/model/bench/prompts.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "base/status.h"
#include "data/prompt_writer.h"
#include "model/tokenizer.h"
#include "programs/model/jsonl_file.h"
#include "programs/model/lines.h"

namespace drover::model_tool {
namespace {

absl::StatusOr<data::PromptWriter> Writer(const std::string& model_dir, const std::string& prompt_template) {
  auto found = data::FindTemplate(prompt_template);
  if (!found.ok()) return Annotate(found.status(), "--template");
  std::shared_ptr<const model::jinja::ChatTemplate> chat;
  if (found->chat) {
    auto loaded = model::jinja::ChatTemplate::Load(model_dir);
    if (!loaded.ok()) return AsBadInput(Annotate(loaded.status(), "--template"));
    chat = std::make_shared<const model::jinja::ChatTemplate>(*std::move(loaded));
  }
  return data::PromptWriter(*std::move(found), std::move(chat));
}

absl::StatusOr<std::vector<uint32_t>> TokensOf(const InputLine& input, const data::PromptWriter& writer,
                                               const model::Tokenizer& tokenizer) {
  ASSIGN_OR_RETURN(PromptLine line, ParsePromptLine(input.value));
  if (!line.is_text) return std::move(line.token_ids);
  ASSIGN_OR_RETURN(const std::string text, writer.Write({.text = line.text}));
  return tokenizer.Encode(text, {.add_special_tokens = true});
}

}  // namespace

std::vector<std::vector<uint32_t>> RandomPrompts(size_t count, uint32_t tokens, int64_t vocabulary,
                                                 uint64_t seed) {
  RandomStream random(seed, RandomPurpose::kQuestions, 0);
  std::vector<std::vector<uint32_t>> prompts(count, std::vector<uint32_t>(tokens));
  for (std::vector<uint32_t>& prompt : prompts) {
    for (uint32_t& token : prompt) {
      token = static_cast<uint32_t>(random.Below(static_cast<uint64_t>(vocabulary)));
    }
  }
  return prompts;
}

absl::StatusOr<std::vector<std::vector<uint32_t>>> BenchPrompts(const std::string& model_dir,
                                                                const std::string& file,
                                                                const std::string& prompt_template) {
  std::vector<std::vector<uint32_t>> prompts;
  if (file.empty()) return prompts;
  if (model_dir.empty()) return absl::InvalidArgumentError("--prompts: needs a --model with a tokenizer");
  ASSIGN_OR_RETURN(const data::PromptWriter writer, Writer(model_dir, prompt_template));
  auto tokenizer = model::Tokenizer::Load(model_dir);
  if (!tokenizer.ok()) return AsBadInput(tokenizer.status());
  ASSIGN_OR_RETURN(JsonlReader in, JsonlReader::Open(file));
  while (true) {
    ASSIGN_OR_RETURN(const std::optional<InputLine> input, in.Next());
    if (!input) break;
    auto tokens = TokensOf(*input, writer, **tokenizer);
    if (!tokens.ok()) return Annotate(tokens.status(), input->where);
    prompts.push_back(*std::move(tokens));
  }
  if (prompts.empty()) return absl::InvalidArgumentError(absl::StrCat(file, ": has no prompts"));
  return prompts;
}

}  // namespace drover::model_tool
