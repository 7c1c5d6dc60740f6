#include "programs/model/score_command.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "learner/batch.h"
#include "learner/forward.h"
#include "programs/model/jsonl_file.h"
#include "programs/model/lines.h"

namespace drover::model_tool {
namespace {

constexpr size_t kBatchLines = 32;
constexpr size_t kBatchTokens = 8192;

// Log-probabilities of each line's tokens 1, 2, ...: what the learner calls a response to a prompt of one token.
std::vector<std::vector<float>> Logprobs(model::Transformer& model, const std::vector<ScoreLine>& lines) {
  std::vector<std::vector<float>> logprobs(lines.size());
  std::vector<learner::Sequence> sequences(lines.size());
  std::vector<int64_t> scored;
  for (size_t i = 0; i < lines.size(); ++i) {
    const absl::Span<const uint32_t> ids = lines[i].token_ids;
    sequences[i] = {ids.subspan(0, 1), ids.subspan(1)};
    logprobs[i].resize(ids.size() - 1);
    if (ids.size() > 1) scored.push_back(static_cast<int64_t>(i));
  }
  if (scored.empty()) return logprobs;
  const torch::Device device = model.options().device;
  const learner::Microbatch batch = learner::MakeMicrobatch(sequences, scored, device);
  learner::SplitTokens(batch, learner::Score(model, batch, {}).logprobs_K, &logprobs);
  return logprobs;
}

// Logits [lines, V] of what would follow each line.
torch::Tensor LastLogits(model::Transformer& model, const std::vector<ScoreLine>& lines) {
  at::NoGradGuard no_grad;
  std::vector<int64_t> ids, last;
  std::vector<model::Segment> segments;
  for (const ScoreLine& line : lines) {
    segments.push_back({static_cast<int64_t>(ids.size()), static_cast<int64_t>(line.token_ids.size()), 0, 0});
    ids.insert(ids.end(), line.token_ids.begin(), line.token_ids.end());
    last.push_back(static_cast<int64_t>(ids.size()) - 1);
  }
  const torch::Device device = model.options().device;
  const torch::Tensor hidden_ND = model.Hidden(at::tensor(ids, at::kLong).to(device), segments);
  return model.Logits(hidden_ND.index_select(0, at::tensor(last, at::kLong).to(device))).cpu();
}

template <typename Value>
std::vector<Value> ToVector(const torch::Tensor& values) {
  const torch::Tensor flat = values.contiguous();
  return std::vector<Value>(flat.const_data_ptr<Value>(), flat.const_data_ptr<Value>() + flat.numel());
}

// The weights are finite (Transformer::Load); what is made of them may still overflow.
absl::Status CheckFinite(const ScoreLine& line, const std::vector<float>& logprobs) {
  for (size_t i = 0; i < logprobs.size(); ++i) {
    if (std::isfinite(logprobs[i])) continue;
    return absl::InternalError(absl::StrCat(line.where, ": the log-probability of token ", i + 1, " is ",
                                            logprobs[i],
                                            ": the model's numbers overflow (--dtype may help)"));
  }
  return absl::OkStatus();
}

absl::Status ScoreBatch(const ScoreOptions& options, model::Transformer& model,
                        const std::vector<ScoreLine>& lines, JsonlWriter& out) {
  const std::vector<std::vector<float>> logprobs = Logprobs(model, lines);
  torch::Tensor values, ids;
  if (options.top > 0) std::tie(values, ids) = LastLogits(model, lines).topk(options.top);
  for (size_t i = 0; i < lines.size(); ++i) {
    RETURN_IF_ERROR(CheckFinite(lines[i], logprobs[i]));
    nlohmann::ordered_json line;
    line["id"] = lines[i].id;
    line["logprobs"] = logprobs[i];
    if (options.top > 0) {
      line["top_ids"] = ToVector<int64_t>(ids[static_cast<int64_t>(i)]);
      line["top_logits"] = ToVector<float>(values[static_cast<int64_t>(i)]);
    }
    RETURN_IF_ERROR(out.Write(line));
  }
  return absl::OkStatus();
}

absl::Status ScoreAll(const ScoreOptions& options, model::Transformer& model, JsonlReader& in,
                      JsonlWriter& out) {
  std::vector<ScoreLine> batch;
  size_t tokens = 0;
  const auto flush = [&]() -> absl::Status {
    if (batch.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(ScoreBatch(options, model, batch, out));
    batch.clear();
    tokens = 0;
    return absl::OkStatus();
  };
  while (true) {
    ASSIGN_OR_RETURN(const std::optional<InputLine> input, in.Next());
    if (!input) return flush();
    auto line = ParseScoreLine(input->value, model.config().vocab_size, model.config().max_positions);
    if (!line.ok()) return Annotate(line.status(), input->where);
    const bool full = batch.size() == kBatchLines || tokens + line->token_ids.size() > kBatchTokens;
    if (full) RETURN_IF_ERROR(flush());
    tokens += line->token_ids.size();
    line->where = input->where;
    batch.push_back(std::move(*line));
  }
}

}  // namespace

absl::Status Score(const ScoreOptions& options) {
  ASSIGN_OR_RETURN(JsonlReader in, JsonlReader::Open(options.in));
  ToolModelOptions model_options = options.model;
  model_options.trainable = true;
  ASSIGN_OR_RETURN(const ToolModel model, LoadToolModel(model_options));
  const int64_t vocabulary = model.transformer->config().vocab_size;
  if (options.top < 0 || options.top > vocabulary) {
    return absl::InvalidArgumentError(absl::StrCat("--top is ", options.top, ", must be 0 to ", vocabulary));
  }
  ASSIGN_OR_RETURN(JsonlWriter out, JsonlWriter::Open(options.out));
  RETURN_IF_ERROR(ScoreAll(options, *model.transformer, in, out));
  return out.Close();
}

}  // namespace drover::model_tool
