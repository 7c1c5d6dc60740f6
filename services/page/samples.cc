#include "services/page/samples.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "services/page/lines.h"

namespace drover::page {
namespace {

using Json = nlohmann::ordered_json;

struct Place {
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

// The groups of one step.
struct Step {
  uint64_t step = 0;
  std::vector<Place> groups;
};

// Lines begin {"step":N, as they are written (services/run/jsonl.h).
std::optional<uint64_t> StepOf(std::string_view text) {
  absl::string_view rest(text.data(), text.size());
  if (!absl::ConsumePrefix(&rest, "{\"step\":")) return std::nullopt;
  uint64_t step = 0;
  if (!absl::SimpleAtoi(rest.substr(0, rest.find_first_of(",}")), &step)) return std::nullopt;
  return step;
}

absl::StatusOr<std::vector<Step>> StepsOf(FileSystem* files, const std::string& path,
                                          const SampleLimits& limits, uint64_t* groups) {
  constexpr uint64_t kHead = 64;  // enough for the step
  std::vector<Step> steps;
  RETURN_IF_ERROR(ForEachLine(files, path, 0, kHead, [&](const Line& line) {
    const std::optional<uint64_t> step = StepOf(line.text);
    if (!step) return absl::OkStatus();
    ++*groups;
    if (line.bytes > limits.max_line_bytes) return absl::OkStatus();
    if (steps.empty() || steps.back().step != *step) steps.push_back({.step = *step, .groups = {}});
    steps.back().groups.push_back({.offset = line.offset, .bytes = line.bytes});
    return absl::OkStatus();
  }));
  return steps;
}

// The beginning of `text`, at most `max_bytes`, whole characters.
std::string Beginning(const std::string& text, uint64_t max_bytes) {
  size_t end = std::min<size_t>(text.size(), max_bytes);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

// `field` of `from`, when it is of the kind that the page expects.
void CopyText(const Json& from, const char* field, uint64_t max_bytes, uint64_t* cut, Json* to) {
  const auto at = from.find(field);
  if (at == from.end() || !at->is_string()) return;
  const std::string& text = at->get_ref<const std::string&>();
  if (text.size() <= max_bytes) {
    (*to)[field] = text;
    return;
  }
  ++*cut;
  (*to)[field] = Beginning(text, max_bytes);
  (*to)[std::string(field) + "_bytes"] = text.size();
}

void CopyNumber(const Json& from, const char* field, Json* to) {
  const auto at = from.find(field);
  if (at != from.end() && at->is_number()) (*to)[field] = *at;
}

// A list of numbers, of which a text that was cut needs no more than it has bytes.
void CopyNumbers(const Json& from, const char* field, size_t most, Json* to) {
  const auto at = from.find(field);
  if (at == from.end() || !at->is_array()) return;
  const size_t kept = std::min(most, at->size());
  if (std::all_of(at->begin(), at->end(),
                  [](const Json& each) { return each.is_number() || each.is_null(); })) {
    (*to)[field] = Json(std::vector<Json>(at->begin(), at->begin() + static_cast<long>(kept)));
  }
}

Json ResponseOf(const Json& from, uint64_t max_text_bytes, uint64_t* cut) {
  Json response = Json::object();
  if (!from.is_object()) return response;
  CopyText(from, "text", max_text_bytes, cut, &response);
  for (const char* field : {"reward", "advantage", "tokens"}) CopyNumber(from, field, &response);
  for (const char* field : {"extracted", "reason", "finish_reason"}) {
    CopyText(from, field, std::min<uint64_t>(max_text_bytes, 4096), cut, &response);
  }
  for (const char* field : {"token_chars", "token_logprobs"}) {
    CopyNumbers(from, field, max_text_bytes, &response);
  }
  return response;
}

}  // namespace

Json SampleOf(std::string_view line, uint64_t max_text_bytes, uint64_t* cut_texts) {
  const Json from = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  const auto responses = from.is_object() ? from.find("responses") : from.end();
  if (!from.is_object() || responses == from.end() || !responses->is_array()) return Json();
  Json sample = Json::object();
  for (const char* field : {"step", "weight_version", "trained_at_version", "group", "lease"}) {
    CopyNumber(from, field, &sample);
  }
  for (const char* field : {"trace_id", "actor", "prompt"}) {
    CopyText(from, field, max_text_bytes, cut_texts, &sample);
  }
  if (from.contains("gold") && from["gold"].is_array()) {
    Json gold = Json::array();
    for (const Json& each : from["gold"]) {
      if (each.is_string()) gold.push_back(Beginning(each.get<std::string>(), 4096));
    }
    sample["gold"] = std::move(gold);
  }
  Json kept = Json::array();
  for (const Json& each : *responses) kept.push_back(ResponseOf(each, max_text_bytes, cut_texts));
  sample["responses"] = std::move(kept);
  return sample;
}

std::vector<size_t> SpreadOrder(size_t n) {
  std::vector<size_t> order;
  if (n > 0) order.push_back(n - 1);
  if (n > 1) order.push_back(0);
  std::deque<std::pair<size_t, size_t>> gaps = {{0, n == 0 ? 0 : n - 1}};  // both ends are taken
  while (!gaps.empty()) {
    const auto [low, high] = gaps.front();
    gaps.pop_front();
    if (high - low < 2) continue;
    const size_t middle = low + (high - low) / 2;
    order.push_back(middle);
    gaps.emplace_back(low, middle);
    gaps.emplace_back(middle, high);
  }
  return order;
}

absl::StatusOr<Samples> ChooseSamples(FileSystem* files, const std::string& path,
                                      const SampleLimits& limits) {
  Samples samples;
  ASSIGN_OR_RETURN(const std::vector<Step> steps, StepsOf(files, path, limits, &samples.groups_in_file));
  if (steps.empty()) return samples;
  ASSIGN_OR_RETURN(const std::unique_ptr<ReadableFile> file, files->Open(path));
  std::vector<std::pair<uint64_t, Json>> chosen;  // by offset
  uint64_t spent = 0;
  for (size_t index : SpreadOrder(steps.size())) {
    for (const Place& place : steps[index].groups) {
      ASSIGN_OR_RETURN(const std::string line, file->ReadAt(place.offset, place.bytes));
      uint64_t cut = 0;
      Json sample = SampleOf(line, limits.max_text_bytes, &cut);
      if (sample.is_null()) continue;
      const uint64_t bytes = sample.dump(-1, ' ', false, Json::error_handler_t::replace).size();
      if (spent + bytes > limits.max_bytes) continue;
      spent += bytes;
      samples.cut_texts += cut;
      chosen.emplace_back(place.offset, std::move(sample));
    }
    if (spent > limits.max_bytes / 8 * 7) break;  // full enough: the rest need not be read
  }
  std::sort(chosen.begin(), chosen.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [offset, sample] : chosen) samples.groups.push_back(std::move(sample));
  return samples;
}

}  // namespace drover::page
