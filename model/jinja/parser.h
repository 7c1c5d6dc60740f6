// Templates in the part of Jinja that chat templates are written in: for (with if, else, break, continue), if, set (also
// of a block and of a namespace), macro, and expressions with filters, tests, slices and calls. What is not known is an
// error at once, and not when it is rendered.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "model/jinja/ast.h"

namespace drover::model::jinja {

// INVALID_ARGUMENT with the line for what is no template, UNIMPLEMENTED for a statement of Jinja that is not in this part.
absl::StatusOr<Block> Parse(std::string_view source);

}  // namespace drover::model::jinja
