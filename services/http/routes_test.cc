#include "services/http/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drover::http {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

class RoutesTest : public ::testing::Test {
 protected:
  void Add(const std::string& method, const std::string& path) {
    routes_.Add(method, path, [=](const Request&) { return Text(200, method + " " + path); });
  }
  std::string Found(const std::string& method, const std::string& path) const {
    const Routes::Found found = routes_.Find(method, path);
    return found.route != nullptr ? found.route->page({}).body : std::to_string(found.refusal.head.code);
  }
  Routes routes_;
};

TEST_F(RoutesTest, ByMethodAndPath) {
  Add("GET", "/runs");
  Add("POST", "/runs");
  Add("GET", "/metrics");
  EXPECT_EQ(Found("GET", "/runs"), "GET /runs");
  EXPECT_EQ(Found("HEAD", "/runs"), "GET /runs");
  EXPECT_EQ(Found("POST", "/runs"), "POST /runs");
  EXPECT_EQ(Found("GET", "/runs/"), "404");
  EXPECT_EQ(Found("GET", "/run"), "404");
  EXPECT_EQ(Found("GET", ""), "404");
  EXPECT_EQ(Found("GET", "*"), "404");
  EXPECT_EQ(Found("POST", "/metrics"), "405");
  EXPECT_EQ(Found("get", "/metrics"), "405");
}

TEST_F(RoutesTest, RefusalsSayWhatThereIs) {
  Add("GET", "/b");
  Add("POST", "/a");
  EXPECT_EQ(routes_.Find("GET", "/c").refusal.body, "there are: /a, /b\n");
  EXPECT_THAT(routes_.Find("GET", "/a").refusal.head.headers, ElementsAre(Pair("Allow", "POST")));
  EXPECT_THAT(routes_.Find("POST", "/b").refusal.head.headers, ElementsAre(Pair("Allow", "GET, HEAD")));
  Add("POST", "/b");
  EXPECT_THAT(routes_.Find("PUT", "/b").refusal.head.headers, ElementsAre(Pair("Allow", "GET, HEAD, POST")));
}

TEST_F(RoutesTest, AMethodOfEveryPath) {
  Add("GET", "/a");
  EXPECT_EQ(Found("OPTIONS", "/a"), "405");
  routes_.AddEverywhere("OPTIONS", [](const Request&) { return Text(204, "may"); });
  EXPECT_EQ(Found("OPTIONS", "/a"), "may");
  EXPECT_EQ(Found("OPTIONS", "/nothing"), "may");
  EXPECT_EQ(Found("GET", "/nothing"), "404");
  EXPECT_THAT(routes_.Find("POST", "/a").refusal.head.headers,
              ElementsAre(Pair("Allow", "GET, HEAD, OPTIONS")));
}

TEST_F(RoutesTest, AFolderStandsForAllBelowIt) {
  Add("GET", "/page/");
  Add("GET", "/page/data/");
  Add("GET", "/page/data/one");
  EXPECT_EQ(Found("GET", "/page/"), "GET /page/");
  EXPECT_EQ(Found("GET", "/page/index.html"), "GET /page/");
  EXPECT_EQ(Found("GET", "/page/a/b/c"), "GET /page/");
  EXPECT_EQ(Found("GET", "/page/data/two"), "GET /page/data/");
  EXPECT_EQ(Found("GET", "/page/data/one"), "GET /page/data/one");
  EXPECT_EQ(Found("GET", "/page"), "404");
  EXPECT_EQ(Found("GET", "/pages"), "404");
  Add("GET", "/");
  EXPECT_EQ(Found("GET", "/page"), "GET /");
}

}  // namespace
}  // namespace drover::http
