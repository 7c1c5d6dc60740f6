#include "services/http/server.h"

#include <microhttpd.h>
#include <poll.h>

#include <cstdarg>
#include <cstdio>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/address.h"
#include "base/status.h"
#include "services/http/connection_bound.h"
#include "services/http/exchange.h"
#include "services/http/listen_address.h"

namespace drover::http {
namespace {

constexpr size_t kReadBytes = size_t{16} << 10;  // of a streamed body at a time

// One request, from its head to the end of its answer. Used by the connection's thread alone; Exchange is what it shares.
struct Call {
  const Routes::Route* route = nullptr;
  Request request;
  absl::Time begun;
  size_t dropped = 0;                  // bytes of a body over the limit
  std::shared_ptr<Exchange> exchange;  // of a Handler's request; null: not begun
};

int Socket(MHD_Connection* connection) {
  return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

bool HungUp(int socket) {
  pollfd asked = {.fd = socket, .events = POLLRDHUP, .revents = 0};
  return ::poll(&asked, 1, /*timeout=*/0) > 0;
}

MHD_Result Keep(void* map, MHD_ValueKind kind, const char* name, const char* value) {
  std::string key = kind == MHD_HEADER_KIND ? absl::AsciiStrToLower(name) : std::string(name);
  (*static_cast<std::map<std::string, std::string>*>(map))[std::move(key)] = value == nullptr ? "" : value;
  return MHD_YES;
}

void ReadHead(MHD_Connection* connection, Request& request) {
  MHD_get_connection_values(connection, MHD_HEADER_KIND, &Keep, &request.headers);
  MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, &Keep, &request.query);
}

// What the head says of the body's length; nullopt: it comes in chunks, or there is none.
std::optional<uint64_t> AnnouncedBytes(MHD_Connection* connection) {
  const char* const text =
      MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
  uint64_t bytes = 0;
  if (text == nullptr || !absl::SimpleAtoi(text, &bytes)) return std::nullopt;
  return bytes;
}

// Takes the response over. MHD_NO ends the connection.
MHD_Result Queue(MHD_Connection* connection, const Head& head, const Headers& always,
                 MHD_Response* response) {
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, head.type.c_str());
  MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  for (const Headers* headers : {&always, &head.headers}) {
    for (const auto& [name, value] : *headers) {
      MHD_add_response_header(response, name.c_str(), value.c_str());
    }
  }
  const MHD_Result queued = MHD_queue_response(connection, head.code, response);
  MHD_destroy_response(response);
  return queued;
}

MHD_Result QueueWhole(MHD_Connection* connection, const Headers& always, Response answer) {
  return Queue(
      connection, answer.head, always,
      MHD_create_response_from_buffer(answer.body.size(), answer.body.data(), MHD_RESPMEM_MUST_COPY));
}

ssize_t ReadBody(void* exchange, uint64_t /*position*/, char* to, size_t most) {
  size_t read = 0;
  switch ((*static_cast<std::shared_ptr<Exchange>*>(exchange))->Read(to, most, &read)) {
    case Exchange::BodyState::kMore:
      return static_cast<ssize_t>(read);
    case Exchange::BodyState::kParked:
      return 0;
    case Exchange::BodyState::kEnd:
      return MHD_CONTENT_READER_END_OF_STREAM;
    case Exchange::BodyState::kCut:
      break;
  }
  return MHD_CONTENT_READER_END_WITH_ERROR;
}

MHD_Result QueueStream(MHD_Connection* connection, const Head& head, const Headers& always,
                       const std::shared_ptr<Exchange>& exchange) {
  return Queue(connection, head, always,
               MHD_create_response_from_callback(
                   MHD_SIZE_UNKNOWN, kReadBytes, &ReadBody, new std::shared_ptr<Exchange>(exchange),
                   [](void* kept) { delete static_cast<std::shared_ptr<Exchange>*>(kept); }));
}

Response TooLarge(size_t most) {
  return Text(413, absl::StrCat("a body has at most ", most, " bytes here\n"));
}

}  // namespace

absl::Status ServerOptions::Validate() const {
  RETURN_IF_ERROR(ParseHostPort(listen).status());
  if (threads < 1 || threads > 64) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": threads is ", threads, "; it may be 1 to 64"));
  }
  if (max_connections < 1 || max_in_flight < 1 || max_connections + max_in_flight > 32768) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": max_connections and max_in_flight are at least 1, together at most 32768"));
  }
  if (max_head_bytes < 1024 || stream_buffer_bytes < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": max_head_bytes is at least 1024, stream_buffer_bytes at least 1"));
  }
  if (idle_timeout < absl::Seconds(1) || patience < idle_timeout) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": idle_timeout is at least a second, and patience no less than it"));
  }
  return absl::OkStatus();
}

