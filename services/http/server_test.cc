#include "services/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/http/testing/client.h"

namespace drover::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// As with CUDA's libraries, which keep 120 KB for each thread: a server whose threads have small stacks does not start.
thread_local char of_each_thread[256 << 10];

// Says what it was asked.
Response Echo(const Request& request) {
  std::string text = absl::StrCat(request.method, " ", request.path, "\n");
  for (const auto& [name, value] : request.query) absl::StrAppend(&text, name, "=", value, "\n");
  absl::StrAppend(&text, "x-asked: ", std::string(request.Header("x-asked")), "\n", request.body);
  return Text(200, std::move(text));
}

class ServerTest : public ::testing::Test {
 protected:
  void Start(const ServerOptions& options = {}) {
    Routes routes;
    routes.Add("GET", "/echo", &Echo);
    routes.Add("POST", "/echo", &Echo);
    routes.Add("GET", "/page/", &Echo);
    auto server = Server::Start(options, std::move(routes));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  int port() const { return server_->port(); }
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, ServesWhereEachThreadHasMuchStorageOfItsOwn) {
  of_each_thread[0] = 1;
  Start();
  ASSERT_GT(port(), 0);
  EXPECT_EQ(Get(port(), "/echo").code, 200);
}

TEST_F(ServerTest, HandsThePageTheWholeRequest) {
  Start();
  EXPECT_EQ(Get(port(), "/echo?b=2%20&a").body, "GET /echo\na=\nb=2 \nx-asked: \n");
  EXPECT_EQ(Get(port(), "/page/a%20b/..").body, "GET /page/a b/..\nx-asked: \n");
  EXPECT_EQ(Post(port(), "/echo", "what comes").body, "POST /echo\nx-asked: \nwhat comes");
  Connection connection(port());
  connection.Send("GET /echo HTTP/1.1\r\nHost: a\r\nX-Asked: yes\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(ParseAnswer(connection.ReceiveAll()).body, "GET /echo\nx-asked: yes\n");
}

TEST_F(ServerTest, HeadLeavesTheBodyOut) {
  Start();
  const Answer answer = Get(port(), "/echo", "HEAD");
  EXPECT_EQ(answer.code, 200);
  EXPECT_THAT(answer.head, HasSubstr("Content-Length: 21"));
  EXPECT_EQ(answer.body, "");
}

TEST_F(ServerTest, RefusesWhatIsNotServed) {
  Start();
  EXPECT_EQ(Get(port(), "/nothing").code, 404);
  const Answer wrong = Get(port(), "/page/a", "DELETE");
  EXPECT_EQ(wrong.code, 405);
  EXPECT_THAT(wrong.head, HasSubstr("Allow: GET, HEAD"));
  EXPECT_EQ(Post(port(), "/page/a", "body").code, 405);
}

TEST_F(ServerTest, AConnectionServesManyRequests) {
  Start();
  Connection connection(port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(
        connection.Send(absl::StrCat("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", i)));
    EXPECT_THAT(connection.ReceiveUntil(absl::StrCat("x-asked: \n", i)),
                HasSubstr(absl::StrCat("x-asked: \n", i)));
  }
}

TEST_F(ServerTest, BodiesAreBounded) {
  Start({.max_body_bytes = 1000});
  EXPECT_THAT(Post(port(), "/echo", std::string(1000, 'x')).body, StartsWith("POST /echo"));
  const Answer announced = Post(port(), "/echo", std::string(1001, 'x'));
  EXPECT_EQ(announced.code, 413);
  EXPECT_THAT(announced.body, HasSubstr("1000 bytes"));
  // Without an announcement the limit is seen on the way, and what comes after it is dropped.
  const std::string head =
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
  const std::string chunk = "100\r\n" + std::string(256, 'x') + "\r\n";
  Connection chunked(port());
  chunked.Send(head + chunk + chunk + chunk + chunk + "0\r\n\r\n");
  EXPECT_EQ(ParseAnswer(chunked.ReceiveAll()).code, 413);
  // But not for ever.
  Connection endless(port());
  endless.Send(head);
  for (int i = 0; i < 1000 && endless.Send(chunk); ++i) continue;
  EXPECT_TRUE(endless.Ended(absl::Seconds(20)));
  EXPECT_EQ(Get(port(), "/echo").code, 200);
}

TEST_F(ServerTest, HeadsAreBounded) {
  Start({.max_head_bytes = 4096});
  EXPECT_EQ(Get(port(), "/" + std::string(10000, 'x')).code, 414);
  Connection connection(port());
  connection.Send("GET /echo HTTP/1.1\r\nHost: a\r\nX-Asked: " + std::string(10000, 'x') + "\r\n\r\n");
  EXPECT_EQ(ParseAnswer(connection.ReceiveAll()).code, 431);
}

TEST_F(ServerTest, SilentConnectionsAreClosed) {
  Start({.idle_timeout = absl::Seconds(1)});
  Connection silent(port());
  Connection begun(port());
  begun.Send("GET /echo HT");
  EXPECT_TRUE(silent.Ended(absl::Seconds(10)));
  EXPECT_TRUE(begun.Ended(absl::Seconds(10)));
}

TEST_F(ServerTest, ListensOnAllAddresses) {
  Start({.listen = "0.0.0.0:0"});
  EXPECT_EQ(Get(port(), "/echo").code, 200);
  Routes routes;
  routes.Add("GET", "/echo", &Echo);
  const auto six = Server::Start({.listen = "[::]:0"}, std::move(routes));
  if (!six.ok()) GTEST_SKIP() << "skipped: no IPv6 (" << six.status() << ")";
  EXPECT_EQ(Get((*six)->port(), "/echo").code, 200) << "by IPv4";
}

TEST_F(ServerTest, ANameIsNoAddress) {
  for (const char* listen : {"example.org:0", "1.2.3:0", "[1.2.3.4]:0"}) {
    const auto server = Server::Start({.listen = listen}, {});
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument) << listen;
    EXPECT_THAT(std::string(server.status().message()), HasSubstr(listen));
  }
  EXPECT_EQ(Server::Start({.listen = "9090"}, {}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ServerTest, APortThatIsTakenIsAnError) {
  Start();
  const std::string address = absl::StrCat("127.0.0.1:", port());
  const auto second = Server::Start({.name = "metrics", .listen = address}, {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), StartsWith("metrics: cannot serve on " + address));
}

TEST(ServerOptions, AreChecked) {
  EXPECT_TRUE(ServerOptions().Validate().ok());
  EXPECT_FALSE(ServerOptions{.threads = 0}.Validate().ok());
  EXPECT_FALSE(ServerOptions{.max_connections = 0}.Validate().ok());
  EXPECT_FALSE(ServerOptions{.max_head_bytes = 10}.Validate().ok());
  EXPECT_FALSE(ServerOptions{.idle_timeout = absl::ZeroDuration()}.Validate().ok());
}

}  // namespace
}  // namespace drover::http
