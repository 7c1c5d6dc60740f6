#include "ranks/collectives.h"

#include <ATen/ATen.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace drover {
namespace {

constexpr char kStop[] = "drover/stop";

class Alone : public Collectives {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  absl::Status AllReduceSum(torch::Tensor) override { return absl::OkStatus(); }
  absl::Status ReduceScatterSum(torch::Tensor tensor, torch::ScalarType wire) override {
    if (wire != tensor.scalar_type()) tensor.copy_(tensor.to(wire));
    return absl::OkStatus();
  }
  absl::Status AllGather(torch::Tensor) override { return absl::OkStatus(); }
  absl::Status Broadcast(torch::Tensor) override { return absl::OkStatus(); }
  absl::Status Broadcast(std::string*, absl::Duration) override { return absl::OkStatus(); }
  absl::Status Barrier() override { return absl::OkStatus(); }
  bool lost() const override { return false; }
  // There is nobody who would look.
  absl::Status Tell(const std::string&, const std::string&) override { return absl::OkStatus(); }
  absl::StatusOr<std::optional<std::string>> Told(const std::string&) override { return std::nullopt; }
};

}  // namespace

absl::Status Collectives::AskToStop() { return Tell(kStop, "stop"); }

bool Collectives::AskedToStop() {
  const absl::StatusOr<std::optional<std::string>> told = Told(kStop);
  return told.ok() && told->has_value();
}

absl::StatusOr<int64_t> MostOfRanks(Collectives& collectives, int64_t own) {
  torch::Tensor of_ranks = at::zeros({collectives.size()}, at::kDouble);
  of_ranks[collectives.rank()] = static_cast<double>(own);
  RETURN_IF_ERROR(collectives.AllReduceSum(of_ranks));
  return static_cast<int64_t>(of_ranks.max().item<double>());
}

std::unique_ptr<Collectives> LocalCollectives() { return std::make_unique<Alone>(); }

absl::Status C10dOptions::Validate() const {
  if (size < 1)
    return absl::InvalidArgumentError(absl::StrCat("size is ", size, "; at least 1 rank is needed"));
  if (rank < 0 || rank >= size) {
    return absl::InvalidArgumentError(absl::StrCat("rank is ", rank, "; it must be 0 to ", size - 1));
  }
  if (host.empty()) return absl::InvalidArgumentError("host is empty; it must be where rank 0 listens");
  if (port == 0 && rank != 0) {
    return absl::InvalidArgumentError("port is 0; ranks other than 0 must be told rank 0's port");
  }
  if (timeout <= absl::ZeroDuration() || join_timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("timeout is ", absl::FormatDuration(timeout), " and join_timeout is ",
                     absl::FormatDuration(join_timeout), "; both must be positive"));
  }
  return absl::OkStatus();
}

}  // namespace drover
