#include "verifier/mutation/verdicts.h"

#include <functional>
#include <iomanip>
#include <optional>
#include <sstream>
#include <thread>

#include "verifier/mutation/step.h"

namespace drover::verifier::mutation {
namespace {

constexpr int kParts = 4;  // threads; fixed, so that examples come in the same order on every machine

struct Pair {
  std::string gold;
  Made answer;
};

// One way to a pair, whatever table it is of. `make` does without the gold that it is offered where it brings its own.
struct Kind {
  std::string name;
  bool wrong;
  std::function<std::optional<Pair>(const Gold&, Rng&)> make;
};

void AddChanges(std::span<const Change> changes, bool wrong, std::vector<Kind>* kinds) {
  for (const Change& change : changes) {
    kinds->push_back(
        {change.kind, wrong, [&change, wrong](const Gold& gold, Rng& rng) -> std::optional<Pair> {
           auto made = Apply(change, wrong, gold, rng);
           return made ? std::optional(Pair{gold.text, std::move(*made)}) : std::nullopt;
         }});
  }
}

void AddSteps(std::span<const Step> steps, bool wrong, std::vector<Kind>* kinds) {
  for (const Step& step : steps) {
    kinds->push_back({step.kind, wrong, [&step](const Gold& gold, Rng& rng) -> std::optional<Pair> {
                        auto made = step.make(gold, rng);
                        return made ? std::optional(Pair{gold.text, std::move(*made)}) : std::nullopt;
                      }});
  }
}

void AddMakers(std::span<const Maker> makers, bool wrong, std::vector<Kind>* kinds) {
  for (const Maker& maker : makers) {
    kinds->push_back({maker.kind, wrong, [&maker](const Gold&, Rng& rng) -> std::optional<Pair> {
                        OwnPair own = maker.make(rng);
                        return Pair{std::move(own.gold), Made(std::move(own.answer))};
                      }});
  }
}

std::vector<Kind> KindsOf(bool wrong, const std::string& only) {
  std::vector<Kind> all, kinds;
  if (wrong) {
    AddChanges(WrongValues(), wrong, &all);
    AddChanges(WrongKinks(), wrong, &all);
    AddSteps(WrongShapes(), wrong, &all);
    AddSteps(WrongTexts(), wrong, &all);
    AddMakers(WrongNotations(), wrong, &all);
    AddMakers(WrongRelations(), wrong, &all);
  } else {
    AddChanges(EqualValues(), wrong, &all);
    AddSteps(EqualShapes(), wrong, &all);
    AddSteps(EqualTexts(), wrong, &all);
    AddMakers(EqualNotations(), wrong, &all);
    AddMakers(EqualRelations(), wrong, &all);
  }
  for (Kind& kind : all) {
    if (kind.name.find(only) != std::string::npos) kinds.push_back(std::move(kind));
  }
  return kinds;
}

// Choices and words are rare among golds and have kinds of their own: they are offered more often than they occur.
Gold Offer(const std::vector<Gold>& golds, Rng& rng) {
  if (rng.Chance(4)) {
    const std::string letter(1, static_cast<char>('A' + rng.Below(5)));
    Answer choice;
    choice.shape = Shape::kChoice;
    choice.before = letter;
    return {"\\text{(" + letter + ")}", choice};
  }
  if (rng.Chance(3)) {
    constexpr const char* kWords[] = {"\\text{Evelyn}", "\\text{east}", "\\text{ellipse}", "\\text{even}"};
    Answer word;
    word.shape = Shape::kWord;
    word.before = rng.Of(kWords);
    return {word.before, word};
  }
  return golds.empty() || rng.Chance(50) ? GenerateGold(rng) : rng.Of(golds);
}

std::optional<Pair> MakePair(const Kind& kind, const std::vector<Gold>& golds, Rng& rng) {
  constexpr int kOffers = 60;
  for (int i = 0; i < kOffers; ++i) {
    if (auto pair = kind.make(Offer(golds, rng), rng)) return pair;
  }
  return std::nullopt;
}

// A pair of some kind; another kind is drawn where none of the golds offered is fit for the first.
std::pair<const Kind*, std::optional<Pair>> DrawPair(const std::vector<Kind>& kinds,
                                                     const std::vector<Gold>& golds, Rng& rng) {
  constexpr int kKinds = 20;
  for (int i = 0; i < kKinds; ++i) {
    const Kind& kind = rng.Of(kinds);
    if (auto pair = MakePair(kind, golds, rng)) return {&kind, std::move(pair)};
  }
  return {};
}

GradeRequest ToRequest(const Pair& pair, Rng& rng) {
  GradeRequest request{.golds = {pair.gold}};
  if (pair.answer.whole) {
    request.response = pair.answer.text;
    request.format = *pair.answer.whole;
  } else if (rng.Chance(80)) {
    request.response = "So the answer is \\boxed{" + pair.answer.text + "}.";
  } else {
    request.response = pair.answer.text;
    request.already_extracted = true;
  }
  return request;
}

void Count(const Kind& kind, const Pair& pair, const Verdict& verdict, int examples, KindTally* tally) {
  ++tally->pairs;
  if (kind.wrong && verdict.reason == Reason::kUnparsedResponse) ++tally->unread;
  if ((verdict.reward == 1) != kind.wrong) return;
  ++tally->false_verdicts;
  if (static_cast<int>(tally->examples.size()) < examples) {
    tally->examples.push_back(pair.gold + "   |   " + pair.answer.text + "   |   " +
                              std::string(ReasonName(verdict.reason)));
  }
}

void Part(const std::vector<Gold>& golds, const RunOptions& options, int part, Verdicts* out) {
  const std::vector<Kind> wrong = KindsOf(true, options.only), equal = KindsOf(false, options.only);
  for (int64_t i = part; i < options.pairs; i += kParts) {
    Rng rng(options.seed * 0x9E3779B97F4A7C15ull + static_cast<uint64_t>(i));
    const bool is_wrong = equal.empty() || (!wrong.empty() && i / kParts % 2 == 0);
    const std::vector<Kind>& kinds = is_wrong ? wrong : equal;
    if (kinds.empty()) return;
    const auto [kind, pair] = DrawPair(kinds, golds, rng);
    if (!pair) continue;
    const Verdict verdict = Grade(ToRequest(*pair, rng));
    Count(*kind, *pair, verdict, options.examples, &(is_wrong ? out->wrong : out->equal)[kind->name]);
    Count(*kind, *pair, verdict, 0, is_wrong ? &out->all_wrong : &out->all_equal);
  }
}

void Add(const KindTally& from, size_t examples, KindTally* to) {
  to->pairs += from.pairs;
  to->false_verdicts += from.false_verdicts;
  to->unread += from.unread;
  for (const std::string& example : from.examples) {
    if (to->examples.size() < examples) to->examples.push_back(example);
  }
}

void Lines(const char* title, const char* what, const std::map<std::string, KindTally>& kinds,
           const KindTally& all, std::ostringstream* out) {
  *out << title << ": " << all.pairs << " pairs, " << all.false_verdicts << " " << what;
  if (all.unread > 0) *out << " (" << all.unread << " refused unread)";
  *out << "\n";
  for (const auto& [name, tally] : kinds) {
    *out << "  " << std::left << std::setw(34) << name << std::right << std::setw(8) << tally.pairs
         << std::setw(8) << tally.false_verdicts;
    if (tally.unread > 0) *out << "   unread " << tally.unread;
    *out << "\n";
    for (const std::string& example : tally.examples) *out << "      " << example << "\n";
  }
}

}  // namespace

std::vector<std::string> KindNames(bool wrong) {
  std::vector<std::string> names;
  for (const Kind& kind : KindsOf(wrong, "")) names.push_back(kind.name);
  return names;
}

Verdicts RunPairs(const std::vector<Gold>& golds, const RunOptions& options) {
  std::vector<Verdicts> parts(kParts);
  std::vector<std::thread> threads;
  for (int i = 0; i < kParts; ++i) {
    threads.emplace_back([&, i] { Part(golds, options, i, &parts[static_cast<size_t>(i)]); });
  }
  for (std::thread& thread : threads) thread.join();
  Verdicts out;
  const auto examples = static_cast<size_t>(options.examples);
  for (const Verdicts& part : parts) {
    for (const auto& [name, tally] : part.wrong) Add(tally, examples, &out.wrong[name]);
    for (const auto& [name, tally] : part.equal) Add(tally, examples, &out.equal[name]);
    Add(part.all_wrong, 0, &out.all_wrong);
    Add(part.all_equal, 0, &out.all_equal);
  }
  return out;
}

std::string Report(const Verdicts& verdicts) {
  std::ostringstream out;
  Lines("wrong answers", "false positives", verdicts.wrong, verdicts.all_wrong, &out);
  Lines("equal answers", "false negatives", verdicts.equal, verdicts.all_equal, &out);
  return out.str();
}

}  // namespace drover::verifier::mutation
