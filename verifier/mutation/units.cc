#include "verifier/mutation/units.h"

#include <algorithm>

namespace drover::verifier::mutation {

std::span<const Unit> Units() {
  static constexpr Unit kUnits[] = {
      {Dimension::kShare, 0.01, "", "\\%", 0, nullptr, "\\text{ percent}"},
      {Dimension::kAngle, 0.0174533, "", "^\\circ", 0, nullptr, "\\text{ degrees}"},
      {Dimension::kAngle, 1, "", "\\text{ rad}", 0, nullptr, "\\text{ radians}"},
      {Dimension::kMoney, 1, "\\$", "", 100, "\\text{ cents}", nullptr},
      {Dimension::kMoney, 0.01, "", "\\text{ cents}", 0, nullptr, "\\text{ cents}"},
      {Dimension::kLength, 1, "", "\\text{ m}", 100, "\\text{ cm}", "\\text{ meters}"},
      {Dimension::kLength, 0.01, "", "\\text{ cm}", 10, "\\text{ mm}", "\\text{ centimeters}"},
      {Dimension::kLength, 1000, "", "\\text{ km}", 1000, "\\text{ m}", "\\text{ kilometers}"},
      {Dimension::kLength, 0.0254, "", "\\text{ inches}", 0, nullptr, "\\text{ in}"},
      {Dimension::kArea, 1, "", "\\text{ m}^2", 10'000, "\\text{ cm}^2", "\\text{ m}^{2}"},
      {Dimension::kArea, 0.0001, "", "\\text{ cm}^2", 100, "\\text{ mm}^2", "\\mathrm{~cm}^2"},
      {Dimension::kVolume, 1, "", "\\text{ m}^3", 0, nullptr, "\\text{ m}^{3}"},
      {Dimension::kMass, 1, "", "\\text{ kg}", 1000, "\\text{ g}", "\\text{ kilograms}"},
      {Dimension::kMass, 0.001, "", "\\text{ g}", 1000, "\\text{ mg}", "\\text{ grams}"},
      {Dimension::kTime, 1, "", "\\text{ s}", 1000, "\\text{ ms}", "\\text{ seconds}"},
      {Dimension::kTime, 3600, "", "\\text{ hours}", 60, "\\text{ minutes}", "\\text{ h}"},
      {Dimension::kSpeed, 1, "", "\\text{ m/s}", 0, nullptr, "\\text{ m/s}"},
  };
  return kUnits;
}

const Unit* FindUnit(const std::string& before, const std::string& after) {
  // Golds write ^{\circ}, a bare %, \mbox.
  const auto same = [](std::string text) {
    if (text == "^{\\circ}") text = "^\\circ";
    if (text == "%") text = "\\%";
    if (text.rfind("\\mbox", 0) == 0) text = "\\text" + text.substr(5);
    return text;
  };
  const auto units = Units();
  const auto found = std::find_if(units.begin(), units.end(), [&](const Unit& unit) {
    return same(before) == unit.before &&
           (same(after) == unit.after || (unit.spelled != nullptr && same(after) == unit.spelled));
  });
  return found == units.end() ? nullptr : &*found;
}

}  // namespace drover::verifier::mutation
