// What guesses would gain on responses that are known, by a machine's cost of a pass: the drafter and the policy of the
// engine over texts and a table of milliseconds, without a model. No clock counts, so that the same call prints the same.
//
//     cmake --build build --target guess_replay
//     build/bench/guess_replay responses.jsonl 8 1:10.8,6:13.2,7:17.2,16:28.9 [noise [spells]]
//
// responses.jsonl is what `drover generate` wrote; so many responses run at a time, and the next begin when all have ended, as
// in `bench/speculation.py`. Milliseconds of a pass are lines between the rows that the table has, and behind them. The
// policy is shown times that are off by `noise` (standard deviation of their logarithm) and by spells of that standard
// deviation in a step, each for some fifty passes (0 and 0); what counts is the table. Five runs, each of two rounds over all
// responses, of which the second counts.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "actor/drafting/draft_policy.h"
#include "actor/drafting/drafter.h"

namespace {

using namespace drover::actor;

constexpr int kRuns = 5, kRounds = 2;

struct Group {
  std::vector<uint32_t> prompt;
  std::vector<std::vector<uint32_t>> responses;
};

std::vector<Group> ReadGroups(const char* file) {
  std::ifstream in(file);
  std::vector<Group> groups;
  for (std::string line; std::getline(in, line);) {
    const auto json = nlohmann::json::parse(line);
    if (groups.empty() || json.at("index") == 0) groups.push_back({json.at("prompt_token_ids"), {}});
    groups.back().responses.push_back(json.at("token_ids"));
  }
  return groups;
}

class Table {
 public:
  explicit Table(const std::string& text) {
    for (const auto& entry : absl::StrSplit(text, ',')) {
      const std::vector<std::string> pair = absl::StrSplit(entry, ':');
      double rows = 0.0, milliseconds = 0.0;
      if (pair.size() != 2 || !absl::SimpleAtod(pair[0], &rows) ||
          !absl::SimpleAtod(pair[1], &milliseconds)) {
        std::fprintf(stderr, "no table of ROWS:MILLISECONDS,...: %s\n", text.c_str());
        std::exit(2);
      }
      at_[rows] = milliseconds;
    }
    if (at_.size() < 2) std::exit((std::fprintf(stderr, "a table has two entries or more\n"), 2));
  }
  double Milliseconds(double rows) const {
    auto high = at_.upper_bound(rows);
    if (high == at_.end()) --high;
    if (high == at_.begin()) ++high;
    const auto low = std::prev(high);
    const double slope = (high->second - low->second) / (high->first - low->first);
    return low->second + slope * (rows - low->first);
  }

 private:
  std::map<double, double> at_;
};

struct Sums {
  double plain = 0.0, guessing = 0.0;  // milliseconds
  int64_t tokens = 0, guesses = 0, right = 0;
};

// A response that runs: it has its first `size` tokens.
struct Running {
  const std::vector<uint32_t>* text;
  Drafter* drafter;
  uint32_t index;
  size_t size = 1;
  int32_t taken = 0, right = 0;  // guesses of this pass

  bool ended() const { return size >= text->size(); }
};

class Replay {
 public:
  Replay(const Table& table, double noise, double spells, int seed)
      : table_(table), noise_(noise), spells_(spells), random_(static_cast<uint64_t>(seed)) {}

  Sums Round(const std::vector<Group>& groups, size_t responses) {
    Sums sums;
    const size_t at_a_time = std::max<size_t>(1, responses / groups.front().responses.size());
    for (size_t first = 0; first < groups.size(); first += at_a_time) {
      Batch(absl::MakeConstSpan(groups).subspan(first, at_a_time), &sums);
    }
    return sums;
  }

 private:
  void Batch(absl::Span<const Group> groups, Sums* sums) {
    std::vector<Drafter> drafters;
    drafters.reserve(groups.size());
    std::vector<Running> running;
    for (const Group& group : groups) {
      drafters.emplace_back(group.prompt, static_cast<uint32_t>(group.responses.size()));
      for (uint32_t i = 0; i < group.responses.size(); ++i) {
        running.push_back({&group.responses[i], &drafters.back(), i});
      }
    }
    Plain(running, sums);
    const auto drop = [&] {
      running.erase(
          std::remove_if(running.begin(), running.end(), [](const Running& r) { return r.ended(); }),
          running.end());
    };
    for (drop(); !running.empty(); drop()) Pass(running, sums);
  }

