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
      engine(*registry, "drover_serve"),
      prompt_tokens(
          AddCounter(*registry, "drover_serve_prompt_tokens_total", "Prompt tokens of requests taken.")),
      generated_tokens(
          AddCounter(*registry, "drover_serve_generated_tokens_total", "Response tokens sampled.")),
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
