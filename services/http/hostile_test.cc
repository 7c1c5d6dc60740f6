// What a client may do to the server: anything. After each of it, and meanwhile, others are served.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/random.h"
#include "services/http/server.h"
#include "services/http/testing/client.h"

namespace drover::http {
namespace {

class HostileTest : public ::testing::Test {
 protected:
  void Start(const ServerOptions& options = {}) {
    Routes routes;
    routes.Add("GET", "/livez", [](const Request&) { return Text(200, "ok"); });
    routes.Add("POST", "/size",
               [](const Request& request) { return Text(200, absl::StrCat(request.body.size())); });
    routes.AddHandler("POST", "/stream", [](const Request& request, std::unique_ptr<Reply> reply) {
      const auto writer = reply->Stream({});
      if (writer->Write(request.body, absl::ZeroDuration()).ok()) writer->Close();
    });
    auto server = Server::Start(options, std::move(routes));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  int port() const { return server_->port(); }
  // Within two seconds.
  void ExpectServed() {
    const absl::Time asked = absl::Now();
    EXPECT_EQ(Get(port(), "/livez").code, 200);
    EXPECT_LT(absl::Now() - asked, absl::Seconds(2));
  }
  std::unique_ptr<Server> server_;
};

// Requests that are nearly right: whole ones with some bytes changed, doubled or left out.
TEST_F(HostileTest, GarbageHarmsNothing) {
  Start({.max_head_bytes = 4096, .max_body_bytes = 4096});
  const std::vector<std::string> whole = {
      "GET /livez?a=%20&b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      "HEAD /livez HTTP/1.0\r\n\r\n",
      "POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
      "POST /size HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      "POST /stream HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
      "POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\nx",
      "POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
      "chunked\r\n\r\nfffffffff\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),  // TLS says hello
      std::string(100, '\0'),
  };
  RandomStream random(1, RandomPurpose::kInitialWeights, 0);
  for (int i = 0; i < 2000; ++i) {
    std::string text = whole[random() % whole.size()];
    for (uint64_t changes = random() % 4; changes > 0; --changes) {
      const size_t at = random() % text.size();
      const size_t length = random() % 8;
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.insert(at, text.substr(random() % text.size(), length));
          break;
        case 2:
          text.erase(at, length);
          break;
        default:
          text.insert(at, length, static_cast<char>(random()));
      }
      if (text.empty()) text = "\r\n";
    }
    Connection connection(port());
    connection.Send(text);
    if (random() % 4 == 0) connection.ReceiveUntil("\r\n\r\n", absl::Milliseconds(5));
  }
  ExpectServed();
  EXPECT_EQ(Post(port(), "/size", "hello").body, "5");
}

TEST_F(HostileTest, LongRequestsHarmNothing) {
  Start();
  EXPECT_EQ(Get(port(), "/" + std::string(1 << 20, 'x')).code, 414);
  EXPECT_NE(Get(port(), "\r\n\r\n", "\xff\xfe").code, 200);
  EXPECT_NE(Get(port(), "/livez", std::string(1 << 20, 'x')).code, 200);
  std::string many = "GET /livez HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&many, "H", i, ": a\r\n");
  Connection connection(port());
  connection.Send(many);
  EXPECT_NE(ParseAnswer(connection.ReceiveAll()).code, 200);
  ExpectServed();
}

// Connections that send a request a byte at a time are never idle.
TEST_F(HostileTest, DripFedConnectionsDoNotStarveTheOthers) {
  Start();
  std::vector<std::unique_ptr<Connection>> dripping;
  for (int i = 0; i < 300; ++i) {
    dripping.push_back(std::make_unique<Connection>(port()));
    ASSERT_TRUE(dripping.back()->Send(
        i % 2 == 0 ? "GET " : "POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"));
  }
  for (int round = 0; round < 5; ++round) {
    for (const auto& connection : dripping) connection->Send("x");
    ExpectServed();
  }
}

// A body that comes a byte at a time ends with the server's patience, whether others come or not.
TEST_F(HostileTest, ADripFedBodyEnds) {
  Start({.idle_timeout = absl::Seconds(1), .patience = absl::Seconds(2)});
  Connection dripping(port());
  dripping.Send("POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  const absl::Time begun = absl::Now();
  while (!dripping.Ended(absl::Milliseconds(100)) && absl::Now() < begun + absl::Seconds(20))
    dripping.Send("x");
  EXPECT_TRUE(dripping.Ended(absl::ZeroDuration()));
}

// Whoever comes in the middle of it may have to make room, but not for long.
TEST_F(HostileTest, ManyConnectionsAtOnceLeaveTheServerWhole) {
  Start({.max_connections = 16, .max_in_flight = 4});
  std::atomic<bool> over = false;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&, i] {
      for (int j = 0; j < 50; ++j) {
        std::vector<std::unique_ptr<Connection>> few;
        for (int k = 0; k < 8; ++k) few.push_back(std::make_unique<Connection>(port()));
        if (i % 2 == 0) few[0]->Send("POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
      }
    });
  }
  std::thread honest([&] {
    while (!over) Get(port(), "/livez");
  });
  for (std::thread& client : clients) client.join();
  over = true;
  honest.join();
  ExpectServed();
}

}  // namespace
}  // namespace drover::http
