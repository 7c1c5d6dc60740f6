// The master weights of a checkpoint, wherever they are (docs/reference/checkpoint.md): in its training state, or, where ranks
// shared them (learner.sharding: WEIGHTS), in pieces in its shards.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/safetensors.h"

namespace drover::cli::checkpoint {

class Masters {
 public:
  // Of the checkpoint at `dir`. Without any, as of a model whose stored weights are the masters, all are nullopt.
  static absl::StatusOr<Masters> Open(const std::string& dir);

  // That of the weight `name`, of `shape`, float32, row-major. Its bytes are those of a file, which this keeps, or are put
  // together in `*joined`. DATA_LOSS for pieces that are not each element once.
  absl::StatusOr<std::optional<model::TensorView>> Find(const std::string& name,
                                                        const std::vector<int64_t>& shape,
                                                        std::string* joined) const;

 private:
  Masters(model::SafetensorsFile state, std::vector<model::SafetensorsFile> shards);

  model::SafetensorsFile state_;
  std::vector<model::SafetensorsFile> shards_;
  bool in_shards_ = false;
};

}  // namespace drover::cli::checkpoint
