#include "evaluation/grading.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace drover::evaluation {

absl::Status Grading::Validate() const {
  if (verifier::FindGrader(grader) != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the grader is \"", grader, "\", may be ", absl::StrJoin(verifier::GraderNames(), ", ")));
}

void GradeQuestion(const Grading& grading, QuestionRecord& record) {
  const verifier::Grader& grader = *verifier::FindGrader(grading.grader);
  verifier::GradeRequest request;
  request.golds = record.gold;
  request.question = record.problem;
  request.format = grading.format;
  for (GradedResponse& graded : record.responses) {
    request.response = graded.response.text;
    request.truncated = graded.response.truncated && grading.truncated_is_wrong;
    verifier::Verdict verdict = grader.Grade(request, grading.options);
    graded.reward = verdict.reward;
    graded.formatted = verdict.formatted;
    graded.extracted = std::move(verdict.extracted);
    graded.reason = std::string(verifier::ReasonName(verdict.reason));
  }
}

GradingThreads::GradingThreads(Grading grading, int threads, Graded graded)
    : grading_(std::move(grading)),
      max_waiting_(static_cast<size_t>(threads) * 4),
      graded_(std::move(graded)) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

GradingThreads::~GradingThreads() {
  {
    absl::MutexLock lock(&mu_);
    waiting_.clear();
    closed_ = true;
  }
  Join();
}

absl::Status GradingThreads::Add(QuestionRecord record) {
  absl::MutexLock lock(&mu_);
  const auto may_go_on = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return !failed_.ok() || waiting_.size() < max_waiting_;
  };
  mu_.Await(absl::Condition(&may_go_on));
  if (failed_.ok()) waiting_.push_back(std::move(record));
  return failed_;
}

absl::Status GradingThreads::Finish() {
  {
    absl::MutexLock lock(&mu_);
    closed_ = true;
  }
  Join();
  absl::MutexLock lock(&mu_);
  return failed_;
}

bool GradingThreads::Take(QuestionRecord* record) {
  absl::MutexLock lock(&mu_);
  const auto may_go_on = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return closed_ || !failed_.ok() || !waiting_.empty();
  };
  mu_.Await(absl::Condition(&may_go_on));
  if (!failed_.ok() || waiting_.empty()) return false;
  *record = std::move(waiting_.front());
  waiting_.pop_front();
  return true;
}

void GradingThreads::Run() {
  QuestionRecord record;
  while (Take(&record)) {
    GradeQuestion(grading_, record);
    absl::Status status;
    {
      absl::MutexLock lock(&graded_mu_);
      if (refused_) return;  // while this one was graded
      status = graded_(std::move(record));
      refused_ = !status.ok();
    }
    if (status.ok()) continue;
    absl::MutexLock lock(&mu_);
    if (failed_.ok()) failed_ = status;
  }
}

void GradingThreads::Join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace drover::evaluation