struct Server::Impl {
  Impl(const ServerOptions& o, Routes r)
      : options(o), routes(std::move(r)), connections(o.max_connections, o.patience) {}

  ~Impl() {
    if (daemon == nullptr) return;
    // Microhttpd may not be stopped while a connection is parked. No exchange begins from here on, and none parks its
    // connection after its End.
    std::set<std::shared_ptr<Exchange>> left;
    {
      absl::MutexLock lock(&mutex);
      ending = true;
      left = in_flight;
    }
    for (const auto& exchange : left) exchange->End();
    MHD_stop_daemon(daemon);
  }

  // The head has come.
  MHD_Result Begin(MHD_Connection* connection, Call& call, std::string_view method, std::string_view path) {
    call.begun = absl::Now();
    call.request.method = method;
    call.request.path = path;
    Routes::Found found = routes.Find(method, path);
    call.route = found.route;
    if (call.route == nullptr) return Refuse(connection, call, std::move(found.refusal));
    if (AnnouncedBytes(connection).value_or(0) > options.max_body_bytes) {
      return Refuse(connection, call, TooLarge(options.max_body_bytes));
    }
    return MHD_YES;
  }

  // A part of the body has come. An answer can only be given at its end, so what is over the limit is dropped, for as many
  // bytes again.
  MHD_Result Collect(Call& call, std::string_view part) const {
    if (absl::Now() - call.begun > options.patience) return MHD_NO;
    if (call.request.body.size() + part.size() <= options.max_body_bytes && call.dropped == 0) {
      call.request.body += part;
      return MHD_YES;
    }
    call.dropped += part.size();
    return call.dropped <= options.max_body_bytes ? MHD_YES : MHD_NO;
  }

  // The request is whole, or its connection was woken.
  MHD_Result Proceed(MHD_Connection* connection, Call& call) {
    if (call.dropped > 0) return Refuse(connection, call, TooLarge(options.max_body_bytes));
    if (call.exchange == nullptr) {
      ReadHead(connection, call.request);
      if (call.route->page) return Answer(connection, call.route->page(call.request));
      if (!Admit(connection, call)) {
        Response busy = Text(503, "too many requests are in flight\n");
        busy.head.headers.emplace_back(MHD_HTTP_HEADER_RETRY_AFTER, "1");
        return Refuse(connection, call, std::move(busy));
      }
      call.route->handler(std::move(call.request), std::make_unique<Reply>(call.exchange));
    }
    std::optional<Exchange::Answer> answer = call.exchange->Take();
    if (!answer.has_value()) return MHD_YES;
    if (answer->streamed)
      return QueueStream(connection, answer->response.head, options.headers, call.exchange);
    Release(call);
    return Answer(connection, std::move(answer->response));
  }

  // False when there are too many.
  bool Admit(MHD_Connection* connection, Call& call) {
    auto exchange = std::make_shared<Exchange>(
        Exchange::Connection{.park = [=] { MHD_suspend_connection(connection); },
                             .wake = [=] { MHD_resume_connection(connection); },
                             .hung_up = [=] { return HungUp(Socket(connection)); }},
        options.stream_buffer_bytes);
    {
      absl::MutexLock lock(&mutex);
      if (ending || in_flight.size() >= options.max_in_flight) return false;
      in_flight.insert(exchange);
    }
    connections.Answering(Socket(connection));
    call.exchange = std::move(exchange);
    return true;
  }

  // The exchange is in flight no more: what is left of its answer is between the connection and the client.
  void Release(const Call& call) {
    absl::MutexLock lock(&mutex);
    in_flight.erase(call.exchange);
  }

  void Count(int more) {
    absl::MutexLock lock(&mutex);
    calls += more;
  }

