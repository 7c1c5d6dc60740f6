// Collectives over c10d: Gloo for tensors on the CPU and for bytes, NCCL for those on a GPU (where ranks share one,
// Gloo, through the host).
//
// Debian's Gloo headers are older than the Gloo inside of LibTorch; only what ProcessGroupGloo.hpp's inline code
// needs of them is used here: no GlooStore, no libgloo.
#include <ATen/ATen.h>

#include <algorithm>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/exceptions.h"
#include "base/status.h"
#include "learner/collectives.h"
#ifdef DROVER_CUDA
#include "learner/collectives_nccl.h"
#endif

namespace drover::learner {
namespace {

constexpr char kStopKey[] = "drover/stop";
constexpr int64_t kMaxBytes = int64_t{1} << 31;
constexpr absl::Duration kLongest = absl::Hours(24 * 30);  // c10d adds to it: no infinity

// Runs `action`, which throws on failure. c10d and Gloo tell errors apart by their text alone; the clock says
// whether it was the deadline.
template <typename Action>
absl::Status Guard(std::string_view what, absl::Duration timeout, const Action& action) {
  const absl::Time start = absl::Now();
  try {
    action();
    return absl::OkStatus();
  } catch (const std::exception& error) {
    const std::string message = absl::StrCat(ToAbsl(what), ": ", ExceptionMessage(error));
    if (absl::Now() - start >= timeout * 0.99) return absl::DeadlineExceededError(message);
    return absl::UnavailableError(message);
  }
}

class C10d : public Collectives {
 public:
  C10d(const C10dOptions& options, c10::intrusive_ptr<c10d::Store> store,
       c10::intrusive_ptr<c10d::Backend> gloo, c10::intrusive_ptr<c10d::Backend> nccl)
      : options_(options), store_(std::move(store)), gloo_(std::move(gloo)), nccl_(std::move(nccl)) {}

  int rank() const override { return options_.rank; }
  int size() const override { return options_.size; }

  absl::Status AllReduceSum(torch::Tensor tensor) override {
    return Once("all-reduce", options_.timeout, [&] {
      c10d::AllreduceOptions how;
      how.reduceOp = c10d::ReduceOp::SUM;
      how.timeout = Timeout();
      OnBackend(tensor, [&](c10d::Backend& backend, std::vector<at::Tensor>& tensors) {
        backend.allreduce(tensors, how)->wait(Timeout());
      });
    });
  }

  absl::Status Broadcast(torch::Tensor tensor) override { return BroadcastTensor(tensor, options_.timeout); }

  absl::Status Broadcast(std::string* bytes, absl::Duration timeout) override {
    torch::Tensor size = at::full({1}, static_cast<int64_t>(bytes->size()), at::kLong);
    RETURN_IF_ERROR(BroadcastTensor(size, timeout));
    const int64_t count = size.item<int64_t>();
    if (count < 0 || count > kMaxBytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat(Who("broadcast"), ": ", count, " bytes; at most ", kMaxBytes, " are allowed"));
    }
    bytes->resize(count);
    if (count == 0) return absl::OkStatus();
    return BroadcastTensor(at::from_blob(bytes->data(), {count}, at::kByte), options_.timeout);
  }

  absl::Status Barrier() override {
    // A sum that nobody looks at: Gloo's own barrier says less about who is missing.
    return AllReduceSum(at::zeros({1}, at::kFloat));
  }

  absl::Status AskToStop() override {
    return Guard("asking rank 0 to stop", options_.timeout,
                 [&] { store_->set(kStopKey, std::vector<uint8_t>{1}); });
  }
  bool AskedToStop() override {
    bool asked = false;
    const absl::Status looked =
        Guard("looking for a wish to stop", options_.timeout, [&] { asked = store_->check({kStopKey}); });
    return looked.ok() && asked;
  }

 private:
  // After the first failure the group is lost: nothing waits for a peer that is gone a second time.
  template <typename Action>
  absl::Status Once(std::string_view what, absl::Duration timeout, const Action& action) {
    if (lost_.ok()) lost_ = Guard(Who(what), timeout, action);
    return lost_;
  }

