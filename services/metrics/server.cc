#include "services/metrics/server.h"

#include <arpa/inet.h>
#include <civetweb.h>
#include <netinet/in.h>
#include <poll.h>
#include <prometheus/text_serializer.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <sstream>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "services/metrics/process_metrics.h"
#include "services/rpc/address.h"

namespace drover::metrics {

absl::Status MetricsServerOptions::Validate() const {
  RETURN_IF_ERROR(rpc::ParseHostPort(listen).status());
  if (threads < 1 || threads > 64) {
    return absl::InvalidArgumentError(
        absl::StrCat("metrics server: threads is ", threads, "; it may be 1 to 64"));
  }
  return absl::OkStatus();
}

namespace {

// Connects to our own IPv4 port and hangs up.
void Knock(const std::string& listen, int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  const std::string host = listen.substr(0, listen.rfind(':'));
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1 || address.sin_addr.s_addr == INADDR_ANY) {
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  (void)::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address));
  pollfd wait = {.fd = fd, .events = POLLOUT, .revents = 0};
  ::poll(&wait, 1, /*timeout_ms=*/100);
  ::close(fd);
}

}  // namespace

struct MetricsServer::Impl {
  MetricsServerOptions options;
  std::vector<std::shared_ptr<prometheus::Collectable>> collectables;
  mg_context* context = nullptr;
  int port = 0;
  absl::Mutex mutex;
  std::string error ABSL_GUARDED_BY(mutex);  // civetweb's last words

  void SetError(const char* message) {
    absl::MutexLock lock(&mutex);
    error = message;
  }
  std::string Error() {
    absl::MutexLock lock(&mutex);
    return error;
  }

  ~Impl() {
    if (context == nullptr) return;
    // Civetweb's listener looks at its stop flag, which mg_stop sets at once, only every 2 s or when someone connects.
    std::thread knock([this] {
      absl::SleepFor(absl::Milliseconds(5));
      Knock(options.listen, port);
    });
    mg_stop(context);
    knock.join();
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
};

namespace {

int Answer(mg_connection* connection, int code, const char* type, const std::string& body) {
  const char* reason = code == 200 ? "OK" : code == 405 ? "Method Not Allowed" : "Service Unavailable";
  const std::string head = absl::StrCat("HTTP/1.1 ", code, " ", reason, "\r\nContent-Type: ", type,
                                        "\r\nContent-Length: ", body.size(),
                                        "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n");
  mg_write(connection, head.data(), head.size());
  const char* method = mg_get_request_info(connection)->request_method;
  if (method != nullptr && std::string_view(method) == "HEAD") return code;
  mg_write(connection, body.data(), body.size());
  return code;
}

// 405 was answered.
bool RefusedMethod(mg_connection* connection) {
  const char* method = mg_get_request_info(connection)->request_method;
  const std::string_view name = method == nullptr ? "" : method;
  if (name == "GET" || name == "HEAD") return false;
  Answer(connection, 405, "text/plain; charset=utf-8", "only GET and HEAD are served\n");
  return true;
}

int AnswerProbe(mg_connection* connection, const std::function<absl::Status()>& probe) {
  if (RefusedMethod(connection)) return 405;
  const absl::Status status = probe ? probe() : absl::OkStatus();
  if (status.ok()) return Answer(connection, 200, "text/plain; charset=utf-8", "ok\n");
  return Answer(connection, 503, "text/plain; charset=utf-8", absl::StrCat(status.message(), "\n"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Start(
    const MetricsServerOptions& options, std::vector<std::shared_ptr<prometheus::Collectable>> collectables) {
  RETURN_IF_ERROR(options.Validate());
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->collectables = std::move(collectables);
  impl->collectables.push_back(std::make_shared<ProcessMetrics>(
      options.process.empty() ? program_invocation_short_name : options.process));

  // Civetweb takes addresses, not names; a host that is all digits and dots, or in brackets, is one.
  ASSIGN_OR_RETURN(rpc::HostPort address, rpc::ParseHostPort(options.listen));
  if (address.host == "localhost") address.host = "127.0.0.1";
  if (address.host.front() == '[' && mg_check_feature(MG_FEATURES_IPV6) == 0) {
    return absl::InvalidArgumentError(absl::StrCat("metrics: cannot listen on ", options.listen,
                                                   ": the system's HTTP library (civetweb) was built without "
                                                   "IPv6; give an IPv4 address, such as 0.0.0.0:",
                                                   address.port));
  }
  const std::string listen = absl::StrCat(address.host, ":", address.port);
  const std::string threads = absl::StrCat(options.threads);
  const char* settings[] = {"listening_ports",
                            listen.c_str(),
                            "num_threads",
                            threads.c_str(),
                            "request_timeout_ms",
                            "10000",
                            "keep_alive_timeout_ms",
                            "0",
                            "connection_queue",
                            "32",
                            nullptr};
  mg_callbacks callbacks = {};
  callbacks.log_message = [](const mg_connection* connection, const char* message) {
    const mg_context* context = connection == nullptr ? nullptr : mg_get_context(connection);
    if (context != nullptr) static_cast<Impl*>(mg_get_user_data(context))->SetError(message);
    return 1;  // nothing to standard error
  };
  impl->context = mg_start(&callbacks, impl.get(), settings);
  if (impl->context == nullptr) {
    return absl::UnavailableError(absl::StrCat("metrics: cannot listen on ", options.listen,
                                               " (is the port taken, or the address not of this machine?) ",
                                               impl->Error()));
  }
  mg_server_port ports[4] = {};
  if (mg_get_server_ports(impl->context, 4, ports) < 1) {
    return absl::UnavailableError(
        absl::StrCat("metrics: no port is open after listening on ", options.listen));
  }
  impl->port = ports[0].port;

  mg_set_request_handler(
      impl->context, "/metrics$",
      [](mg_connection* connection, void* self) {
        if (RefusedMethod(connection)) return 405;
        return Answer(connection, 200, "text/plain; version=0.0.4; charset=utf-8",
                      static_cast<Impl*>(self)->Metrics());
      },
      impl.get());
  mg_set_request_handler(
      impl->context, "/livez$",
      [](mg_connection* c, void* self) { return AnswerProbe(c, static_cast<Impl*>(self)->options.live); },
      impl.get());
  mg_set_request_handler(
      impl->context, "/readyz$",
      [](mg_connection* c, void* self) { return AnswerProbe(c, static_cast<Impl*>(self)->options.ready); },
      impl.get());
  return std::unique_ptr<MetricsServer>(new MetricsServer(std::move(impl)));
}

MetricsServer::MetricsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MetricsServer::~MetricsServer() = default;
int MetricsServer::port() const { return impl_->port; }

}  // namespace drover::metrics
