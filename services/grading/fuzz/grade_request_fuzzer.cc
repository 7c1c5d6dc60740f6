// Any bytes as the message of a VerifierService call: refused with a reason, or graded within the budget, with a reward
// and a reason that the metrics know.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "google/protobuf/stubs/logging.h"
#include "services/grading/grade_one.h"

namespace {

void Check(const drover::v1::GradeRequest& request) {
  const absl::Status valid = drover::grading::ValidateRequest(request);
  if (!valid.ok()) {
    if (valid.code() != absl::StatusCode::kInvalidArgument || valid.message().empty()) std::abort();
    return;
  }
  static const auto& reasons = *new std::vector<std::string>(drover::grading::ReasonNames());
  const drover::v1::GradeResult result = drover::grading::GradeOne(request);
  const bool known = std::count(reasons.begin(), reasons.end(), result.reason()) == 1;
  const bool right = result.reason().rfind("equal_", 0) == 0;
  if (!known || result.id() != request.id() || result.reward() != (right ? 1 : 0)) std::abort();
  if (request.truncated() && result.reward() != 0) std::abort();
  if (drover::grading::GradeOne(request).SerializeAsString() != result.SerializeAsString()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);  // a line for each text that is no UTF-8
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  drover::v1::GradeBatchRequest batch;
  if (!batch.ParseFromArray(data, static_cast<int>(size))) return 0;
  for (const drover::v1::GradeRequest& request : batch.requests()) Check(request);
  return 0;
}
