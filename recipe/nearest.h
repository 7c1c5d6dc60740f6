#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace drover::recipe {

// The name with the fewest edits (insert, delete, replace, swap of neighbours) from `got`, case ignored; empty when
// none is near enough to be what was meant: at most a third of the longer one's letters, at least 1 and at most 4.
std::string Nearest(std::string_view got, const std::vector<std::string>& names);

}  // namespace drover::recipe