  std::string Who(std::string_view what) const {
    return absl::StrCat(ToAbsl(what), " of rank ", options_.rank, " of ", options_.size);
  }
  std::chrono::milliseconds Timeout() const { return absl::ToChronoMilliseconds(options_.timeout); }

  // Runs `collective`, which works in place, on the backend of the tensor's device.
  template <typename Collective>
  void OnBackend(const torch::Tensor& tensor, const Collective& collective) {
    const bool through_host = tensor.is_cuda() && !nccl_;
    std::vector<at::Tensor> tensors{through_host ? tensor.cpu() : tensor};
    collective(tensor.is_cuda() && nccl_ ? *nccl_ : *gloo_, tensors);
    if (through_host) tensor.copy_(tensors[0]);
  }

  absl::Status BroadcastTensor(torch::Tensor tensor, absl::Duration timeout) {
    return Once("broadcast", timeout, [&] {
      c10d::BroadcastOptions how;
      how.rootRank = 0;
      how.timeout = absl::ToChronoMilliseconds(std::min(timeout, kLongest));
      OnBackend(tensor, [&](c10d::Backend& backend, std::vector<at::Tensor>& tensors) {
        backend.broadcast(tensors, how)->wait(how.timeout);
      });
    });
  }

  const C10dOptions options_;
  const c10::intrusive_ptr<c10d::Store> store_;  // rank 0's serves the others as long as it lives
  const c10::intrusive_ptr<c10d::Backend> gloo_;
  const c10::intrusive_ptr<c10d::Backend> nccl_;  // null on the CPU, and where ranks share a GPU
  absl::Status lost_;                             // the first failure
};

c10::intrusive_ptr<c10d::Store> OpenStore(const C10dOptions& options) {
  c10d::TCPStoreOptions how;
  how.port = options.port;
  how.isServer = options.rank == 0;
  how.numWorkers = options.size;
  how.waitWorkers = false;  // the connections of the groups wait
  how.timeout = absl::ToChronoMilliseconds(options.join_timeout);
  auto store = c10::make_intrusive<c10d::TCPStore>(options.host, how);
  if (options.rank == 0 && options.on_listening) options.on_listening(store->getPort());
  return store;
}

c10::intrusive_ptr<c10d::Backend> MakeGloo(const c10::intrusive_ptr<c10d::Store>& store,
                                           const C10dOptions& options) {
  // Connecting takes this timeout; each collective brings its own.
  auto how = c10d::ProcessGroupGloo::Options::create(absl::ToChronoMilliseconds(options.join_timeout));
  how->devices.push_back(options.own_address.empty()
                             ? c10d::ProcessGroupGloo::createDefaultDevice()
                             : c10d::ProcessGroupGloo::createDeviceForHostname(options.own_address));
  return c10::make_intrusive<c10d::ProcessGroupGloo>(c10::make_intrusive<c10d::PrefixStore>("gloo", store),
                                                     options.rank, options.size, how);
}

c10::intrusive_ptr<c10d::Backend> MakeNccl([[maybe_unused]] const c10::intrusive_ptr<c10d::Store>& store,
                                           [[maybe_unused]] const C10dOptions& options) {
#ifdef DROVER_CUDA
  if (options.device.is_cuda() && !RanksShareAGpu(*store, options)) {
    return MakeNcclBackend(c10::make_intrusive<c10d::PrefixStore>("nccl", store), options);
  }
#endif
  return nullptr;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Collectives>> JoinC10d(const C10dOptions& options) {
  RETURN_IF_ERROR(Annotate(options.Validate(), "collectives"));
#ifndef DROVER_CUDA
  if (options.device.is_cuda()) {
    return absl::FailedPreconditionError(
        "collectives: a CUDA device was asked for, but this build has no NCCL: set up with './drover setup "
        "--cuda'");
  }
#endif
  std::unique_ptr<Collectives> result;
  const std::string what = absl::StrCat("rank ", options.rank, " of ", options.size, " joining at ",
                                        options.host, ":", options.port);
  RETURN_IF_ERROR(Guard(what, options.join_timeout, [&] {
    auto store = OpenStore(options);
    auto gloo = MakeGloo(store, options);
    auto nccl = MakeNccl(store, options);
    result = std::make_unique<C10d>(options, store, gloo, nccl);
  }));
  return result;
}

}  // namespace drover::learner
