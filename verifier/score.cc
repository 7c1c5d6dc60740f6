#include "verifier/score.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "verifier/grader.h"

namespace drover::verifier {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr char kWanted[] =
    "; a line is an object with \"gold\" (a string or a non-empty array of strings), one of \"response\", "
    "\"response_b64\", \"answer\" and \"pred\" (strings), and perhaps \"expected\" (true or false)";

// What a line lacks; thrown and caught within this file, as the JSON library's own errors are.
struct Malformed {
  std::string what;
};

// RFC 4648, padded or not. nullopt for any other byte.
std::optional<std::string> FromBase64(std::string_view text) {
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
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
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    if (++count % 4 != 1) out += static_cast<char>(bits >> (6 - 2 * ((count - 1) % 4)) & 0xFF);
  }
  return out;
}

std::string Text(const Json& line, const char* key, const std::string& otherwise = "") {
  if (!line.contains(key)) return otherwise;
  if (!line[key].is_string()) throw Malformed{std::string("\"") + key + "\" is no string"};
  return line[key].get<std::string>();
}

std::vector<std::string> Golds(const Json& line) {
  if (!line.contains("gold")) throw Malformed{"\"gold\" is missing"};
  const Json& gold = line["gold"];
  if (gold.is_string()) return {gold.get<std::string>()};
  if (!gold.is_array() || gold.empty()) throw Malformed{"\"gold\" is neither a string nor a non-empty array"};
  std::vector<std::string> golds;
  for (const Json& one : gold) {
    if (!one.is_string()) throw Malformed{"\"gold\" holds something that is no string"};
    golds.push_back(one.get<std::string>());
  }
  return golds;
}

void ReadAnswer(const Json& line, GradeRequest* request) {
  if (line.contains("response")) {
    request->response = Text(line, "response");
  } else if (line.contains("response_b64")) {
    auto bytes = FromBase64(Text(line, "response_b64"));
    if (!bytes) throw Malformed{"\"response_b64\" is no base64"};
    request->response = std::move(*bytes);
  } else if (line.contains("answer") || line.contains("pred")) {
    request->response = Text(line, line.contains("answer") ? "answer" : "pred");
    request->already_extracted = true;
  } else {
    throw Malformed{"there is no answer"};
  }
}

std::optional<bool> Expected(const Json& line) {
  for (const char* key : {"expected_math", "expected"}) {
    if (!line.contains(key) || line[key].is_null()) continue;
    if (!line[key].is_boolean()) throw Malformed{std::string("\"") + key + "\" is neither true nor false"};
    return line[key].get<bool>();
  }
  return std::nullopt;
}

ScoreCase ToCase(const Json& line, const std::string& stem, RewardFormat format) {
  if (!line.is_object()) throw Malformed{"not an object"};
  ScoreCase out;
  out.id = !line.contains("id")     ? ""
           : line["id"].is_string() ? line["id"].get<std::string>()
                                    : line["id"].dump();
  out.scored_class = Text(line, "class");
  out.kind = Text(line, "kind", stem);
  if (!out.scored_class.empty()) out.kind = out.scored_class + "/" + out.kind;
  out.grader = Text(line, "grader", "math");
  if (FindGrader(out.grader) == nullptr) throw Malformed{"there is no grader \"" + out.grader + "\""};
  out.request.golds = Golds(line);
  ReadAnswer(line, &out.request);
  const std::string own_format = Text(line, "format", std::string(RewardFormatName(format)));
  const auto known = ParseRewardFormat(own_format);
  if (!known) throw Malformed{"there is no format \"" + own_format + "\""};
  out.request.format = *known;
  if (line.contains("truncated")) {
    if (!line["truncated"].is_boolean()) throw Malformed{"\"truncated\" is neither true nor false"};
    out.request.truncated = line["truncated"].get<bool>();
  }
  if (line.contains("config") && line["config"].is_object()) {
    const Json& config = line["config"];
    const int digits = config.value("float_rounding", config.value("precision", 6));
    if (digits < 6) out.rounding_digits = digits;
  }
  out.expected = Expected(line);
  return out;
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
  const Grader& grader = *FindGrader(one.grader);
  Options own = options;
  if (one.rounding_digits >= 0) own.rounding_digits = one.rounding_digits;
  const auto start = Clock::now();
  *verdict = grader.Grade(one.request, own);
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string Describe(const ScoreCase& one, const Verdict& verdict) {
  const std::string shown = one.request.already_extracted ? one.request.response : verdict.extracted;
  return std::string(*one.expected ? "FN " : "FP ") + one.kind + " " + one.id + " | " +
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

bool ReadCases(const std::string& path, RewardFormat format, std::vector<ScoreCase>* cases,
               std::string* error) {
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
    const auto fail = [&](const std::string& what) {
      *error = path + ":" + std::to_string(number) + ": " + what + kWanted;
      return false;
    };
    try {
      cases->push_back(ToCase(Json::parse(line), stem, format));
    } catch (const Malformed& e) {
      return fail(e.what);
    } catch (const Json::exception& e) {
      return fail(e.what());
    }
  }
  return true;
}

Score RunScore(const std::vector<ScoreCase>& cases, const Options& options, double seconds) {
  Score score;
  score.lines = static_cast<int64_t>(cases.size());
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
      if (!one.expected) continue;
      const bool wanted = *one.expected;
      for (Tally* tally : {&score.kinds[one.kind], &score.all}) {
        ++tally->cases;
        tally->right += said == wanted;
        tally->false_positives += said && !wanted;
        tally->false_negatives += !said && wanted;
      }
      if (said != wanted) score.mistakes.push_back(Describe(one, verdict));
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
  const Json out = {{"lines", score.lines},           {"single", ToJson(score.single)},
                    {"all", ToJson(score.all_cores)}, {"kinds", kinds},
                    {"accuracy", accuracy},           {"total", ToJson(score.all)},
                    {"reasons", score.reasons}};
  return out.dump(2);
}

}  // namespace drover::verifier
