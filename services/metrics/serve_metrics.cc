#include "services/metrics/serve_metrics.h"

namespace drover::metrics {
namespace {

constexpr std::array<const char*, kServeEnds> kServeEndNames = {
    "done", "failed", "client_gone", "refused_wrong", "refused_key", "refused_busy"};

}  // namespace

ServeMetrics::ServeMetrics()
    : registry(std::make_shared<prometheus::Registry>()),
      draining(AddGauge(*registry, "drover_serve_draining",
                        "1 while it drains: no new requests, those that are there end; else 0.")),
      live_requests(
          AddGauge(*registry, "drover_serve_live_requests", "Requests that wait, run or are being sent.")),
      queued_groups(AddGauge(*registry, "drover_serve_queued_prompts",
                             "Prompts in the engine of which some response has not begun.")),
      cache_pages(AddGauge(*registry, "drover_serve_cache_pages",
                           "Pages of 16 tokens that the memory for keys and values has.")),
      cache_used_pages(
          AddGauge(*registry, "drover_serve_cache_used_pages", "Pages that responses in the engine hold.")),
      prompt_tokens(
          AddCounter(*registry, "drover_serve_prompt_tokens_total", "Prompt tokens of requests taken.")),
      generated_tokens(
          AddCounter(*registry, "drover_serve_generated_tokens_total", "Response tokens sampled.")),
      generate_seconds(AddCounter(*registry, "drover_serve_generate_seconds_total",
                                  "Time in the engine's steps; tokens per second are the ratio of the two.")),
      prefilled_tokens(
          AddCounter(*registry, "drover_serve_prefilled_tokens_total",
                     "Prompt tokens that went through the model, a prompt's once for all its choices.")),
      shared_tokens(
          AddCounter(*registry, "drover_serve_shared_prompt_tokens_total",
                     "Prompt tokens that did not go through it: another prompt's pages held them.")),
      recomputed_tokens(AddCounter(*registry, "drover_serve_recomputed_tokens_total",
                                   "Tokens of preempted responses that went through the model again.")),
      preemptions(
          AddCounter(*registry, "drover_serve_preemptions_total",
                     "Times that a response gave its pages back to an older one, for want of free ones.")),
      deadlines(AddCounter(*registry, "drover_serve_deadlines_total",
                           "Requests that took longer than --request-seconds.")),
      first_token_seconds(AddHistogram(*registry, "drover_serve_first_token_seconds",
                                       "Time of a request from its arrival to its first token.",
                                       LongSeconds())),
      request_seconds(AddHistogram(
          *registry, "drover_serve_request_seconds",
          "Time of a request from its arrival to the end of its answer, of those done.", LongSeconds())),
      response_tokens(AddHistogram(*registry, "drover_serve_response_length_tokens", "Length of responses.",
                                   TokenCounts())) {
  for (size_t i = 0; i < kServeEnds; ++i) {
    ends_[i] = &AddCounter(*registry, "drover_serve_requests_total",
                           "Requests for completions and chats, by what became of them.",
                           {{"outcome", kServeEndNames[i]}});
  }
}

}  // namespace drover::metrics