  void Plain(const std::vector<Running>& running, Sums* sums) const {
    for (size_t size = 1;; ++size) {
      const auto rows = std::count_if(running.begin(), running.end(),
                                      [&](const Running& r) { return r.text->size() > size; });
      if (rows == 0) return;
      sums->plain += table_.Milliseconds(static_cast<double>(rows));
      sums->tokens += rows;
    }
  }

  void Pass(std::vector<Running>& running, Sums* sums) {
    auto rows = static_cast<int64_t>(running.size());
    if (policy_.MayPay(rows)) rows += Guesses(running, sums);
    const double milliseconds = table_.Milliseconds(static_cast<double>(rows));
    sums->guessing += milliseconds;
    std::normal_distribution<double> normal;
    spell_ = 0.98 * spell_ + spells_ * normal(random_);
    policy_.Time(rows, 1e-3 * milliseconds * std::exp(noise_ * normal(random_) + spell_));
    for (Running& response : running) response.size += 1 + std::exchange(response.right, 0);
  }

  // Returns how many.
  int64_t Guesses(std::vector<Running>& running, Sums* sums) {
    std::vector<DraftPolicy::Offer> offers;
    std::vector<std::pair<Running*, Guess>> guesses;
    for (Running& r : running) r.drafter->Read(r.index, absl::MakeConstSpan(*r.text).subspan(0, r.size));
    for (Running& r : running) {
      Guess guess =
          r.drafter->Next(r.index, std::min<size_t>(r.text->size() - r.size, DraftPolicy::kMostDrafts));
      if (guess.token_ids.empty()) continue;
      offers.push_back({guess.match, static_cast<int32_t>(guess.token_ids.size())});
      guesses.emplace_back(&r, std::move(guess));
    }
    const std::vector<int32_t> chosen = policy_.Choose(static_cast<int64_t>(running.size()), offers);
    int64_t rows = 0;
    for (size_t i = 0; i < chosen.size(); ++i) {
      auto& [response, guess] = guesses[i];
      while (response->right < chosen[i] &&
             (*response->text)[response->size + response->right] == guess.token_ids[response->right]) {
        ++response->right;
      }
      if (chosen[i] > 0) policy_.Learn(offers[i], chosen[i], response->right);
      rows += chosen[i];
      sums->right += response->right;
    }
    sums->guesses += rows;
    return rows;
  }

  const Table& table_;
  const double noise_, spells_;
  std::mt19937_64 random_;
  double spell_ = 0.0;
  DraftPolicy policy_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || argc > 6) {
    std::fprintf(stderr,
                 "usage: guess_replay RESPONSES.jsonl AT_A_TIME ROWS:MILLISECONDS,... [NOISE [SPELLS]]\n");
    return 2;
  }
  const std::vector<Group> groups = ReadGroups(argv[1]);
  const auto responses = static_cast<size_t>(std::atoi(argv[2]));
  const Table table(argv[3]);
  const double noise = argc > 4 ? std::atof(argv[4]) : 0.0, spells = argc > 5 ? std::atof(argv[5]) : 0.0;
  if (groups.empty()) {
    std::fprintf(stderr, "%s: no responses\n", argv[1]);
    return 2;
  }
  std::vector<double> ratios;
  Sums sums;
  for (int run = 0; run < kRuns; ++run) {
    Replay replay(table, noise, spells, run);
    for (int round = 0; round < kRounds; ++round) sums = replay.Round(groups, responses);
    ratios.push_back(sums.plain / sums.guessing);
  }
  std::sort(ratios.begin(), ratios.end());
  std::printf("%.3f (%.3f to %.3f), %ld tokens, in the last run %ld of %ld guesses right\n",
              ratios[kRuns / 2], ratios.front(), ratios.back(), static_cast<long>(sums.tokens),
              static_cast<long>(sums.right), static_cast<long>(sums.guesses));
  return 0;
}
