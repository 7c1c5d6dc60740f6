// A model of this machine as a Responder: drover-model as a child, so that whoever asks links no LibTorch.
//
//   asks ──▶ lines {"id","prompt","response_count","random_group"} ──▶ child's standard input     (a pipe; the child reads as many
//                                                                                                  as it has rows for)
//   answered ◀── lines {"id","index","text","tokens","finish_reason"} ◀── its standard output     (as soon as a prompt is done)
//                last words, when it dies                          ◀── its standard error         (a file)
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "evaluation/responder.h"

namespace drover::cli {

struct LocalModelOptions {
  std::string program;  // the path of drover-model
  std::string model;    // a Hugging Face directory
  std::string device = "auto";
  std::string dtype =
      "float32";           // what weights are rounded to and matrix products run in: float32 or bfloat16
  int threads = 0;         // compute threads; 0: one a core
  int64_t max_batch = 64;  // responses decoded at a time
};

class LocalResponder final : public evaluation::Responder {
 public:
  explicit LocalResponder(LocalModelOptions options) : options_(std::move(options)) {}

  // Starts a child, which ends with this call; the calling thread reads and writes its pipes and calls `answered`. An ask whose
  // prompt leaves no room in the model's context has responses without a token, truncated. INVALID_ARGUMENT with the child's
  // words when it ended with status 2; INTERNAL with its last words for any other death. Asks must have prompts.
  absl::Status Respond(absl::Span<const evaluation::Ask> asks, const evaluation::Sampling& sampling,
                       const Answered& answered, const std::atomic<bool>& stop) override;

  // The model's folder, without a slash at its end.
  std::string Describe() const override;

 private:
  LocalModelOptions options_;
};

// The arguments of the child. Pure.
std::vector<std::string> GenerateArguments(const LocalModelOptions& options,
                                           const evaluation::Sampling& sampling);

}  // namespace drover::cli
