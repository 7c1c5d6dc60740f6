#include "services/rpc/status.h"

#include <gtest/gtest.h>

namespace drover::rpc {
namespace {

TEST(Status, CodesAndMessagesGoThere) {
  for (int code = 1; code <= 16; ++code) {
    const grpc::Status wire(static_cast<grpc::StatusCode>(code), "why");
    const absl::Status ours = FromGrpc(wire);
    EXPECT_EQ(ours.raw_code(), code);
    EXPECT_EQ(ours.message(), "why");
    EXPECT_EQ(ToGrpc(ours).error_code(), wire.error_code());
    EXPECT_EQ(ToGrpc(ours).error_message(), "why");
  }
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
}

TEST(Status, WrongRequestsAreNotTriedAgain) {
  EXPECT_TRUE(IsTransient(absl::UnavailableError("")));
  EXPECT_TRUE(IsTransient(absl::ResourceExhaustedError("")));
  EXPECT_FALSE(IsTransient(absl::InvalidArgumentError("")));
  EXPECT_FALSE(IsTransient(absl::UnimplementedError("")));
  EXPECT_FALSE(IsTransient(absl::OkStatus()));
}

}  // namespace
}  // namespace drover::rpc
