// Collectives over c10d: Gloo for tensors on the CPU and for bytes, NCCL for those on a GPU (where ranks share one,
// Gloo, through the host).
//
// Debian's Gloo headers are older than the Gloo inside of LibTorch; only what ProcessGroupGloo.hpp's inline code
// needs of them is used here: no GlooStore, no libgloo.
#include <ATen/ATen.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/exceptions.h"
#include "base/status.h"
#include "ranks/collectives.h"
#ifdef DROVER_CUDA
#include "ranks/collectives_nccl.h"
#endif

namespace drover {
namespace {

constexpr int64_t kMaxBytes = int64_t{1} << 31;
constexpr absl::Duration kRollCall = absl::Seconds(3);
constexpr absl::Duration kLongest = absl::Hours(24 * 30);  // c10d adds to it: no infinity

// c10d's flight recorder notes every collective of the process, with a backtrace, for tools that Drover has not. It enters a
// group into its table before it takes its lock, so that two ranks in one process (tests have them) can end it with SIGSEGV.
// Set before there are threads; who sets it otherwise has the recorder.
const bool kNoFlightRecorder = setenv("TORCH_FR_BUFFER_SIZE", "0", /*overwrite=*/0) == 0;

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

  absl::Status ReduceScatterSum(torch::Tensor tensor, torch::ScalarType wire) override {
    return Once("reduce-scatter", options_.timeout, [&] {
      const torch::Tensor given = Exchanged(tensor.to(wire));
      const int64_t run = tensor.numel() / options_.size;
      torch::Tensor own = OwnRun(tensor);
      own.copy_(given.narrow(0, 0, run));
      for (int from = 1; from < options_.size; ++from) own.add_(given.narrow(0, from * run, run));
    });
  }

  absl::Status AllGather(torch::Tensor tensor) override {
    return Once("all-gather", options_.timeout, [&] {
      c10d::AllgatherOptions how;
      how.timeout = Timeout();
      OnBackend(tensor, [&](c10d::Backend& backend, std::vector<at::Tensor>& tensors) {
        at::Tensor own = OwnRun(tensors[0]);
        backend._allgather_base(tensors[0], own, how)->wait(Timeout());
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

  absl::Status Tell(const std::string& name, const std::string& word) override {
    return Guard(absl::StrCat("telling the other ranks ", name), options_.timeout,
                 [&] { store_->set(name, std::vector<uint8_t>(word.begin(), word.end())); });
  }
  absl::StatusOr<std::optional<std::string>> Told(const std::string& name) override {
    std::optional<std::string> word;
    RETURN_IF_ERROR(Guard(absl::StrCat("looking for ", name), options_.timeout, [&] {
      if (!store_->check({name})) return;
      const std::vector<uint8_t> bytes = store_->get(name);
      word.emplace(bytes.begin(), bytes.end());
    }));
    return word;
  }
  bool lost() const override { return lost_; }

 private:
  // After the first failure the group is lost: nothing waits for a peer that is gone a second time.
  template <typename Action>
  absl::Status Once(std::string_view what, absl::Duration timeout, const Action& action) {
    if (lost_) return failed_;
    failed_ = Guard(Who(what), timeout, action);
    if (!failed_.ok()) {
      lost_ = true;
      failed_ = absl::Status(failed_.code(), absl::StrCat(failed_.message(), CallTheRoll()));
    }
    return failed_;
  }

  // Gloo and NCCL say which connection broke or that time is over, not whom they waited for. So a rank whose collective
  // failed says that it is there and looks who else does: who does not is lost, or still in a collective that will fail.
  std::string CallTheRoll() {
    const auto word = [](int rank) { return absl::StrCat("drover/roll/", rank); };
    const std::string no_answer = "; rank 0 does not answer";
    if (!Tell(word(options_.rank), "here").ok()) return no_answer;
    std::vector<int> silent;
    const absl::Time deadline = absl::Now() + kRollCall;
    do {
      std::vector<int> without;
      for (int rank = 0; rank < options_.size; ++rank) {
        const auto told = Told(word(rank));
        // Rank 0 has its answer and is gone; or it is the one that was lost, and its store stood a moment longer.
        if (!told.ok()) return silent.empty() ? no_answer : Silent(silent);
        if (!told->has_value()) without.push_back(rank);
      }
      silent = std::move(without);
      if (silent.empty()) return "";
      absl::SleepFor(absl::Milliseconds(50));
    } while (absl::Now() < deadline);
    return Silent(silent);
  }

  static std::string Silent(const std::vector<int>& ranks) {
    return ranks.empty() ? "" : absl::StrCat("; not heard of since: rank ", absl::StrJoin(ranks, ", rank "));
  }

  std::string Who(std::string_view what) const {
    return absl::StrCat(ToAbsl(what), " of rank ", options_.rank, " of ", options_.size);
  }
  std::chrono::milliseconds Timeout() const { return absl::ToChronoMilliseconds(options_.timeout); }

  torch::Tensor OwnRun(const torch::Tensor& tensor) const {
    const int64_t run = tensor.numel() / options_.size;
    return tensor.narrow(0, options_.rank * run, run);
  }

  // Run r of `sent` goes to rank r; run r of the result is what rank r sent here. As bytes, which every backend has.
  torch::Tensor Exchanged(const torch::Tensor& sent) {
    torch::Tensor received = at::empty_like(sent);
    c10d::AllToAllOptions how;
    how.timeout = Timeout();
    OnBackend(received, [&](c10d::Backend& backend, std::vector<at::Tensor>& tensors) {
      at::Tensor to = tensors[0].view(at::kByte);
      at::Tensor from = sent.to(to.device()).view(at::kByte);
      std::vector<int64_t> evenly;
      backend.alltoall_base(to, from, evenly, evenly, how)->wait(Timeout());
    });
    return received;
  }

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
  absl::Status failed_;                           // the first failure
  std::atomic<bool> lost_{false};
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

// A store is of one group, in which each rank is once.
bool IsFirstJoin(c10d::Store& store, int rank) {
  return store.add(absl::StrCat("drover/joins/", rank), 1) == 1;
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
  bool first = true;
  RETURN_IF_ERROR(Guard(what, options.join_timeout, [&] {
    auto store = OpenStore(options);
    first = IsFirstJoin(*store, options.rank);
    if (!first) return;
    auto gloo = MakeGloo(store, options);
    auto nccl = MakeNccl(store, options);
    result = std::make_unique<C10d>(options, store, gloo, nccl);
  }));
  if (first) return result;
  return absl::AbortedError(absl::StrCat(what, ": rank ", options.rank,
                                         " was in this group before; rank 0 is still that of an "
                                         "earlier start, and must be started again, too"));
}

}  // namespace drover
