// Renders what the parser made of a template.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "model/jinja/ast.h"
#include "model/jinja/value.h"

namespace drover::model::jinja {

// The text of `block` with the names of `context` (a dict). A template is hostile input: its work, its values and its
// depth are bounded (RESOURCE_EXHAUSTED). INVALID_ARGUMENT for what Jinja raises an error at, raise_exception() among it,
// UNIMPLEMENTED for a filter, test or method that is not known here; both with the line.
absl::StatusOr<std::string> Render(const Block& block, const Json& context);

}  // namespace drover::model::jinja
