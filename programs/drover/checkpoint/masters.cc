#include "programs/drover/checkpoint/masters.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status.h"

namespace drover::cli::checkpoint {
namespace {

constexpr char kState[] = "training_state.safetensors";
constexpr char kShards[] = "drover.shards";  // in its metadata: how many there are
constexpr char kBegin[] = "drover.begin.";   // in a shard's, with a tensor's name: where the piece begins
constexpr char kMaster[] = "weight.";        // what a master weight's name begins with

struct Piece {
  int64_t begin = 0;  // in elements
  std::string_view bytes;
};

// A count or a place in `file`'s metadata; `none` where there is no such key.
absl::StatusOr<int64_t> Number(const model::SafetensorsFile& file, const std::string& key, int64_t none) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end()) return none;
  int64_t number = 0;
  if (absl::SimpleAtoi(found->second, &number) && number >= 0) return number;
  return absl::DataLossError(absl::StrCat(file.path(), ": metadata ", key, " is \"", found->second,
                                          "\"; it must be a whole number, 0 or more"));
}

int64_t Elements(std::string_view floats) { return static_cast<int64_t>(floats.size() / sizeof(float)); }

// Those of `tensor`, in their order.
absl::StatusOr<std::vector<Piece>> PiecesOf(const std::vector<model::SafetensorsFile>& shards,
                                            const std::string& tensor) {
  std::vector<Piece> pieces;
  for (const model::SafetensorsFile& shard : shards) {
    const model::TensorView* const view = shard.Find(tensor);
    if (view == nullptr) continue;
    if (view->dtype != model::Dtype::kF32) {
      return absl::DataLossError(absl::StrCat(shard.path(), ": ", tensor, " is not F32, as masters are"));
    }
    ASSIGN_OR_RETURN(const int64_t begin, Number(shard, kBegin + tensor, 0));
    pieces.push_back({begin, view->bytes});
  }
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.begin < b.begin; });
  return pieces;
}

bool HasMasters(const model::SafetensorsFile& shard) {
  return std::any_of(shard.tensors().begin(), shard.tensors().end(),
                     [](const model::TensorView& tensor) { return absl::StartsWith(tensor.name, kMaster); });
}

}  // namespace

Masters::Masters(model::SafetensorsFile state, std::vector<model::SafetensorsFile> shards)
    : state_(std::move(state)),
      shards_(std::move(shards)),
      in_shards_(std::any_of(shards_.begin(), shards_.end(), HasMasters)) {}

absl::StatusOr<Masters> Masters::Open(const std::string& dir) {
  ASSIGN_OR_RETURN(model::SafetensorsFile state,
                   model::SafetensorsFile::Open(absl::StrCat(dir, "/", kState)));
  ASSIGN_OR_RETURN(const int64_t count, Number(state, kShards, 0));
  std::vector<model::SafetensorsFile> shards;
  for (int64_t rank = 0; rank < count; ++rank) {
    const std::string path = absl::StrFormat("%s/training_state.shard-%05d.safetensors", dir, rank);
    absl::StatusOr<model::SafetensorsFile> shard = model::SafetensorsFile::Open(path);
    if (absl::IsNotFound(shard.status())) return absl::DataLossError(shard.status().message());
    RETURN_IF_ERROR(shard.status());
    shards.push_back(*std::move(shard));
  }
  return Masters(std::move(state), std::move(shards));
}

absl::StatusOr<std::optional<model::TensorView>> Masters::Find(const std::string& name,
                                                               const std::vector<int64_t>& shape,
                                                               std::string* joined) const {
  const std::string tensor = kMaster + name;
  if (const model::TensorView* const whole = state_.Find(tensor)) return *whole;
  if (!in_shards_) return std::nullopt;
  ASSIGN_OR_RETURN(const std::vector<Piece> pieces, PiecesOf(shards_, tensor));
  const int64_t elements =
      std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<int64_t>());
  joined->clear();
  size_t fit = 0;
  for (; fit < pieces.size() && pieces[fit].begin == Elements(*joined); ++fit) {
    joined->append(pieces[fit].bytes);
  }
  if (fit < pieces.size() || Elements(*joined) != elements) {
    return absl::DataLossError(absl::StrCat(state_.path(), ": the pieces of ", tensor,
                                            " in the shards beside it do not add up to its ", elements,
                                            " elements: they fit up to element ", Elements(*joined)));
  }
  return model::TensorView{.name = name, .dtype = model::Dtype::kF32, .shape = shape, .bytes = *joined};
}

}  // namespace drover::cli::checkpoint
