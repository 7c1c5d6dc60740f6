#include "programs/drover/analyze/model_source.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "programs/drover/eval/local_responder.h"
#include "programs/drover/eval/model_digest.h"
#include "programs/drover/programs.h"
#include "services/completions/endpoint.h"

namespace drover::cli::analyze {
namespace {

absl::StatusOr<std::unique_ptr<evaluation::Responder>> MakeEndpoint(completions::EndpointOptions options,
                                                                    const std::string& api_key_env,
                                                                    const std::string& flag) {
  const absl::StatusOr<std::string> key = completions::ApiKeyFrom(api_key_env);
  if (!key.ok()) return Annotate(key.status(), absl::StrCat(flag, "'s key"));
  options.transfer.api_key = *key;
  absl::StatusOr<std::unique_ptr<completions::Endpoint>> endpoint = completions::Endpoint::Create(options);
  if (!endpoint.ok()) return Annotate(endpoint.status(), flag);
  return std::unique_ptr<evaluation::Responder>(*std::move(endpoint));
}

}  // namespace

absl::StatusOr<std::unique_ptr<evaluation::Responder>> MakeModel(const ModelOptions& options) {
  if (options.folder.empty() == options.endpoint.empty()) {
    return absl::InvalidArgumentError("give --model DIR, or --endpoint URL with --endpoint-model NAME");
  }
  if (!options.endpoint.empty()) {
    return MakeEndpoint({.url = options.endpoint,
                         .model = options.endpoint_model,
                         .chat = options.endpoint_chat,
                         .concurrency = options.concurrency,
                         .transfer = {.timeout = absl::Seconds(options.request_timeout)}},
                        options.api_key_env, "--endpoint");
  }
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::path(options.folder) / "config.json", error)) {
    return absl::NotFoundError(
        absl::StrCat("--model ", options.folder, ": no model is there (config.json is missing)"));
  }
  LocalModelOptions local{.program = absl::StrCat(ProgramFolder(), "/drover-model"), .model = options.folder};
  local.device = options.device;
  local.dtype = options.dtype;
  local.threads = options.threads;
  local.max_batch = options.max_batch;
  return std::unique_ptr<evaluation::Responder>(std::make_unique<LocalResponder>(local));
}

absl::StatusOr<std::unique_ptr<evaluation::Responder>> MakeJudge(const JudgeOptions& options) {
  if (options.endpoint.empty()) {
    if (!options.model.empty()) return absl::InvalidArgumentError("--judge-model needs --judge-endpoint URL");
    return std::unique_ptr<evaluation::Responder>();
  }
  return MakeEndpoint({.url = options.endpoint,
                       .model = options.model,
                       .concurrency = options.concurrency,
                       .transfer = {.timeout = absl::Seconds(options.request_timeout)}},
                      options.api_key_env, "--judge-endpoint");
}

absl::StatusOr<std::string> WeightsDigest(const ModelOptions& options) {
  if (options.folder.empty()) return std::string();
  absl::StatusOr<std::string> digest = ModelDigest(options.folder);
  if (!digest.ok()) return Annotate(digest.status(), "--model");
  return digest;
}

}  // namespace drover::cli::analyze
