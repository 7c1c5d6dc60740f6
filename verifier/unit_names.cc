// The names of units of measure.
#include <string>
#include <unordered_map>

#include "verifier/chars.h"
#include "verifier/words.h"

namespace drover::verifier {
namespace {

struct UnitRow {
  std::string_view names;  // apart by spaces
  UnitInfo info;
};

// Singular spellings; a plural "s" or "es" is taken off by the lookup.
constexpr UnitRow kUnits[] = {{"m meter metre", {"m", 1, 1}},
                              {"km kilometer kilometre", {"m", 1000, 1}},
                              {"cm centimeter centimetre", {"m", 1, 100}},
                              {"mm millimeter millimetre", {"m", 1, 1000}},
                              {"nm nanometer", {"m", 1, 1000000000}},
                              {"inch in inche", {"inch", 1, 1}},
                              {"ft foot feet", {"inch", 12, 1}},
                              {"yd yard", {"inch", 36, 1}},
                              {"mi mile", {"inch", 63360, 1}},
                              {"s sec second", {"s", 1, 1}},
                              {"ms millisecond", {"s", 1, 1000}},
                              {"min minute", {"s", 60, 1}},
                              {"h hr hour", {"s", 3600, 1}},
                              {"day", {"s", 86400, 1}},
                              {"week", {"s", 604800, 1}},
                              {"month", {"month", 1, 1}},
                              {"year yr", {"month", 12, 1}},
                              {"g gram", {"g", 1, 1}},
                              {"kg kilogram", {"g", 1000, 1}},
                              {"mg milligram", {"g", 1, 1000}},
                              {"ton tonne", {"ton", 1, 1}},
                              {"lb pound", {"lb", 1, 1}},
                              {"oz ounce", {"oz", 1, 1}},
                              {"l liter litre", {"l", 1, 1}},
                              {"ml milliliter millilitre", {"l", 1, 1000}},
                              {"gallon gal", {"gallon", 1, 1}},
                              {"quart", {"gallon", 1, 4}},
                              {"pint", {"gallon", 1, 8}},
                              {"cup", {"gallon", 1, 16}},
                              {"cent c", {"usd", 1, 100}},
                              {"dollar usd buck", {"usd", 1, 1}},
                              {"dime", {"dime", 1, 1}},
                              {"euro eur", {"eur", 1, 1}},
                              {"gbp", {"gbp", 1, 1}},
                              {"yen", {"yen", 1, 1}},
                              {"yuan rmb", {"yuan", 1, 1}},
                              {"rupee inr", {"rupee", 1, 1}},
                              {"mph", {"mph", 1, 1}},
                              {"kph kmh", {"kph", 1, 1}},
                              {"unit", {"unit", 1, 1}},
                              {"degree deg", {"degree", 1, 1}},
                              {"radian rad", {"radian", 1, 1}},
                              {"percent pct percentage", {"percent", 1, 1}},
                              {"point pt", {"point", 1, 1}},
                              {"joule j", {"joule", 1, 1}},
                              {"kj kilojoule", {"joule", 1000, 1}},
                              {"newton n", {"newton", 1, 1}},
                              {"watt w", {"watt", 1, 1}},
                              {"kw kilowatt", {"watt", 1000, 1}},
                              {"volt v", {"volt", 1, 1}},
                              {"ohm", {"ohm", 1, 1}},
                              {"pascal pa", {"pascal", 1, 1}},
                              {"kpa", {"pascal", 1000, 1}},
                              {"atm", {"atm", 1, 1}},
                              {"hz hertz", {"hertz", 1, 1}},
                              {"mol mole", {"mol", 1, 1}},
                              {"k kelvin", {"kelvin", 1, 1}},
                              {"ev", {"ev", 1, 1}},
                              {"acre", {"acre", 1, 1}},
                              {"time", {"time", 1, 1}},
                              {"way", {"way", 1, 1}}};

using UnitMap = std::unordered_map<std::string_view, UnitInfo>;

const UnitMap& Units() {
  static const UnitMap& map = *[] {
    auto* units = new UnitMap;
    for (const UnitRow& row : kUnits) {
      for (std::string_view rest = row.names; !rest.empty();) {
        const size_t space = rest.find(' ');
        (*units)[rest.substr(0, space)] = row.info;
        rest = space == rest.npos ? std::string_view() : rest.substr(space + 1);
      }
    }
    return units;
  }();
  return map;
}

template <class Map>
std::optional<typename Map::mapped_type> Find(const Map& map, std::string_view key) {
  const auto it = map.find(key);
  if (it == map.end()) return std::nullopt;
  return it->second;
}

}  // namespace

std::optional<UnitInfo> FindUnit(std::string_view word) {
  if (word.size() > 24) return std::nullopt;
  const std::string lower = LowerCase(word);
  if (auto unit = Find(Units(), lower)) return unit;
  if (lower.size() >= 3 && lower.back() == 's') {
    if (auto unit = Find(Units(), std::string_view(lower).substr(0, lower.size() - 1))) return unit;
  }
  return std::nullopt;
}

}  // namespace drover::verifier
