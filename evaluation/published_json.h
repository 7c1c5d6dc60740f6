#pragma once

namespace drover::evaluation {

// evaluation/published_scores.json as it was when this was built.
extern const char kPublishedJson[];

}  // namespace drover::evaluation
