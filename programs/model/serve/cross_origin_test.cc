#include "programs/model/serve/cross_origin.h"

#include <gtest/gtest.h>

namespace drover::serve {
namespace {

TEST(CrossOrigin, AnOriginIsAsBrowsersWriteIt) {
  for (const char* origin :
       {"*", "http://localhost:3000", "https://chat.example.org", "http://[::1]:8080", "app://page"}) {
    EXPECT_TRUE(CheckOrigin(origin).ok()) << origin;
  }
  for (const char* origin : {"", "localhost:3000", "http://", "://a", "http://a/", "http://a/page",
                             "http://a, http://b", "http://a http://b", "http://a?b"}) {
    const absl::Status status = CheckOrigin(origin);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << origin;
    EXPECT_NE(status.message().find("such as http://localhost:3000"), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace drover::serve
