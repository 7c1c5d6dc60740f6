#include "programs/model/serve/live_request.h"

#include <algorithm>
#include <utility>

namespace drover::serve {
namespace {

constexpr const char* kEvents = "text/event-stream; charset=utf-8";

actor::GroupProgress ProgressOf(const actor::FinishedGroup& group) {
  return {group.responses, group.top_tokens};
}

const actor::TopTokens* TopOf(const actor::GroupProgress& progress, size_t response) {
  return progress.top_tokens.empty() ? nullptr : &progress.top_tokens[response];
}

}  // namespace

LiveRequest::LiveRequest(AcceptedRequest request, const model::Tokenizer& tokenizer)
    : request_(std::move(request)), finished_(request_.prompts.size()) {
  followers_.reserve(request_.prompts.size() * request_.api.n);
  for (size_t prompt = 0; prompt < request_.prompts.size(); ++prompt) {
    for (uint32_t i = 0; i < request_.api.n; ++i) {
      followers_.emplace_back(tokenizer, request_.api, static_cast<uint32_t>(followers_.size()),
                              request_.echoes[prompt]);
    }
  }
}

std::vector<actor::GroupRequest> LiveRequest::Begin(uint64_t first_id) {
  first_id_ = first_id;
  std::vector<actor::GroupRequest> groups;
  for (size_t prompt = 0; prompt < request_.prompts.size(); ++prompt) {
    actor::GroupRequest group;
    group.id = first_id + prompt;
    group.group = prompt;
    group.prompt_token_ids = request_.prompts[prompt];
    group.top_tokens = request_.api.logprobs ? request_.api.top_logprobs : 0;
    group.sampling.set_group_size(request_.api.n);
    group.sampling.set_max_tokens(request_.max_tokens[prompt]);
    group.sampling.set_temperature(request_.api.temperature);
    group.sampling.set_top_p(request_.api.top_p);
    group.sampling.set_top_k(request_.api.top_k);
    group.sampling.set_min_p(request_.api.min_p);
    group.sampling.set_seed(request_.seed);
    group.sampling.set_keep_stop(request_.api.keep_stop);
    for (const std::string& stop : request_.api.stop) group.sampling.add_stop(stop);
    groups.push_back(std::move(group));
  }
  return groups;
}

void LiveRequest::Take(actor::FinishedGroup group) {
  if (!group.status.ok()) return Fail(ErrorOf(group.status));
  const size_t prompt = group.id - first_id_;
  finished_[prompt] = std::move(group);
}

bool LiveRequest::AllGroupsEnded() const {
  return std::all_of(finished_.begin(), finished_.end(), [](const auto& group) { return group.has_value(); });
}

std::vector<uint64_t> LiveRequest::GroupsLeft() const {
  std::vector<uint64_t> ids;
  for (size_t prompt = 0; prompt < finished_.size(); ++prompt) {
    if (!finished_[prompt]) ids.push_back(first_id_ + prompt);
  }
  return ids;
}

std::optional<actor::GroupProgress> LiveRequest::ProgressOf(const actor::Generator& generator,
                                                            size_t prompt) const {
  if (finished_[prompt]) return serve::ProgressOf(*finished_[prompt]);
  return generator.Progress(first_id_ + prompt);
}

void LiveRequest::LookForTheFirstToken(const actor::Generator& generator, absl::Time now) {
  for (size_t prompt = 0; prompt < finished_.size(); ++prompt) {
    const auto progress = ProgressOf(generator, prompt);
    if (!progress) continue;
    for (const v1::Response& response : progress->responses) {
      if (response.token_ids_size() == 0) continue;
      first_token_ = now;
      return;
    }
  }
}

void LiveRequest::Pump(const actor::Generator& generator, absl::Time now) {
  if (end_) return;
  if (!first_token_) LookForTheFirstToken(generator, now);
  if (request_.api.stream) {
    if (pending_.empty() && first_token_) Stream(generator);
    return Write();
  }
  if (AllGroupsEnded()) SendWhole();
}

// Whatever is new becomes events.
void LiveRequest::Stream(const actor::Generator& generator) {
  const bool whole = AllGroupsEnded();
  for (size_t prompt = 0; prompt < finished_.size(); ++prompt) {
    const auto progress = ProgressOf(generator, prompt);
    if (!progress) continue;
    for (size_t i = 0; i < progress->responses.size(); ++i) {
      ResponseFollower& follower = followers_[prompt * request_.api.n + i];
      if (!follower.ended()) Show(follower.Take(progress->responses[i], TopOf(*progress, i)));
    }
  }
  if (!whole) return;
  if (request_.api.include_usage) pending_ += UsageEvent(request_.head, usage());
  pending_ += kDoneEvent;
  last_ = true;
}

// The end has an event of its own.
void LiveRequest::Show(ChoicePart part) {
  const ChoicePart end = {.index = part.index,
                          .finish_reason = std::exchange(part.finish_reason, nullptr),
                          .stop_text = std::exchange(part.stop_text, std::nullopt)};
  if (!part.text.empty() || !part.tokens.empty()) pending_ += TextEvent(request_.head, part);
  if (end.finish_reason != nullptr) pending_ += FinishEvent(request_.head, end);
}

void LiveRequest::Write() {
  if (pending_.empty()) return;
  if (writer_ == nullptr) {
    writer_ = request_.reply->Stream({.type = kEvents});
    if (request_.api.endpoint == ApiEndpoint::kChat) {
      std::string roles;
      for (uint32_t index = 0; index < followers_.size(); ++index) roles += RoleEvent(request_.head, index);
      pending_.insert(0, roles);
    }
  }
  const absl::Status written = writer_->Write(pending_, /*patience=*/absl::ZeroDuration());
  if (absl::IsResourceExhausted(written)) return;
  if (!written.ok()) {
    end_ = End::kClientGone;
    return;
  }
  pending_.clear();
  if (!last_) return;
  writer_->Close();
  end_ = End::kDone;
}

void LiveRequest::SendWhole() {
  std::vector<ChoicePart> choices;
  for (size_t prompt = 0; prompt < finished_.size(); ++prompt) {
    const actor::GroupProgress progress = serve::ProgressOf(*finished_[prompt]);
    for (size_t i = 0; i < progress.responses.size(); ++i) {
      choices.push_back(
          followers_[prompt * request_.api.n + i].Take(progress.responses[i], TopOf(progress, i)));
    }
  }
  request_.reply->Send(
      {.head = {.type = "application/json"}, .body = WholeAnswer(request_.head, choices, usage())});
  end_ = End::kDone;
}

void LiveRequest::Fail(const ApiError& error) {
  if (end_) return;
  end_ = End::kFailed;
  if (writer_ == nullptr) return request_.reply->Send(ErrorResponse(error));
  // Where the client does not even take what came before, the cut has to say it.
  if (writer_->Write(pending_ + ErrorEvent(error), absl::ZeroDuration()).ok()) writer_->Close();
}

void LiveRequest::Abandon() {
  if (!end_) end_ = End::kClientGone;
}

bool LiveRequest::ClientGone() const {
  return writer_ != nullptr ? writer_->ClientGone() : request_.reply->ClientGone();
}

Usage LiveRequest::usage() const {
  Usage usage;
  for (const auto& prompt : request_.prompts) usage.prompt_tokens += prompt.size();
  for (const ResponseFollower& follower : followers_) usage.completion_tokens += follower.tokens();
  return usage;
}

std::vector<uint64_t> LiveRequest::ResponseTokens() const {
  std::vector<uint64_t> tokens;
  for (const ResponseFollower& follower : followers_) tokens.push_back(follower.tokens());
  return tokens;
}

}  // namespace drover::serve
