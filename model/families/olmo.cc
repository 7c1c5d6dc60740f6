// OLMo 2: norms after the blocks, and of all query heads and all key heads together.
#include "base/status.h"
#include "model/families/family.h"
#include "model/families/fields.h"

namespace drover::model {
namespace {

absl::Status ReadOlmo2(const JsonFields& fields, ModelConfig& config) {
  config.norms = NormPlacement::kAfter;
  config.qk_norm = QueryKeyNorm::kWhole;
  RETURN_IF_ERROR(CheckSilu(fields, config));
  RETURN_IF_ERROR(ReadAttentionBias(fields, config));
  return ReadRope(fields, kOlmo2, config);
}

}  // namespace

const Family kOlmo2 = {"olmo2",    "Olmo2ForCausalLM", "Olmo2Model", {.rms_norm_eps = 1e-5},
                       &ReadOlmo2, &WriteAttentionBias};

}  // namespace drover::model
