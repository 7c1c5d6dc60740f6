#include "programs/model/tool_model.h"

#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "model/device.h"

namespace drover::model_tool {
namespace {

absl::StatusOr<torch::ScalarType> ScalarTypeOf(const std::string& name) {
  if (name == "float32") return torch::kFloat32;
  if (name == "bfloat16") return torch::kBFloat16;
  return absl::InvalidArgumentError(absl::StrCat("--dtype is \"", name, "\", must be float32 or bfloat16"));
}

}  // namespace

absl::StatusOr<model::TransformerOptions> ResolveOptions(const ToolModelOptions& options, int rank) {
  RETURN_IF_ERROR(Annotate(model::SetComputeThreads(options.threads), "--threads"));
  model::TransformerOptions result;
  ASSIGN_OR_RETURN(result.dtype, ScalarTypeOf(options.dtype));
  auto device = model::ResolveDevice(options.device, rank);
  if (!device.ok()) return AsBadInput(Annotate(device.status(), "--device"));
  result.device = *device;
  result.trainable = options.trainable;
  result.recompute_layers = options.recompute_layers;
  if (options.lora_rank > 0) {
    result.lora =
        model::LoraConfig{.rank = options.lora_rank, .alpha = static_cast<double>(options.lora_rank)};
  }
  return result;
}

absl::StatusOr<ToolModel> LoadToolModel(const ToolModelOptions& options, model::RankGroup* group) {
  const int rank = group == nullptr ? 0 : group->share().rank;
  ASSIGN_OR_RETURN(model::TransformerOptions transformer_options, ResolveOptions(options, rank));
  transformer_options.group = group;
  // Beside the weights: it is most of a second core's work for as long as they take.
  auto reading = std::async(std::launch::async, [&options] { return model::Tokenizer::Load(options.dir); });
  auto transformer = model::Transformer::Load(options.dir, transformer_options);
  auto tokenizer = reading.get();
  ToolModel loaded;
  if (tokenizer.ok()) {
    loaded.tokenizer = std::move(*tokenizer);
  } else if (!absl::IsNotFound(tokenizer.status())) {
    return AsBadInput(tokenizer.status());
  }
  if (!transformer.ok()) return AsBadInput(transformer.status());
  loaded.transformer = *std::move(transformer);
  return loaded;
}

}  // namespace drover::model_tool
