// Grades the responses of an evaluation, on threads, while others are still being generated.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "evaluation/records.h"
#include "verifier/grader.h"

namespace drover::evaluation {

// How responses become rewards.
struct Grading {
  verifier::RewardFormat format = verifier::RewardFormat::kBoxed;
  std::string grader = "math";  // of verifier::GraderNames()
  verifier::Options options;
  // A response that was cut at the length limit is wrong whatever stands in it, as in training. The paper's evaluation grades
  // the text that there is.
  bool truncated_is_wrong = false;

  // INVALID_ARGUMENT for a grader that is not there, with those that are.
  absl::Status Validate() const;
};

// Fills in reward, formatted, extracted and reason of every response. Pure and thread-safe.
void GradeQuestion(const Grading& grading, QuestionRecord& record);

// Threads that grade. A bounded number of questions waits; each is handed on as soon as it is graded, one at a time.
class GradingThreads {
 public:
  using Graded = std::function<absl::Status(QuestionRecord)>;

  // `graded` is never called twice at a time; from any thread. `threads` is at least 1.
  GradingThreads(Grading grading, int threads, Graded graded);
  ~GradingThreads();  // lets what waits go

  // Blocks while too many wait. Once a call of `graded` returned an error: that error, and nothing is graded or handed on any more.
  absl::Status Add(QuestionRecord record) ABSL_LOCKS_EXCLUDED(mu_);

  // Waits until all are graded and handed on; the first error. Once, last.
  absl::Status Finish() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_, graded_mu_);
  bool Take(QuestionRecord* record) ABSL_LOCKS_EXCLUDED(mu_);
  void Join();

  const Grading grading_;
  const size_t max_waiting_;
  absl::Mutex graded_mu_;  // held while graded_ is called; never together with mu_
  const Graded graded_;
  bool refused_ ABSL_GUARDED_BY(graded_mu_) = false;  // a call of graded_ returned an error
  absl::Mutex mu_;
  std::deque<QuestionRecord> waiting_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;  // no more are added
  absl::Status failed_ ABSL_GUARDED_BY(mu_);
  std::vector<std::thread> threads_;
};

}  // namespace drover::evaluation
