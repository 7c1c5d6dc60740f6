#include "programs/model/generate_command.h"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "actor/engine.h"
#include "base/exceptions.h"
#include "base/status.h"
#include "data/prompt_writer.h"
#include "programs/model/generate_ranks.h"
#include "programs/model/jsonl_file.h"
#include "programs/model/lines.h"

namespace drover::model_tool {
namespace {

constexpr uint32_t kDefaultNewTokens = 256;

// Prompts go through the engine in a window: memory does not grow with the file.
class Generation {
 public:
  Generation(const GenerateOptions& options, const data::PromptWriter& writer,
             const model::Tokenizer* tokenizer, actor::Engine* engine, JsonlReader* in, JsonlWriter* out)
      : options_(options), writer_(writer), tokenizer_(tokenizer), engine_(*engine), in_(*in), out_(*out) {}

  absl::Status Run() {
    while (true) {
      while (!at_end_ && waiting_.size() < window()) RETURN_IF_ERROR(AddNext());
      if (waiting_.empty()) return absl::OkStatus();
      for (actor::FinishedGroup& group : engine_.Step()) {
        Waiting& waiting = waiting_.at(group.id);
        if (!group.status.ok()) return Annotate(group.status, waiting.where);
        waiting.prompt = std::move(group.prompt_token_ids);
        waiting.responses = std::move(group.responses);
        if (options_.unordered) RETURN_IF_ERROR(WriteNow(group.id));
      }
      if (!options_.unordered) RETURN_IF_ERROR(WriteReady());
    }
  }

 private:
  struct Waiting {
    std::string where;
    nlohmann::json id;
    std::vector<uint32_t> prompt = {};  // empty until it is finished, as are
    std::vector<v1::Response> responses = {};
  };

  // Twice the rows: while the oldest response is still being decoded, others can begin in the rows that end.
  size_t window() const {
    return static_cast<size_t>(
        std::max<int64_t>(2, 2 * options_.max_batch / std::max<uint32_t>(1, options_.n)));
  }

  absl::Status AddNext() {
    ASSIGN_OR_RETURN(std::optional<InputLine> input, in_.Next());
    if (!input) {
      at_end_ = true;
      return absl::OkStatus();
    }
    return Annotate(AddLine(*input), input->where);
  }

  absl::Status AddLine(const InputLine& input) {
    ASSIGN_OR_RETURN(PromptLine line, ParsePromptLine(input.value));
    if (line.is_text) {
      if (tokenizer_ == nullptr) {
        return absl::InvalidArgumentError(
            "\"prompt\" is a text, but the model has no tokenizer.json; give "
            "\"prompt_token_ids\"");
      }
      ASSIGN_OR_RETURN(const std::string text, writer_.Write({.text = line.text}));
      ASSIGN_OR_RETURN(line.token_ids,
                       tokenizer_->Encode(text, {.add_special_tokens = options_.add_special_tokens}));
    }
    const uint64_t id = next_++;
    waiting_[id] = {.where = input.where, .id = std::move(line.id)};
    actor::GroupRequest request;
    request.id = id;
    request.group = line.number.value_or(id);
    request.sampling = Sampling(static_cast<int64_t>(line.token_ids.size()), line.n.value_or(options_.n));
    request.prompt_token_ids = std::move(line.token_ids);
    if (options_.fit_context && Left(request.prompt_token_ids) < 1)
      return AnswerWithNothing(std::move(request));
    return engine_.Add(std::move(request));
  }

  // Tokens that the context leaves for a response.
  int64_t Left(const std::vector<uint32_t>& prompt) const {
    return engine_.context() - static_cast<int64_t>(prompt.size());
  }

  absl::Status AnswerWithNothing(actor::GroupRequest request) {
    v1::Response cut;
    cut.set_finish_reason(v1::FINISH_REASON_LENGTH);
    Waiting& waiting = waiting_.at(request.id);
    waiting.prompt = std::move(request.prompt_token_ids);
    waiting.responses.assign(request.sampling.group_size(), cut);
    return options_.unordered ? WriteNow(request.id) : absl::OkStatus();
  }

