#include "programs/model/serve/serve_command.h"

#include <cstdio>
#include <filesystem>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "actor/engine.h"
#include "base/log.h"
#include "base/status.h"
#include "model/published_path.h"
#include "programs/model/serve/api.h"
#include "programs/model/serve/api_error.h"
#include "programs/model/serve/cross_origin.h"
#include "programs/model/serve/loop.h"
#include "programs/process/drain_watch.h"
#include "programs/process/ports.h"
#include "services/http/server.h"
#include "services/metrics/process_metrics.h"
#include "services/metrics/routes.h"

namespace drover::serve {
namespace {

constexpr absl::Duration kStuck = absl::Minutes(10);     // silence of the loop after which /livez says so
constexpr absl::Duration kLastBytes = absl::Seconds(2);  // for the last answers to be read
constexpr absl::Duration kCutEnds = absl::Seconds(5);    // from the end of the drain to that of the process
constexpr int kHttpThreads = 4;
constexpr size_t kMaxConnections = 256;  // that wait for no answer
constexpr size_t kSpareReplies = 64;     // requests in flight that are being refused

std::string NameOf(const ServeOptions& options) {
  if (!options.name.empty()) return options.name;
  std::error_code error;
  const auto folder = std::filesystem::weakly_canonical(options.model.dir, error);  // behind links
  return model::PublishedPath(error ? std::filesystem::path(options.model.dir) : folder).filename().string();
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || absl::StartsWith(host, "127.");
}

std::string Address(const std::string& host, int port) {
  return host.find(':') == std::string::npos ? absl::StrCat(host, ":", port)
                                             : absl::StrCat("[", host, "]:", port);
}

absl::StatusOr<ApiKeys> KeysOf(const ServeOptions& options) {
  if (options.api_key_file.empty()) return ApiKeys();
  auto keys = ApiKeys::Read(options.api_key_file);
  if (!keys.ok()) return AsBadInput(Annotate(keys.status(), "--api-key-file"));
  return keys;
}

absl::StatusOr<std::unique_ptr<actor::Engine>> MakeEngine(const ServeOptions& options,
                                                          model_tool::ToolModel& model) {
  actor::EngineOptions engine;
  engine.max_batch = options.max_batch;
  engine.max_context = options.max_context;
  engine.cache_bytes = options.cache_bytes;
  engine.max_queued = options.max_requests * ApiLimits().max_choices;
  return actor::Engine::Create(engine, std::move(model.transformer), model.tokenizer.get(), /*version=*/0);
}

ServedModel Described(const ServeOptions& options, const actor::Engine& engine,
                      const model::Tokenizer* tokenizer) {
  ServedModel served;
  served.name = NameOf(options);
  served.fingerprint = absl::StrCat("drover-", metrics::Version());
  served.tokenizer = tokenizer;
  served.chat = model::jinja::ChatTemplate::Load(options.model.dir);
  served.context = engine.context();
  served.vocabulary = engine.model().config().vocab_size;
  served.created = absl::ToUnixSeconds(absl::Now());
  return served;
}

absl::StatusOr<std::unique_ptr<http::Server>> Listen(const ServeOptions& options, http::Routes routes) {
  const auto requests = static_cast<size_t>(options.max_requests);
  return http::Server::Start(
      {.name = "drover serve",
       .listen = Address(options.host, options.port),
       .threads = kHttpThreads,
       .max_connections = kMaxConnections,
       .max_in_flight = requests + kSpareReplies,
       .max_body_bytes = ApiLimits().max_body_bytes,
       .idle_timeout = absl::Seconds(30),
       .headers = options.allow_origin.empty() ? http::Headers() : OriginHeaders(options.allow_origin),
       .refusal = &RefusalResponse},
      std::move(routes));
}

// What a person at a terminal wants to know, and a log does not.
void Greet(const ServeOptions& options, const ServedModel& model, int port) {
  std::printf("drover: serving %s (context of %lld tokens%s) at http://%s/v1\n", model.name.c_str(),
              static_cast<long long>(model.context), model.chat.ok() ? "" : "; completions alone, no chats",
              Address(options.host, port).c_str());
  std::fflush(stdout);
}

void Warn(const ServeOptions& options, const ServedModel& model) {
  if (!model.chat.ok()) {
    log::Warning("the model cannot chat", {{"why", std::string(model.chat.status().message())}});
  }
  if (!IsLoopback(options.host) && options.api_key_file.empty()) {
    log::Warning("whoever reaches the port may ask: there is no --api-key-file", {{"host", options.host}});
  }
}

// The server's parts, in the order of their making.
class ServeProcess {
 public:
  ServeProcess(const ServeOptions& options, StopSignal& signals)
      : options_(options),
        watch_(signals, {.deadline = absl::Seconds(options.drain_seconds),
                         .drain = [this] { drain_.Drain(); },
                         .cut = [this](const std::string& why) { Cut(why); }}) {
    drain_.Become([] { process::EndAtOnce(/*status=*/0, "a signal before there was anything to drain"); });
  }

