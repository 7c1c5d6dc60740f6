#include "programs/drover/grading/block_grader.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/threads.h"
#include "services/grading/client.h"
#include "services/grading/grade_lines.h"
#include "services/grading/grade_one.h"

namespace drover::grading {
namespace {

constexpr size_t kCallLines = 256;                       // in one call to a verifier
constexpr int kCallsAtATime = 8;                         // to the verifiers
constexpr absl::Duration kPatience = absl::Seconds(60);  // for verifiers that are away or busy, a call

// Calls work(i) for every i below `count`, from `threads` threads.
void InParallel(int threads, size_t count, const std::function<void(size_t)>& work) {
  std::atomic<size_t> next = 0;
  const auto loop = [&] {
    for (size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::thread> workers;
  for (int i = 1; i < threads && static_cast<size_t>(i) < count; ++i) workers.emplace_back(loop);
  loop();
  for (std::thread& worker : workers) worker.join();
}

void Parse(const GradeLineDefaults& defaults, Item& item) {
  absl::StatusOr<GradeLine> line = ParseGradeLine(item.text, defaults);
  item.text.clear();
  if (!line.ok()) {
    item.status = line.status();
    return;
  }
  item.id = std::move(line->id);
  item.request = std::move(line->request);
  item.request.set_id(item.number);  // errors that name a request name a line
}

class InProcessGrader final : public BlockGrader {
 public:
  explicit InProcessGrader(const BlockGraderOptions& options)
      : defaults_{.format = options.format, .grader = options.grader, .options = options.options},
        threads_(ThreadCount({options.threads})) {}

  absl::Status Grade(std::vector<Item>& block) override {
    InParallel(threads_, block.size(), [&](size_t i) {
      Parse(defaults_, block[i]);
      if (block[i].status.ok()) block[i].result = GradeOne(block[i].request);
    });
    return absl::OkStatus();
  }

 private:
  const GradeLineDefaults defaults_;
  const int threads_;
};

class ByVerifiers final : public BlockGrader {
 public:
  explicit ByVerifiers(const BlockGraderOptions& options)
      : defaults_{.format = options.format,
                  .grader = options.grader,
                  .check_grader = false,
                  .options = options.options},
        threads_(ThreadCount({options.threads})),
        client_(ClientOptions(options)) {}

  absl::Status Grade(std::vector<Item>& block) override {
    InParallel(threads_, block.size(), [&](size_t i) { Parse(defaults_, block[i]); });
    for (const Item& item : block) {
      if (!item.status.ok()) return absl::OkStatus();  // the file is refused anyway
    }
    absl::Mutex mutex;
    absl::Status first;
    InParallel(kCallsAtATime, (block.size() + kCallLines - 1) / kCallLines, [&](size_t call) {
      const absl::Status status = GradeCall(block, call * kCallLines);
      absl::MutexLock lock(&mutex);
      if (first.ok()) first = status;
    });
    return first;
  }

 private:
  static GradingClientOptions ClientOptions(const BlockGraderOptions& options) {
    GradingClientOptions client;
    client.addresses = options.verifiers;
    return client;
  }

  absl::Status GradeCall(std::vector<Item>& block, size_t begin) {
    std::vector<v1::GradeRequest> requests;
    for (size_t i = begin; i < block.size() && i < begin + kCallLines; ++i) {
      requests.push_back(std::move(block[i].request));
    }
    auto results = client_.Grade(requests, absl::Now() + kPatience);
    if (!results.ok()) return results.status();
    for (size_t i = 0; i < results->size(); ++i) block[begin + i].result = std::move((*results)[i]);
    return absl::OkStatus();
  }

  const GradeLineDefaults defaults_;
  const int threads_;
  GradingClient client_;
};

}  // namespace

std::unique_ptr<BlockGrader> MakeBlockGrader(const BlockGraderOptions& options) {
  if (options.verifiers.empty()) return std::make_unique<InProcessGrader>(options);
  return std::make_unique<ByVerifiers>(options);
}

}  // namespace drover::grading