  v1::SamplingParams Sampling(int64_t prompt_tokens, uint32_t n) const {
    v1::SamplingParams sampling;
    sampling.set_group_size(n);
    const int64_t left = std::max<int64_t>(1, engine_.context() - prompt_tokens);
    const uint32_t wished =
        options_.max_new_tokens.value_or(static_cast<uint32_t>(std::min<int64_t>(left, kDefaultNewTokens)));
    sampling.set_max_tokens(options_.fit_context ? static_cast<uint32_t>(std::min<int64_t>(left, wished))
                                                 : wished);
    sampling.set_temperature(options_.temperature);
    sampling.set_top_p(options_.top_p);
    sampling.set_top_k(options_.top_k);
    sampling.set_min_p(options_.min_p);
    sampling.set_seed(options_.seed);
    sampling.set_keep_stop(options_.keep_stop || writer_.prompt_template().keep_stop);
    for (const std::string& stop : writer_.prompt_template().stop) sampling.add_stop(stop);
    return sampling;
  }

  absl::Status WriteReady() {
    while (!waiting_.empty() && !waiting_.begin()->second.responses.empty()) {
      RETURN_IF_ERROR(Write(waiting_.begin()->second));
      waiting_.erase(waiting_.begin());
    }
    return absl::OkStatus();
  }

  absl::Status WriteNow(uint64_t id) {
    RETURN_IF_ERROR(Write(waiting_.at(id)));
    waiting_.erase(id);
    return out_.Flush();
  }

  absl::Status Write(const Waiting& done) {
    for (size_t i = 0; i < done.responses.size(); ++i) {
      const auto index = static_cast<int64_t>(i);
      const bool has_text = tokenizer_ != nullptr;
      RETURN_IF_ERROR(out_.Write(
          options_.brief ? BriefLine(done.id, index, done.responses[i], has_text)
                         : ResponseLine(done.id, index, done.prompt, done.responses[i], has_text)));
    }
    return absl::OkStatus();
  }

  const GenerateOptions& options_;
  const data::PromptWriter& writer_;
  const model::Tokenizer* tokenizer_;
  actor::Engine& engine_;
  JsonlReader& in_;
  JsonlWriter& out_;
  std::map<uint64_t, Waiting> waiting_;  // by number of the prompt
  uint64_t next_ = 0;
  bool at_end_ = false;
};

// With the ranks joined, or alone.
absl::Status GenerateWith(const GenerateOptions& options, const ToolModelOptions& model_options,
                          const data::PromptWriter& writer, JsonlReader& in, actor::ActorRanks* ranks) {
  ASSIGN_OR_RETURN(ToolModel model, LoadToolModel(model_options, ranks));
  actor::EngineOptions engine_options;
  engine_options.ranks = ranks;
  engine_options.max_batch = options.max_batch;
  engine_options.cache_bytes = options.cache_bytes;
  engine_options.speculation = options.speculation;
  ASSIGN_OR_RETURN(const auto engine, actor::Engine::Create(engine_options, std::move(model.transformer),
                                                            model.tokenizer.get(), /*version=*/0));
  ASSIGN_OR_RETURN(JsonlWriter out, JsonlWriter::Open(options.out));
  RETURN_IF_ERROR(Generation(options, writer, model.tokenizer.get(), engine.get(), &in, &out).Run());
  return out.Close();
}

}  // namespace

absl::Status Generate(const GenerateOptions& options) {
  auto prompt_template = data::FindTemplate(options.prompt_template);
  if (!prompt_template.ok()) return Annotate(prompt_template.status(), "--template");
  if (!options.stop.empty()) prompt_template->stop = options.stop;
  std::shared_ptr<const model::jinja::ChatTemplate> chat;
  if (prompt_template->chat) {
    auto loaded = model::jinja::ChatTemplate::Load(options.model.dir);
    if (!loaded.ok()) return AsBadInput(Annotate(loaded.status(), "--template"));
    chat = std::make_shared<const model::jinja::ChatTemplate>(*std::move(loaded));
  }
  const data::PromptWriter writer(*std::move(prompt_template), std::move(chat));
  ASSIGN_OR_RETURN(JsonlReader in, JsonlReader::Open(options.prompts));
  std::unique_ptr<GenerateRanks> ranks;
  ToolModelOptions model_options = options.model;
  if (options.tensor_parallel > 1) {
    model_options.threads = ThreadsOfRank(model_options.threads, options.tensor_parallel);
    ASSIGN_OR_RETURN(ranks, GenerateRanks::Start(model_options, options.tensor_parallel));
  }
  actor::ActorRanks* const group = ranks == nullptr ? nullptr : ranks->group();
  const absl::Status done =
      CatchExceptions("generation", [&] { return GenerateWith(options, model_options, writer, in, group); });
  return done.ok() || ranks == nullptr ? done : ranks->Explain(done);
}

}  // namespace drover::model_tool
