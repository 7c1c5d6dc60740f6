// Medians of what was measured several times.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "statistics/moments.h"

namespace drover::model_tool {

// Of a part of each, a function or a member of it.
template <typename Item, typename Part>
double MedianOf(const std::vector<Item>& items, const Part& part) {
  std::vector<double> values;
  for (const Item& item : items) values.push_back(std::invoke(part, item));
  return statistics::Median(std::move(values));
}

}  // namespace drover::model_tool
