// VerifierService's messages to verifier/'s types and back.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "drover/v1/verifier.pb.h"
#include "verifier/grader.h"

namespace drover::grading {

// INVALID_ARGUMENT, naming the field and what it may be, for a request that no grade can answer: an unknown grader or
// format, no gold answer. Such a request is refused; it never gets a reward.
absl::Status CheckRequest(const v1::GradeRequest& request);
// The same, naming the request's id too.
absl::Status ValidateRequest(const v1::GradeRequest& request);

// What the graders see of a valid request.
verifier::GradeRequest ToVerifier(const v1::GradeRequest& request);

// The conventions that it asks for.
verifier::Options OptionsOf(const v1::GradeRequest& request);

// Grades a valid request. Pure and thread-safe; bounded by the verifier's budget. An invalid one gets reward 0 and the
// reason invalid_request.
v1::GradeResult GradeOne(const v1::GradeRequest& request);

// Every reason code that GradeOne may give.
std::vector<std::string> ReasonNames();

}  // namespace drover::grading
