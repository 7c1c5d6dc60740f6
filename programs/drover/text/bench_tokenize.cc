#include "programs/drover/text/bench_tokenize.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/file.h"
#include "base/status.h"
#include "model/tokenizer.h"

namespace drover::text {
namespace {

using nlohmann::ordered_json;

constexpr uint64_t kMaxFile = uint64_t{64} << 20;
constexpr size_t kMinRounds = 3;

double Seconds(const std::function<void()>& run) {
  const absl::Time begin = absl::Now();
  run();
  return absl::ToDoubleSeconds(absl::Now() - begin);
}

// Rounds of `run` for so many seconds.
ordered_json Measure(double seconds, size_t bytes, size_t tokens, const std::function<void()>& run) {
  const double first = Seconds(run);
  std::vector<double> rounds;
  for (double spent = 0; spent < seconds || rounds.size() < kMinRounds; spent += rounds.back()) {
    rounds.push_back(Seconds(run));
  }
  std::nth_element(rounds.begin(), rounds.begin() + static_cast<ptrdiff_t>(rounds.size() / 2), rounds.end());
  const double median = std::max(rounds[rounds.size() / 2], 1e-9);
  return {{"first_seconds", first},
          {"seconds", median},
          {"rounds", rounds.size()},
          {"megabytes_per_second", static_cast<double>(bytes) / median / 1e6},
          {"tokens_per_second", static_cast<double>(tokens) / median}};
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

absl::StatusOr<ordered_json> BenchTokenize(const BenchTokenizeOptions& options) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(options.file, kMaxFile));
  const absl::Time begin = absl::Now();
  const auto loaded = model::Tokenizer::Load(options.model);
  if (!loaded.ok()) return AsBadInput(loaded.status());
  const model::Tokenizer& tokenizer = **loaded;
  ordered_json result = {{"load_seconds", absl::ToDoubleSeconds(absl::Now() - begin)}};
  const auto ids = tokenizer.Encode(text);
  if (!ids.ok()) return Annotate(ids.status(), options.file);
  const std::vector<std::string_view> lines = Lines(text);
  size_t line_tokens = 0, line_bytes = 0;
  for (const std::string_view line : lines) {
    ASSIGN_OR_RETURN(const std::vector<uint32_t> line_ids, tokenizer.Encode(line));
    line_tokens += line_ids.size();
    line_bytes += line.size();
  }
  result["bytes"] = text.size();
  result["lines"] = lines.size();
  result["tokens"] = ids->size();
  // Another tokenizer, which has met none of the words.
  ASSIGN_OR_RETURN(const auto fresh, model::Tokenizer::Load(options.model));
  result["encode"] =
      Measure(options.seconds, text.size(), ids->size(), [&] { fresh->Encode(text).IgnoreError(); });
  result["encode_lines"] = Measure(options.seconds, line_bytes, line_tokens, [&] {
    for (const std::string_view line : lines) tokenizer.Encode(line).IgnoreError();
  });
  result["decode"] = Measure(options.seconds, text.size(), ids->size(), [&] { tokenizer.Decode(*ids); });
  result["threads"] = 1;
  return result;
}

}  // namespace drover::text
