#include "services/metrics/server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <prometheus/text_serializer.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <iterator>
#include <sstream>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/address.h"
#include "base/status.h"
#include "services/metrics/connection_bound.h"
#include "services/metrics/process_metrics.h"

namespace drover::metrics {

absl::Status MetricsServerOptions::Validate() const {
  RETURN_IF_ERROR(ParseHostPort(listen).status());
  if (threads < 1 || threads > 64) {
    return absl::InvalidArgumentError(
        absl::StrCat("metrics server: threads is ", threads, "; it may be 1 to 64"));
  }
  return absl::OkStatus();
}

namespace {

constexpr unsigned int kMaxConnections = 256;  // further ones wait to be accepted
constexpr size_t kWorkingConnections = 64;     // more than that: the oldest unanswered ones make room
constexpr absl::Duration kPatience = absl::Seconds(30);  // with a request that does not end
constexpr unsigned int kConnectionSeconds = 10;          // without a byte; then it is closed
constexpr size_t kConnectionBytes = size_t{32} << 10;    // of a request's head; longer ones are refused

// "127.0.0.1:0", "localhost:0", "[::]:0" (which IPv4 reaches as well) as the system wants it.
absl::StatusOr<sockaddr_storage> SocketAddress(const std::string& listen) {
  const absl::StatusOr<HostPort> parsed = ParseHostPort(listen);
  RETURN_IF_ERROR(parsed.status());
  const HostPort& address = *parsed;
  sockaddr_storage storage = {};
  auto& four = reinterpret_cast<sockaddr_in&>(storage);
  auto& six = reinterpret_cast<sockaddr_in6&>(storage);
  const bool is_six = address.host.rfind('[', 0) == 0;
  const std::string host = address.host == "localhost" ? "127.0.0.1"
                           : is_six                    ? address.host.substr(1, address.host.size() - 2)
                                                       : address.host;
  storage.ss_family = is_six ? AF_INET6 : AF_INET;
  (is_six ? six.sin6_port : four.sin_port) = htons(static_cast<uint16_t>(address.port));
  void* to = is_six ? static_cast<void*>(&six.sin6_addr) : &four.sin_addr;
  if (::inet_pton(storage.ss_family, host.c_str(), to) != 1) {
    return absl::InvalidArgumentError(absl::StrCat("metrics: cannot listen on ", listen, ": '", address.host,
                                                   "' is no address (such as 0.0.0.0, 127.0.0.1 or [::])"));
  }
  return storage;
}

struct Answer {
  unsigned int code;
  const char* type;
  std::string body;
};

constexpr const char* kPlain = "text/plain; charset=utf-8";

Answer AnswerProbe(const std::function<absl::Status()>& probe) {
  const absl::Status status = probe ? probe() : absl::OkStatus();
  if (status.ok()) return {MHD_HTTP_OK, kPlain, "ok\n"};
  return {MHD_HTTP_SERVICE_UNAVAILABLE, kPlain, absl::StrCat(status.message(), "\n")};
}

MHD_Result Send(MHD_Connection* connection, Answer answer) {
  MHD_Response* response =
      MHD_create_response_from_buffer(answer.body.size(), answer.body.data(), MHD_RESPMEM_MUST_COPY);
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.type);
  MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  if (answer.code == MHD_HTTP_METHOD_NOT_ALLOWED)
    MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  const MHD_Result sent = MHD_queue_response(connection, answer.code, response);
  MHD_destroy_response(response);
  return sent;
}

}  // namespace

struct MetricsServer::Impl {
  MetricsServerOptions options;
  std::vector<std::shared_ptr<prometheus::Collectable>> collectables;
  MHD_Daemon* daemon = nullptr;
  int port = 0;
  absl::Mutex mutex;
  std::string error ABSL_GUARDED_BY(mutex);  // microhttpd's last words
  ConnectionBound connections{kWorkingConnections, kPatience};

  ~Impl() {
    if (daemon != nullptr) MHD_stop_daemon(daemon);
  }

