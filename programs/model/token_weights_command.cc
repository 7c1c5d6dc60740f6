#include "programs/model/token_weights_command.h"

#include <ATen/ATen.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "learner/advantages/group_mean.h"
#include "learner/losses/make_loss.h"
#include "programs/model/jsonl_file.h"

namespace drover::model_tool {
namespace {

using nlohmann::json;

// Of all groups together, so that a file cannot ask for more memory than there is.
constexpr int64_t kMostTokens = 10'000'000;

struct Line {
  json id;
  GradedGroup group;
};

absl::StatusOr<std::vector<double>> Numbers(const json& line, const char* key) {
  const auto found = line.find(key);
  const std::string rule = absl::StrCat("\"", key, "\" must be an array of at least two numbers");
  if (found == line.end() || !found->is_array() || found->size() < 2) return absl::InvalidArgumentError(rule);
  std::vector<double> numbers;
  for (const json& value : *found) {
    if (!value.is_number() || !std::isfinite(value.get<double>())) return absl::InvalidArgumentError(rule);
    numbers.push_back(value.get<double>());
  }
  return numbers;
}

absl::StatusOr<Line> ParseLine(const json& value) {
  Line line;
  line.id = value.value("id", json());
  ASSIGN_OR_RETURN(line.group.rewards, Numbers(value, "rewards"));
  ASSIGN_OR_RETURN(const std::vector<double> lengths, Numbers(value, "lengths"));
  if (lengths.size() != line.group.rewards.size()) {
    return absl::InvalidArgumentError(absl::StrCat("\"lengths\" has ", lengths.size(),
                                                   " elements, \"rewards\" has ", line.group.rewards.size(),
                                                   "; they must be as many"));
  }
  for (const double length : lengths) {
    if (length < 1 || length > kMostTokens || length != std::floor(length)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"lengths\" must be whole numbers from 1 to ", kMostTokens));
    }
    line.group.lengths.push_back(static_cast<int64_t>(length));
  }
  return line;
}

absl::StatusOr<std::vector<Line>> ReadLines(const std::string& path) {
  ASSIGN_OR_RETURN(JsonlReader in, JsonlReader::Open(path));
  std::vector<Line> lines;
  int64_t tokens = 0;
  while (true) {
    ASSIGN_OR_RETURN(const std::optional<InputLine> input, in.Next());
    if (!input) return lines;
    auto line = ParseLine(input->value);
    if (!line.ok()) return Annotate(line.status(), input->where);
    for (const int64_t length : line->group.lengths) tokens += length;
    if (tokens > kMostTokens) {
      return absl::InvalidArgumentError(
          absl::StrCat(input->where, ": the file has more than ", kMostTokens, " tokens"));
    }
    lines.push_back(*std::move(line));
  }
}

// A response's number, once a token.
torch::Tensor Repeated(const std::vector<double>& numbers, const torch::Tensor& lengths) {
  return at::tensor(numbers, at::kDouble).repeat_interleave(lengths);
}

}  // namespace

std::vector<ResponseWeights> TokenWeightsOf(const std::vector<GradedGroup>& groups,
                                            const learner::LossOptions& loss, bool normalize_std) {
  std::vector<ResponseWeights> weights(groups.size());
  std::vector<double> advantages;
  std::vector<int64_t> lengths;
  for (size_t g = 0; g < groups.size(); ++g) {
    weights[g].advantages = learner::GroupAdvantages(groups[g].rewards, normalize_std);
    advantages.insert(advantages.end(), weights[g].advantages.begin(), weights[g].advantages.end());
    lengths.insert(lengths.end(), groups[g].lengths.begin(), groups[g].lengths.end());
  }
  if (lengths.empty()) return weights;
  const torch::Tensor lengths_N = at::tensor(lengths, at::kLong);
  learner::LossTokens tokens;
  tokens.advantages_K = Repeated(advantages, lengths_N);
  tokens.lengths_K = lengths_N.to(at::kDouble).repeat_interleave(lengths_N);
  tokens.old_logprobs_K = at::full_like(tokens.lengths_K, -1.0);
  tokens.entropy_K = at::zeros_like(tokens.lengths_K);
  tokens.logprobs_K = tokens.old_logprobs_K.clone().requires_grad_();
  const learner::StepSize step{static_cast<int64_t>(lengths.size()), tokens.lengths_K.size(0)};
  learner::MakeLoss(loss).Compute(tokens, step).loss.backward();
  const torch::Tensor gradients_K = tokens.logprobs_K.grad();
  int64_t at = 0;
  for (size_t g = 0; g < groups.size(); ++g) {
    for (const int64_t length : groups[g].lengths) {
      weights[g].token_weights.push_back(-gradients_K[at].item<double>());
      at += length;
    }
  }
  return weights;
}

absl::Status TokenWeights(const TokenWeightsOptions& options) {
  ASSIGN_OR_RETURN(const std::vector<Line> lines, ReadLines(options.in));
  std::vector<GradedGroup> groups;
  for (const Line& line : lines) groups.push_back(line.group);
  const std::vector<ResponseWeights> weights = TokenWeightsOf(groups, options.loss, options.normalize_std);
  ASSIGN_OR_RETURN(JsonlWriter out, JsonlWriter::Open(options.out));
  for (size_t i = 0; i < lines.size(); ++i) {
    RETURN_IF_ERROR(out.Write({{"id", lines[i].id},
                               {"advantages", weights[i].advantages},
                               {"token_weights", weights[i].token_weights}}));
  }
  return out.Close();
}

}  // namespace drover::model_tool
