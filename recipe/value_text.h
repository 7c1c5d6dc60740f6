#pragma once

#include <string>
#include <string_view>

#include "recipe/field_rules.h"

namespace drover::recipe {

// "got `8s`, may be a whole number from 2 to 4096 (responses); write the number alone, without `s`": why `got`, text
// format as somebody wrote it, cannot be the value of `field`.
std::string BadValueText(const FieldDescriptor& field, std::string_view got);

}  // namespace drover::recipe