  bool WaitUntilIdle(absl::Duration patience) {
    absl::MutexLock lock(&mutex);
    const auto idle = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex) { return calls == 0; };
    return mutex.AwaitWithTimeout(absl::Condition(&idle), patience);
  }

  MHD_Result Refuse(MHD_Connection* connection, const Call& call, Response plain) {
    return Answer(connection,
                  options.refusal ? options.refusal(call.request, std::move(plain)) : std::move(plain));
  }

  MHD_Result Answer(MHD_Connection* connection, Response response) {
    const MHD_Result queued = QueueWhole(connection, options.headers, std::move(response));
    connections.Answered(Socket(connection), absl::Now());
    return queued;
  }

  // Microhttpd's callbacks; `self` is an Impl. Handle is called for a request's head, for each part of its body, for its
  // end, and again after each time that its connection was woken until an answer is queued.
  static MHD_Result Handle(void* self, MHD_Connection* connection, const char* path, const char* method,
                           const char* /*version*/, const char* body, size_t* body_bytes, void** state) {
    Impl& impl = *static_cast<Impl*>(self);
    if (*state == nullptr) {
      Call* const call = new Call;  // until Completed
      *state = call;
      impl.Count(+1);
      return impl.Begin(connection, *call, method, path);
    }
    Call& call = *static_cast<Call*>(*state);
    if (*body_bytes == 0) return impl.Proceed(connection, call);
    return impl.Collect(call, {body, std::exchange(*body_bytes, 0)});
  }
  static void Completed(void* self, MHD_Connection* connection, void** state, MHD_RequestTerminationCode) {
    Call* const call = static_cast<Call*>(std::exchange(*state, nullptr));
    if (call == nullptr) return;
    Impl& impl = *static_cast<Impl*>(self);
    impl.Count(-1);
    if (call->exchange != nullptr) {
      call->exchange->Leave();
      impl.Release(*call);
      impl.connections.Answered(Socket(connection), absl::Now());
    }
    delete call;
  }
  static void Notice(void* self, MHD_Connection* connection, void** /*state*/,
                     MHD_ConnectionNotificationCode what) {
    ConnectionBound& connections = static_cast<Impl*>(self)->connections;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) connections.Opened(Socket(connection), absl::Now());
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) connections.Closed(Socket(connection));
  }
  static void NoteError(void* self, const char* format, va_list arguments) {
    char text[256];
    std::vsnprintf(text, sizeof(text), format, arguments);
    Impl* impl = static_cast<Impl*>(self);
    absl::MutexLock lock(&impl->mutex);
    impl->error = std::string(absl::StripSuffix(text, "\n"));
  }

  absl::Status Listen() {
    const absl::StatusOr<sockaddr_storage> address = ListenAddress(options.listen);
    if (!address.ok()) {
      return absl::Status(address.status().code(),
                          absl::StrCat(options.name, ": ", address.status().message()));
    }
    unsigned int flags = MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME;
    if (address->ss_family == AF_INET6) flags |= MHD_USE_DUAL_STACK;
    // Further ones wait to be accepted. The limit is split evenly among the threads, the connections are not.
    const auto limit = static_cast<unsigned int>(2 * (options.max_connections + options.max_in_flight));
    daemon =
        MHD_start_daemon(flags, /*port=*/0, nullptr, nullptr, &Impl::Handle, this, MHD_OPTION_EXTERNAL_LOGGER,
                         &Impl::NoteError, this, MHD_OPTION_NOTIFY_CONNECTION, &Impl::Notice, this,
                         MHD_OPTION_NOTIFY_COMPLETED, &Impl::Completed, this, MHD_OPTION_SOCK_ADDR, &*address,
                         MHD_OPTION_THREAD_POOL_SIZE, static_cast<unsigned int>(options.threads),
                         MHD_OPTION_CONNECTION_LIMIT, limit, MHD_OPTION_CONNECTION_TIMEOUT,
                         static_cast<unsigned int>(absl::ToInt64Seconds(options.idle_timeout)),
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, options.max_head_bytes, MHD_OPTION_END);
    if (daemon == nullptr) {
      absl::MutexLock lock(&mutex);
      return absl::UnavailableError(
          absl::StrCat(options.name, ": cannot serve on ", options.listen, ": ", error));
    }
    port = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return absl::OkStatus();
  }

  const ServerOptions options;
  const Routes routes;
  MHD_Daemon* daemon = nullptr;
  int port = 0;
  ConnectionBound connections;
  absl::Mutex mutex;
  std::string error ABSL_GUARDED_BY(mutex);  // microhttpd's last words
  bool ending ABSL_GUARDED_BY(mutex) = false;
  int calls ABSL_GUARDED_BY(mutex) = 0;  // between the first byte and the end of the answer
  std::set<std::shared_ptr<Exchange>> in_flight ABSL_GUARDED_BY(mutex);
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, Routes routes) {
  RETURN_IF_ERROR(options.Validate());
  auto impl = std::make_unique<Impl>(options, std::move(routes));
  RETURN_IF_ERROR(impl->Listen());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;
int Server::port() const { return impl_->port; }

bool Server::WaitUntilIdle(absl::Duration patience) { return impl_->WaitUntilIdle(patience); }

}  // namespace drover::http
