// The normalizer of a tokenizer.json: what text goes through before it is cut.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace drover::model {

// Text on its way through the steps.
struct NormalText {
  std::string_view text;    // of the caller, or of one of the buffers
  bool keeps_start = true;  // its first character comes from the first one of the original
  std::string buffers[2];   // what a step wrote; the next one writes the other
};

// One step. Immutable, thread-safe.
class NormalizerStep {
 public:
  virtual ~NormalizerStep() = default;
  // Replaces normal.text, by a view of normal.buffers[buffer] where it changes.
  virtual absl::Status Apply(int buffer, NormalText& normal) const = 0;
};

// NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Prepend and Replace, alone or in Sequences. Without steps it
// leaves text as it is.
class Normalizer {
 public:
  // `value` is the field normalizer. Errors name the field.
  static absl::StatusOr<Normalizer> Parse(const nlohmann::json& value);

  bool empty() const { return steps_.empty(); }
  // `text` (valid UTF-8) in its normal form, valid UTF-8 too, as normal.text, which lives as long as `text` and `normal`.
  absl::Status Apply(std::string_view text, NormalText& normal) const;

 private:
  std::vector<std::shared_ptr<const NormalizerStep>> steps_;
};

}  // namespace drover::model
