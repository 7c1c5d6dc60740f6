// Reads what the charts write, for tests.
#pragma once

#include <string>
#include <vector>

namespace drover::plot::testing {

// Whether tags are closed in order, attributes are quoted, and no bare & or < stands in a text.
bool IsWellFormed(const std::string& svg);

// The contents of all <text> elements, in order, as they are written.
std::vector<std::string> Texts(const std::string& svg);

size_t Count(const std::string& svg, const std::string& part);

}  // namespace drover::plot::testing
