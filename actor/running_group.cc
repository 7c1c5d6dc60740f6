#include "actor/running_group.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/random.h"
#include "base/status.h"

namespace drover::actor {
namespace {

constexpr uint32_t kMaxGroupSize = 1 << 16;
constexpr int kMaxStopTexts = 256;

template <typename Value>
absl::Status Wrong(std::string_view field, const Value& value, std::string_view rule) {
  return absl::InvalidArgumentError(absl::StrCat(ToAbsl(field), " is ", value, ", must be ", ToAbsl(rule)));
}

absl::Status CheckSampling(const v1::SamplingParams& sampling, const model::Tokenizer* tokenizer) {
  if (sampling.group_size() < 1 || sampling.group_size() > kMaxGroupSize) {
    return Wrong("sampling.group_size", sampling.group_size(), absl::StrCat("1 to ", kMaxGroupSize));
  }
  if (sampling.max_tokens() < 1) return Wrong("sampling.max_tokens", sampling.max_tokens(), "at least 1");
  if (!(sampling.temperature() >= 0.0) || !std::isfinite(sampling.temperature())) {
    return Wrong("sampling.temperature", sampling.temperature(), "0 (greedy) or more, and finite");
  }
  if (!(sampling.top_p() >= 0.0 && sampling.top_p() <= 1.0)) {
    return Wrong("sampling.top_p", sampling.top_p(), "0 to 1");
  }
  if (!(sampling.min_p() >= 0.0 && sampling.min_p() <= 1.0)) {
    return Wrong("sampling.min_p", sampling.min_p(), "0 to 1");
  }
  if (sampling.stop_size() > kMaxStopTexts) {
    return Wrong("the number of sampling.stop", sampling.stop_size(),
                 absl::StrCat("at most ", kMaxStopTexts));
  }
  for (const std::string& stop : sampling.stop()) {
    if (stop.empty()) return absl::InvalidArgumentError("sampling.stop holds an empty text");
  }
  if (sampling.stop_size() > 0 && tokenizer == nullptr) {
    return absl::InvalidArgumentError(
        "sampling.stop is given, but the model has no tokenizer to find texts with");
  }
  return absl::OkStatus();
}

std::vector<uint32_t> StopTokens(const v1::SamplingParams& sampling, const model::Tokenizer* tokenizer) {
  std::vector<uint32_t> tokens;
  for (const std::string& stop : sampling.stop()) {
    const std::optional<uint32_t> id = tokenizer->TokenId(stop);
    if (id && tokenizer->IsSpecial(*id)) tokens.push_back(*id);
  }
  return tokens;
}

void CountVersion(v1::Response& response, uint64_t version) {
  const int runs = response.versions_size();
  if (runs == 0 || response.versions(runs - 1).version() != version) {
    response.add_versions()->set_version(version);
  }
  v1::VersionRun& run = *response.mutable_versions()->rbegin();
  run.set_count(run.count() + 1);
}

absl::Status CheckLengths(const GroupRequest& request) {
  if (request.lengths.empty()) return absl::OkStatus();
  if (request.lengths.size() != request.sampling.group_size()) {
    return Wrong("the number of lengths", request.lengths.size(),
                 absl::StrCat("sampling.group_size, ", request.sampling.group_size()));
  }
  for (const uint32_t length : request.lengths) {
    if (length < 1 || length > request.sampling.max_tokens()) {
      return Wrong("a length", length,
                   absl::StrCat("1 to sampling.max_tokens, ", request.sampling.max_tokens()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRequest(const GroupRequest& request, const RequestLimits& limits) {
  if (request.prompt_token_ids.empty()) return absl::InvalidArgumentError("the prompt has no tokens");
  for (const uint32_t id : request.prompt_token_ids) {
    if (id >= limits.config->vocab_size) {
      return Wrong("a prompt token", id,
                   absl::StrCat("below the vocabulary's size ", limits.config->vocab_size));
    }
  }
  RETURN_IF_ERROR(CheckSampling(request.sampling, limits.tokenizer));
  RETURN_IF_ERROR(CheckLengths(request));
  const int64_t prompt = static_cast<int64_t>(request.prompt_token_ids.size());
  const int64_t response = request.sampling.max_tokens();
  if (prompt + response > limits.context) {
    return absl::InvalidArgumentError(
        absl::StrCat("the prompt's ", prompt, " tokens and sampling.max_tokens ", response, " make ",
                     prompt + response, ", over the context of ", limits.context, " tokens"));
  }
  return absl::OkStatus();
}

RunningGroup::RunningGroup(GroupRequest request, const RequestLimits& limits)
    : request_(std::move(request)),
      limits_(limits),
      stop_texts_({request_.sampling.stop().begin(), request_.sampling.stop().end()}),
      stop_tokens_(StopTokens(request_.sampling, limits.tokenizer)),
      responses_(request_.sampling.group_size()),
      top_tokens_(request_.top_tokens > 0 ? request_.sampling.group_size() : 0) {}

SamplerOptions RunningGroup::sampler_options() const {
  SamplerOptions options;
  options.temperature = request_.sampling.temperature();
  options.top_k = request_.sampling.top_k();
  options.top_p = request_.sampling.top_p();
  options.min_p = request_.sampling.min_p();
  return options;
}

double RunningGroup::NextUniform(uint32_t index, uint32_t ahead) const {
  return SamplingUniform(request_.sampling.seed(), request_.group, index,
                         static_cast<uint32_t>(responses_[index].token_ids_size()) + ahead);
}

bool RunningGroup::EndsAtToken(v1::Response& response, uint32_t token) const {
  const std::vector<int64_t>& eos = limits_.config->eos_token_ids;
  if (std::binary_search(eos.begin(), eos.end(), static_cast<int64_t>(token))) return true;
  if (std::find(stop_tokens_.begin(), stop_tokens_.end(), token) == stop_tokens_.end()) return false;
  if (request_.sampling.keep_stop()) response.mutable_text()->append(limits_.tokenizer->TokenBytes(token));
  return true;
}

bool RunningGroup::EndsAtText(v1::Response& response, uint32_t token) const {
  if (limits_.tokenizer == nullptr || limits_.tokenizer->IsSpecial(token)) return false;
  std::string& text = *response.mutable_text();
  const size_t seen = text.size();
  text.append(limits_.tokenizer->TokenBytes(token));
  const std::optional<StopTexts::Match> match = stop_texts_.Find(text, seen);
  if (!match) return false;
  text.resize(request_.sampling.keep_stop() ? match->end : match->begin);
  return true;
}

bool RunningGroup::AddToken(uint32_t index, uint32_t token, float logprob, uint64_t version) {
  v1::Response& response = responses_[index];
  response.add_token_ids(token);
  response.add_logprobs(logprob);
  CountVersion(response, version);
  const bool given = !request_.lengths.empty();
  const int64_t length = given ? request_.lengths[index] : request_.sampling.max_tokens();
  if (!given && (EndsAtToken(response, token) || EndsAtText(response, token))) {
    response.set_finish_reason(v1::FINISH_REASON_STOP);
  } else if (response.token_ids_size() >= length) {
    response.set_finish_reason(v1::FINISH_REASON_LENGTH);
  } else {
    return false;
  }
  ++ended_;
  return true;
}

void RunningGroup::AddTop(uint32_t index, std::vector<TokenLogprob> top) {
  if (request_.top_tokens > 0) top_tokens_[index].push_back(std::move(top));
}

FinishedGroup RunningGroup::End(absl::Status status) {
  FinishedGroup group;
  group.id = request_.id;
  group.prompt_token_ids = std::move(request_.prompt_token_ids);
  if (status.ok()) {
    group.responses = std::move(responses_);
    group.top_tokens = std::move(top_tokens_);
  }
  group.status = std::move(status);
  return group;
}

}  // namespace drover::actor
