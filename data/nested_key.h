// A key of question files: names of nested objects joined by dots, "reward_model.ground_truth".
#pragma once

#include <string>
#include <string_view>

namespace drover::data {

// The value at `path`; null where there is none. A name may have dots itself: the whole path is looked for as one name first, then
// parted at each of its dots from the left. `Json` is a nlohmann::basic_json.
template <class Json>
const Json* ValueAt(const Json& object, std::string_view path) {
  if (!object.is_object()) return nullptr;
  if (const auto found = object.find(std::string(path)); found != object.end()) return &*found;
  for (size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    const auto found = object.find(std::string(path.substr(0, dot)));
    if (found == object.end()) continue;
    if (const Json* inner = ValueAt(*found, path.substr(dot + 1))) return inner;
  }
  return nullptr;
}

}  // namespace drover::data