  std::string Metrics() const {
    if (options.refresh) options.refresh();
    std::vector<prometheus::MetricFamily> all;
    for (const auto& collectable : collectables) {
      std::vector<prometheus::MetricFamily> families = collectable->Collect();
      std::move(families.begin(), families.end(), std::back_inserter(all));
    }
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, all);
    return text.str();
  }

  Answer AnswerTo(std::string_view path, std::string_view method) const {
    if (method != MHD_HTTP_METHOD_GET && method != MHD_HTTP_METHOD_HEAD) {
      return {MHD_HTTP_METHOD_NOT_ALLOWED, kPlain, "only GET and HEAD are served\n"};
    }
    if (path == "/metrics") return {MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", Metrics()};
    if (path == "/livez") return AnswerProbe(options.live);
    if (path == "/readyz") return AnswerProbe(options.ready);
    return {MHD_HTTP_NOT_FOUND, kPlain, "there are /metrics, /livez and /readyz\n"};
  }

  // Microhttpd's callbacks; `self` is an Impl.
  static MHD_Result Handle(void* self, MHD_Connection* connection, const char* path, const char* method,
                           const char* /*version*/, const char* /*body*/, size_t* /*body_size*/,
                           void** /*state*/) {
    Impl* impl = static_cast<Impl*>(self);
    const MHD_Result sent = Send(connection, impl->AnswerTo(path, method));
    impl->connections.Answered(Socket(connection), absl::Now());
    return sent;
  }
  static void Notice(void* self, MHD_Connection* connection, void** /*state*/,
                     MHD_ConnectionNotificationCode what) {
    ConnectionBound& connections = static_cast<Impl*>(self)->connections;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) connections.Opened(Socket(connection), absl::Now());
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) connections.Closed(Socket(connection));
  }
  static int Socket(MHD_Connection* connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
  }
  static void NoteError(void* self, const char* format, va_list arguments) {
    char text[256];
    std::vsnprintf(text, sizeof(text), format, arguments);
    Impl* impl = static_cast<Impl*>(self);
    absl::MutexLock lock(&impl->mutex);
    impl->error = std::string(absl::StripSuffix(text, "\n"));
  }

  absl::Status Listen() {
    ASSIGN_OR_RETURN(const sockaddr_storage address, SocketAddress(options.listen));
    unsigned int flags = MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ERROR_LOG;
    if (address.ss_family == AF_INET6) flags |= MHD_USE_DUAL_STACK;
    daemon = MHD_start_daemon(
        flags, /*port=*/0, nullptr, nullptr, &Impl::Handle, this, MHD_OPTION_EXTERNAL_LOGGER,
        &Impl::NoteError, this, MHD_OPTION_NOTIFY_CONNECTION, &Impl::Notice, this, MHD_OPTION_SOCK_ADDR,
        &address, MHD_OPTION_THREAD_POOL_SIZE, static_cast<unsigned int>(options.threads),
        MHD_OPTION_CONNECTION_LIMIT, kMaxConnections, MHD_OPTION_CONNECTION_TIMEOUT, kConnectionSeconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, kConnectionBytes, MHD_OPTION_END);
    if (daemon == nullptr) {
      absl::MutexLock lock(&mutex);
      return absl::UnavailableError(absl::StrCat("metrics: cannot serve on ", options.listen, ": ", error));
    }
    port = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return absl::OkStatus();
  }
};

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(
    const MetricsServerOptions& options, std::vector<std::shared_ptr<prometheus::Collectable>> collectables) {
  RETURN_IF_ERROR(options.Validate());
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->collectables = std::move(collectables);
  impl->collectables.push_back(std::make_shared<ProcessMetrics>(
      options.process.empty() ? program_invocation_short_name : options.process));
  RETURN_IF_ERROR(impl->Listen());
  return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(impl)));
}

MetricsServer::MetricsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MetricsServer::~MetricsServer() = default;
int MetricsServer::port() const { return impl_->port; }

}  // namespace drover::metrics
