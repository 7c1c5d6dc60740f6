#pragma once

namespace drover::data {

// The bytes of recipes/templates.json.
extern const char kTemplatesJson[];

}  // namespace drover::data
