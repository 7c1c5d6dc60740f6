#include "base/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Address, HostAndPort) {
  const auto parsed = ParseHostPort("learner.drover.svc:50051");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->host, "learner.drover.svc");
  EXPECT_EQ(parsed->port, 50051);
  EXPECT_EQ(ParseHostPort("[::1]:80")->host, "[::1]");
  EXPECT_EQ(ParseHostPort("0.0.0.0:0")->port, 0);
}

TEST(Address, ErrorsNameTheAddressAndTheFault) {
  for (const char* bad : {"", "localhost", ":80", "host:", "host:http", "host:65536", "host:-1", "::1:80",
                          "a b:80", "host:99999999999999999999", "host:+1"}) {
    const auto parsed = ParseHostPort(bad);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(parsed.status().message()), HasSubstr(std::string("\"") + bad + "\"")) << bad;
  }
}

TEST(Address, Lists) {
  EXPECT_THAT(*ParseAddresses("a:1, b:2"), ElementsAre("a:1", "b:2"));
  EXPECT_FALSE(ParseAddresses("").ok());
  EXPECT_FALSE(ParseAddresses("a:1,,b:2").ok());
  EXPECT_FALSE(ParseAddresses("a:0").ok());
}

}  // namespace
}  // namespace drover
