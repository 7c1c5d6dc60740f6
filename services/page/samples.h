// Which groups of samples.jsonl a page shows: the file of a long run may have gigabytes.
//
//   samples.jsonl --steps and places of all lines--> the newest step, the first, those halfway, ... --until the budget--> page
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/file_system.h"

namespace drover::page {

struct SampleLimits {
  uint64_t max_bytes = uint64_t{8} << 20;        // of all groups together, as they stand in the page
  uint64_t max_text_bytes = uint64_t{64} << 10;  // of one response or prompt
  uint64_t max_line_bytes = uint64_t{64} << 20;  // longer lines are left out
};

struct Samples {
  nlohmann::ordered_json groups = nlohmann::ordered_json::array();  // in the order of the file
  uint64_t groups_in_file = 0;
  uint64_t cut_texts = 0;  // responses and prompts of which only the beginning is there
};

// DATA_LOSS never: a line that is no sample is passed over. A missing file has no samples.
absl::StatusOr<Samples> ChooseSamples(FileSystem* files, const std::string& path, const SampleLimits& limits);

// The object of a line as the page wants it: known fields alone, texts cut at the limit (counted in `cut_texts`). Null
// for what is no sample.
nlohmann::ordered_json SampleOf(std::string_view line, uint64_t max_text_bytes, uint64_t* cut_texts);

// The order in which 0..n-1 are taken so that any beginning of it is spread over all: the last, the first, the one
// halfway, and so on.
std::vector<size_t> SpreadOrder(size_t n);

}  // namespace drover::page
