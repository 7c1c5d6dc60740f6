#pragma once

namespace drover::analysis {

// The bytes of analysis/reflection_keywords.json.
extern const char kReflectionKeywordsJson[];

}  // namespace drover::analysis
