// The names of units of measure.
#include <optional>

#include "verifier/chars.h"
#include "verifier/reading/word_table.h"
#include "verifier/reading/words.h"

namespace drover::verifier {
namespace {

// Singular spellings; a plural "s" is taken off by the lookup. Symbols of one letter are read in their case only; longer
// ones in any case where no other unit has that spelling ("MW" is a megawatt, "mW" a milliwatt, "KM" a kilometre).
constexpr WordRow<UnitInfo> kUnits[] = {{"m meter metre", {"m", 1, 1}},
                                        {"km kilometer kilometre", {"m", 1000, 1}},
                                        {"dm decimeter decimetre", {"m", 1, 10}},
                                        {"cm centimeter centimetre", {"m", 1, 100}},
                                        {"mm millimeter millimetre", {"m", 1, 1000}},
                                        {"micron micrometer um", {"m", 1, 1000000}},
                                        {"nm nanometer", {"m", 1, 1000000000}},
                                        {"angstrom", {"m", 1, 10000000000}},
                                        {"inch in inches", {"inch", 1, 1}},
                                        {"ft foot feet", {"inch", 12, 1}},
                                        {"yd yard", {"inch", 36, 1}},
                                        {"mi mile", {"inch", 63360, 1}},
                                        {"ly lightyear", {"ly", 1, 1}},
                                        {"pc parsec", {"pc", 1, 1}},
                                        {"kpc kiloparsec", {"pc", 1000, 1}},
                                        {"Mpc megaparsec", {"pc", 1000000, 1}},
                                        {"AU", {"AU", 1, 1}},
                                        {"s sec second", {"s", 1, 1}},
                                        {"ms millisecond", {"s", 1, 1000}},
                                        {"us microsecond", {"s", 1, 1000000}},
                                        {"ns nanosecond", {"s", 1, 1000000000}},
                                        {"min minute", {"s", 60, 1}},
                                        {"h hr hour", {"s", 3600, 1}},
                                        {"day", {"s", 86400, 1}},
                                        {"week", {"s", 604800, 1}},
                                        {"month", {"month", 1, 1}},
                                        {"year yr", {"month", 12, 1}},
                                        {"decade", {"month", 120, 1}},
                                        {"century centurie", {"month", 1200, 1}},
                                        {"g gram", {"g", 1, 1}},
                                        {"kg kilogram", {"g", 1000, 1}},
                                        {"mg milligram", {"g", 1, 1000}},
                                        {"ton tonne", {"ton", 1, 1}},
                                        {"lb pound", {"lb", 1, 1}},
                                        {"oz ounce", {"oz", 1, 1}},
                                        {"l L liter litre", {"l", 1, 1}},
                                        {"ml milliliter millilitre", {"l", 1, 1000}},
                                        {"gallon gal", {"gallon", 1, 1}},
                                        {"quart", {"gallon", 1, 4}},
                                        {"pint", {"gallon", 1, 8}},
                                        {"cup", {"gallon", 1, 16}},
                                        {"cent c", {"usd", 1, 100}},
                                        {"dollar usd buck", {"usd", 1, 1}},
                                        {"euro eur", {"eur", 1, 1}},
                                        {"gbp", {"gbp", 1, 1}},
                                        {"yen", {"yen", 1, 1}},
                                        {"yuan rmb", {"yuan", 1, 1}},
                                        {"rupee inr rs", {"rupee", 1, 1}},
                                        {"mph", {"mph", 1, 1}},
                                        {"kph kmh", {"kph", 1, 1}},
                                        {"unit", {"unit", 1, 1}},
                                        {"degree deg", {"degree", 1, 1}},
                                        {"radian rad", {"radian", 1, 1}},
                                        {"steradian sr", {"steradian", 1, 1}},
                                        {"celsius centigrade", {"celsius", 1, 1}},
                                        {"fahrenheit", {"fahrenheit", 1, 1}},
                                        {"percent pct percentage", {"percent", 1, 1}},
                                        {"point pt", {"point", 1, 1}},
                                        {"J joule", {"joule", 1, 1}},
                                        {"kJ kilojoule", {"joule", 1000, 1}},
                                        {"MJ megajoule", {"joule", 1000000, 1}},
                                        {"erg", {"erg", 1, 1}},
                                        {"calorie cal", {"calorie", 1, 1}},
                                        {"kcal kilocalorie", {"calorie", 1000, 1}},
                                        {"eV", {"eV", 1, 1}},
                                        {"keV", {"eV", 1000, 1}},
                                        {"MeV", {"eV", 1000000, 1}},
                                        {"GeV", {"eV", 1000000000, 1}},
                                        {"N newton", {"newton", 1, 1}},
                                        {"kN kilonewton", {"newton", 1000, 1}},
                                        {"dyn dyne", {"dyne", 1, 1}},
                                        {"W watt", {"watt", 1, 1}},
                                        {"MW megawatt", {"watt", 1000000, 1}},
                                        {"kW kilowatt", {"watt", 1000, 1}},
                                        {"mW milliwatt", {"watt", 1, 1000}},
                                        {"horsepower", {"horsepower", 1, 1}},
                                        {"V volt", {"volt", 1, 1}},
                                        {"kV kilovolt", {"volt", 1000, 1}},
                                        {"mV millivolt", {"volt", 1, 1000}},
                                        {"A amp ampere", {"ampere", 1, 1}},
                                        {"mA milliampere", {"ampere", 1, 1000}},
                                        {"coulomb", {"coulomb", 1, 1}},
                                        {"farad", {"farad", 1, 1}},
                                        {"henry", {"henry", 1, 1}},
                                        {"ohm", {"ohm", 1, 1}},
                                        {"T tesla", {"tesla", 1, 1}},
                                        {"gauss", {"gauss", 1, 1}},
                                        {"Pa pascal", {"pascal", 1, 1}},
                                        {"kPa kilopascal", {"pascal", 1000, 1}},
                                        {"MPa megapascal", {"pascal", 1000000, 1}},
                                        {"GPa gigapascal", {"pascal", 1000000000, 1}},
                                        {"atm", {"atm", 1, 1}},
                                        {"bar", {"bar", 1, 1}},
                                        {"torr", {"torr", 1, 1}},
                                        {"Hz hertz", {"hertz", 1, 1}},
                                        {"kHz kilohertz", {"hertz", 1000, 1}},
                                        {"MHz megahertz", {"hertz", 1000000, 1}},
                                        {"GHz gigahertz", {"hertz", 1000000000, 1}},
                                        {"rpm", {"rpm", 1, 1}},
                                        {"mol mole", {"mol", 1, 1}},
                                        {"mmol millimole", {"mol", 1, 1000}},
                                        {"K kelvin", {"kelvin", 1, 1}},
                                        {"knot", {"knot", 1, 1}},
                                        {"acre", {"acre", 1, 1}},
                                        {"hectare", {"hectare", 1, 1}},
                                        {"bit", {"bit", 1, 1}},
                                        {"byte", {"bit", 8, 1}},
                                        {"lumen", {"lumen", 1, 1}},
                                        {"lux", {"lux", 1, 1}}};

constexpr bool IsLowerCase(std::string_view name) {
  for (const char c : name) {
    if (IsUpper(c)) return false;
  }
  return true;
}

constexpr auto kExactUnits = [] {
  WordTable<UnitInfo, 1024> units;
  units.AddAll(kUnits);
  return units;
}();

// In any case: a unit whose spelling is in lower case goes before one that is not, then the first of the table.
constexpr auto kAnyCaseUnits = [] {
  WordTable<UnitInfo, 1024, Letters::kAnyCase> units;
  for (const bool lower : {true, false}) {
    for (const auto& row : kUnits) {
      ForEachWord(row.words, [&](std::string_view name) {
        if (IsLowerCase(name) == lower) units.Add(name, row.value);
      });
    }
  }
  return units;
}();

std::optional<UnitInfo> Found(const UnitInfo* unit) {
  return unit == nullptr ? std::nullopt : std::optional(*unit);
}

}  // namespace

std::optional<UnitInfo> FindUnit(std::string_view word) {
  if (word.empty() || word.size() > 24) return std::nullopt;
  if (const UnitInfo* unit = kExactUnits.Find(word)) return *unit;
  if (word.size() == 1) return std::nullopt;
  if (const UnitInfo* unit = kAnyCaseUnits.Find(word)) return *unit;
  if (word.size() < 4 || ToLower(word.back()) != 's') return std::nullopt;
  return Found(kAnyCaseUnits.Find(word.substr(0, word.size() - 1)));
}

}  // namespace drover::verifier
