// Medians of what was measured several times.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace drover::model_tool {

// Of at least one value; between the two in the middle of an even number of them.
inline double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2.0;
}

// Of a part of each, a function or a member of it.
template <typename Item, typename Part>
double MedianOf(const std::vector<Item>& items, const Part& part) {
  std::vector<double> values;
  for (const Item& item : items) values.push_back(std::invoke(part, item));
  return Median(std::move(values));
}

}  // namespace drover::model_tool
