// The two kinds of steps from a gold to an answer, as tables of small functions. To add one: write a function that
// returns the answer, or nothing where its step would not do what its kind says (a sign of 0, an exponent of 1), and give
// it a line in its file's table.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "verifier/grader.h"
#include "verifier/mutation/golds.h"
#include "verifier/mutation/rng.h"

namespace drover::verifier::mutation {

struct Made {
  Made(std::string answer) : text(std::move(answer)) {}  // NOLINT: an answer is what most steps make
  Made(std::string response, RewardFormat format) : text(std::move(response)), whole(format) {}
  std::string text;
  std::optional<RewardFormat> whole;  // `text` is a whole response in that format, no bare answer
};

struct Step {
  const char* kind;
  std::optional<Made> (*make)(const Gold& gold, Rng& rng);
};

// A change of a value: of one node anywhere in it, or of the whole. Null: not applicable.
struct Change {
  const char* kind;
  enum Where { kAnywhere, kWhole } where;
  Expr (*make)(const Expr& node, Rng& rng);
};

// Steps that bring their own gold, for notations that the model of answers has no place for.
struct OwnPair {
  std::string gold, answer;
};
struct Maker {
  const char* kind;
  OwnPair (*make)(Rng& rng);
};

// Answers that are wrong.
std::span<const Change> WrongValues();
std::span<const Change> WrongKinks();  // that agree with the gold on a part of the line
std::span<const Step> WrongShapes();   // order, ends, elements
std::span<const Step> WrongTexts();    // words, hedges, chains, choices, units
std::span<const Maker> WrongNotations();
std::span<const Maker> WrongRelations();
// Answers that are right.
std::span<const Change> EqualValues();
std::span<const Step> EqualShapes();
std::span<const Step> EqualTexts();
std::span<const Maker> EqualNotations();
std::span<const Maker> EqualRelations();

// Takes a change to one scalar of the gold and writes the answer in any spelling; nothing if the change is not
// applicable or the guard of evaluate.h does not see what `wrong` says.
std::optional<Made> Apply(const Change& change, bool wrong, const Gold& gold, Rng& rng);

}  // namespace drover::verifier::mutation
