#include "verifier/score.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

namespace drover::verifier {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

std::string Base64(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (value < 0) continue;
    bits = bits << 6 | static_cast<uint32_t>(value);
    if (++count % 4 != 1) out += static_cast<char>(bits >> (6 - 2 * ((count - 1) % 4)) & 0xFF);
  }
  return out;
}

bool ToCase(const Json& line, const std::string& stem, ScoreCase* out) {
  out->id = line.value("id", "");
  out->scored_class = line.value("class", "");
  out->kind = line.contains("kind") ? line["kind"].get<std::string>() : stem;
  if (!out->scored_class.empty()) out->kind = out->scored_class + "/" + out->kind;
  const Json& gold = line.at("gold");
  if (gold.is_array()) {
    for (const Json& one : gold) out->request.golds.push_back(one.get<std::string>());
  } else {
    out->request.golds.push_back(gold.get<std::string>());
  }
  if (line.contains("response_b64")) {
    out->request.response = Base64(line["response_b64"].get<std::string>());
  } else if (line.contains("response")) {
    out->request.response = line["response"].get<std::string>();
  } else {
    out->request.response = line.at("pred").get<std::string>();
    out->request.already_extracted = true;
  }
  if (line.contains("config")) {
    const Json& config = line["config"];
    const int digits = config.value("float_rounding", config.value("precision", 6));
    if (digits < 6) out->rounding_digits = digits;
  }
  out->expected =
      line.contains("expected_math") ? line["expected_math"].get<bool>() : line.at("expected").get<bool>();
  return true;
}

Timing Summary(std::vector<double> milliseconds) {
  Timing out;
  if (milliseconds.empty()) return out;
  double total = 0;
  for (double ms : milliseconds) total += ms;
  std::sort(milliseconds.begin(), milliseconds.end());
  const auto at = [&](double q) {
    return milliseconds[static_cast<size_t>(q * static_cast<double>(milliseconds.size() - 1))];
  };
  out.grades_per_second = 1000.0 * static_cast<double>(milliseconds.size()) / std::max(total, 1e-9);
  out.p50_ms = at(0.5);
  out.p99_ms = at(0.99);
  out.max_ms = milliseconds.back();
  return out;
}

double TimeOne(const ScoreCase& one, const Options& options, Verdict* verdict) {
  const auto start = Clock::now();
  if (one.rounding_digits >= 0) {
    Options rounding = options;
    rounding.rounding_digits = one.rounding_digits;
    *verdict = Grade(one.request, rounding);
  } else {
    *verdict = Grade(one.request, options);
  }
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string Describe(const ScoreCase& one, const Verdict& verdict) {
  const std::string shown = one.request.already_extracted ? one.request.response : verdict.extracted;
  return std::string(one.expected ? "FN " : "FP ") + one.kind + " " + one.id + " | " +
         one.request.golds[0].substr(0, 120) + " | " + shown.substr(0, 160) + " | " +
         std::string(ReasonName(verdict.reason));
}

void AllCores(const std::vector<ScoreCase>& cases, const Options& options, double seconds, Timing* out) {
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::vector<double>> times(cores);
  std::vector<std::thread> threads;
  const auto start = Clock::now();
  for (unsigned t = 0; t < cores; ++t) {
    threads.emplace_back([&, t] {
      Verdict verdict;
      for (size_t i = t; std::chrono::duration<double>(Clock::now() - start).count() < seconds; ++i) {
        times[t].push_back(TimeOne(cases[i % cases.size()], options, &verdict));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  std::vector<double> merged;
  for (const auto& part : times) merged.insert(merged.end(), part.begin(), part.end());
  *out = Summary(merged);
  out->grades_per_second = static_cast<double>(merged.size()) / wall;
}

Json ToJson(const Timing& timing) {
  return {{"grades_per_second", timing.grades_per_second},
          {"p50_ms", timing.p50_ms},
          {"p99_ms", timing.p99_ms},
          {"max_ms", timing.max_ms}};
}

Json ToJson(const Tally& tally) {
  return {{"cases", tally.cases},
          {"right", tally.right},
          {"false_positives", tally.false_positives},
          {"false_negatives", tally.false_negatives}};
}

}  // namespace

bool ReadCases(const std::string& path, std::vector<ScoreCase>* cases, std::string* error) {
  std::ifstream in(path);
  if (!in) {
    *error = path + ": cannot be opened";
    return false;
  }
  std::string stem = path.substr(path.find_last_of('/') + 1);
  stem = stem.substr(0, stem.find('.'));
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    ScoreCase one;
    try {
      ToCase(Json::parse(line), stem, &one);
    } catch (const Json::exception& e) {
      *error = path + ":" + std::to_string(number) + ": " + e.what() +
               " (want an object with gold, expected, and pred, response or response_b64)";
      return false;
    }
    cases->push_back(std::move(one));
  }
  return true;
}

Score RunScore(const std::vector<ScoreCase>& cases, const Options& options, double seconds) {
  Score score;
  if (cases.empty()) return score;
  std::map<std::string, std::vector<double>> by_kind;
  std::vector<double> all;
  bool first = true;
  const auto start = Clock::now();
  do {
    for (const ScoreCase& one : cases) {
      Verdict verdict;
      const double ms = TimeOne(one, options, &verdict);
      all.push_back(ms);
      by_kind[one.kind].push_back(ms);
      if (!first) continue;
      const bool said = verdict.reward > 0.5;
      ++score.reasons[std::string(ReasonName(verdict.reason))];
      for (Tally* tally : {&score.kinds[one.kind], &score.all}) {
        ++tally->cases;
        tally->right += said == one.expected;
        tally->false_positives += said && !one.expected;
        tally->false_negatives += !said && one.expected;
      }
      if (said != one.expected) score.mistakes.push_back(Describe(one, verdict));
    }
    if (first && seconds > 0) all.clear(), by_kind.clear();  // the first round warms caches and tables
    first = false;
  } while (std::chrono::duration<double>(Clock::now() - start).count() < seconds || all.empty());
  score.single = Summary(std::move(all));
  for (auto& [kind, times] : by_kind) score.kind_timing[kind] = Summary(std::move(times));
  if (seconds > 0) AllCores(cases, options, seconds, &score.all_cores);
  return score;
}

std::string ScoreJson(const Score& score) {
  Json kinds = Json::object(), accuracy = Json::object();
  for (const auto& [kind, timing] : score.kind_timing) kinds[kind] = ToJson(timing);
  for (const auto& [kind, tally] : score.kinds) accuracy[kind] = ToJson(tally);
  const Json out = {
      {"single", ToJson(score.single)}, {"all", ToJson(score.all_cores)}, {"kinds", kinds},
      {"accuracy", accuracy},           {"total", ToJson(score.all)},     {"reasons", score.reasons}};
  return out.dump(2);
}

}  // namespace drover::verifier