  absl::Status Run() {
    ASSIGN_OR_RETURN(ApiKeys keys, KeysOf(options_));
    if (!options_.allow_origin.empty()) {
      RETURN_IF_ERROR(Annotate(CheckOrigin(options_.allow_origin), "--allow-origin"));
    }
    ASSIGN_OR_RETURN(model_tool::ToolModel model, model_tool::LoadToolModel(options_.model));
    if (model.tokenizer == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat(options_.model.dir, " has no tokenizer.json, without which no text can be served"));
    }
    ASSIGN_OR_RETURN(const auto engine, MakeEngine(options_, model));
    const LoopOptions loop_options = {.max_requests = static_cast<size_t>(options_.max_requests),
                                      .deadline = absl::Seconds(options_.request_seconds)};
    Loop loop(loop_options, engine.get(), model.tokenizer.get(), &metrics_, &heartbeats_);
    const ServedModel served = Described(options_, *engine, model.tokenizer.get());
    Api api(served, std::move(keys), ApiLimits(), &metrics_,
            [&loop](AcceptedRequest request) { loop.Submit(std::move(request)); });
    ASSIGN_OR_RETURN(const auto server, Listen(options_, MakeRoutes(api)));
    RETURN_IF_ERROR(Announce(served, server->port()));
    Become(&loop);
    loop.Run();
    Become(nullptr);
    server->WaitUntilIdle(kLastBytes);
    ended_.Notify();
    return absl::OkStatus();
  }

 private:
  http::Routes MakeRoutes(Api& api) {
    http::Routes routes;
    api.AddTo(routes);
    if (!options_.allow_origin.empty()) AddPreflight(routes);
    metrics::PageOptions pages;
    pages.live = [this] { return heartbeats_.Check(); };
    pages.ready = [this] {
      return watch_.draining() ? absl::UnavailableError("draining") : absl::OkStatus();
    };
    pages.refresh = [this] { metrics_.draining.Set(watch_.draining() ? 1 : 0); };
    metrics::AddPages(std::move(pages), {metrics_.registry}, routes);
    return routes;
  }

  absl::Status Announce(const ServedModel& served, int port) {
    Warn(options_, served);
    Greet(options_, served, port);
    if (options_.port_file.empty()) return absl::OkStatus();
    return process::WritePorts(options_.port_file, {.metrics = port});
  }

  // Whom a signal tells from now on; null: nobody.
  void Become(Loop* loop) {
    {
      absl::MutexLock lock(&mutex_);
      loop_ = loop;
    }
    drain_.Become([this] {
      absl::MutexLock lock(&mutex_);
      if (loop_ != nullptr) loop_->Drain();
    });
  }

  // A loop in a step that does not end is not waited for.
  void Cut(const std::string& why) {
    {
      absl::MutexLock lock(&mutex_);
      if (loop_ != nullptr) loop_->Cut();
    }
    if (!ended_.WaitForNotificationWithTimeout(kCutEnds)) process::EndAtOnce(/*status=*/1, why);
  }

  const ServeOptions& options_;
  metrics::ServeMetrics metrics_;
  Heartbeats heartbeats_{kStuck};
  process::DrainAction drain_;
  absl::Notification ended_;
  absl::Mutex mutex_;
  Loop* loop_ ABSL_GUARDED_BY(mutex_) = nullptr;
  process::DrainWatch watch_;  // last: it uses all of the above
};

}  // namespace

void AddServeFlags(CLI::App& command, ServeOptions& options) {
  const auto add = [&command](const char* name, auto& value, const char* help) {
    return command.add_option(name, value, help)->capture_default_str();
  };
  add("--host", options.host, "The address to listen on; 0.0.0.0: all of IPv4");
  add("--port", options.port, "The port; 0: the system picks one")->check(CLI::Range(0, 65535));
  command.add_option("--name", options.name, "The model's name in requests (default: the directory's)");
  command.add_option(
      "--api-key-file", options.api_key_file,
      "Keys, one a line: requests need one of them (default: whoever reaches the port may ask)");
  command.add_option(
      "--allow-origin", options.allow_origin,
      "Whose pages may ask from a browser, such as http://localhost:3000; *: all (default: none)");
  add("--max-batch", options.max_batch, "Responses decoded at a time")->check(CLI::Range(1, 65536));
  add("--max-context", options.max_context,
      "Most tokens of prompt and response together; 0: the model's, or what fits into the memory")
      ->check(CLI::NonNegativeNumber);
  add("--cache-bytes", options.cache_bytes,
      "Memory for keys and values, never more; 0: enough, up to a quarter of the free memory")
      ->check(CLI::NonNegativeNumber);
  add("--max-requests", options.max_requests, "Requests that wait or run; those beyond are refused (429)")
      ->check(CLI::Range(1, 16384));
  add("--request-seconds", options.request_seconds, "Longest time of a request; beyond it fails (504)")
      ->check(CLI::Range(0.1, 1e6));
  add("--drain-seconds", options.drain_seconds, "How long requests may go on after SIGTERM")
      ->check(CLI::Range(0.0, 3600.0));
  command.add_option("--port-file", options.port_file,
                     "Where to write {\"grpc_port\": 0, \"metrics_port\": N} once the server listens");
  command.add_option("--log-file", options.log_file, "Where to append the log (default: standard error)");
  add("--log-level", options.log_level, "debug, info, warning or error");
}

absl::Status Serve(const ServeOptions& options, StopSignal& signals) {
  log::Options log_options = {.process = "serve", .file = options.log_file};
  RETURN_IF_ERROR(Annotate(log::ParseLevel(options.log_level, &log_options.level), "--log-level"));
  RETURN_IF_ERROR(log::Start(log_options));
  return ServeProcess(options, signals).Run();
}

}  // namespace drover::serve
