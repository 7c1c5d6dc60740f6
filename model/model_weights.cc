#include "model/model_weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "model/float_bits.h"
#include "model/weight_shapes.h"

namespace drover::model {
namespace {

constexpr char kHead[] = "lm_head.weight";
constexpr char kEmbedding[] = "model.embed_tokens.weight";
constexpr char kPrefix[] = "model.";

template <typename Bits>
Bits BitsAt(std::string_view bytes, size_t index) {
  Bits bits;
  std::memcpy(&bits, bytes.data() + index * sizeof(Bits), sizeof(Bits));
  return bits;
}

bool IsFloat(Dtype dtype) {
  return dtype == Dtype::kF32 || dtype == Dtype::kBF16 || dtype == Dtype::kF16 || dtype == Dtype::kF64;
}

// Element `index` of a tensor of a floating type.
double ValueAt(const TensorView& tensor, size_t index) {
  switch (tensor.dtype) {
    case Dtype::kF64:
      return BitsAt<double>(tensor.bytes, index);
    case Dtype::kBF16:
      return OfBfloat(BitsAt<uint16_t>(tensor.bytes, index));
    case Dtype::kF16:
      return OfHalf(BitsAt<uint16_t>(tensor.bytes, index));
    default:
      return BitsAt<float>(tensor.bytes, index);
  }
}

// What becomes infinite when it is rounded to nearest: half an ulp above the largest number of the type.
double OverflowOf(Dtype dtype) {
  if (dtype == Dtype::kBF16) return std::ldexp(511.0, 119);
  if (dtype == Dtype::kF16) return 65520.0;
  return std::ldexp(33554431.0, 103);
}

// Whether an element's bits without the sign are at least `limit`.
template <typename Bits>
bool AtLeast(std::string_view bytes, size_t index, Bits limit) {
  constexpr Bits kMagnitude = static_cast<Bits>(~Bits{0}) >> 1;
  return static_cast<Bits>(BitsAt<Bits>(bytes, index) & kMagnitude) >= limit;
}

// The first element whose bits without the sign are at least `limit`. Blocks without one are passed over as a whole, by a loop
// that compilers turn into vectors: every start of a process looks at all weights.
template <typename Bits>
std::optional<size_t> FirstAtLeast(std::string_view bytes, Bits limit) {
  constexpr size_t kBlock = 1024;
  const size_t count = bytes.size() / sizeof(Bits);
  for (size_t i = 0; i < count;) {
    if (count - i >= kBlock) {
      Bits found = 0;
      for (size_t k = 0; k < kBlock; ++k) found |= static_cast<Bits>(AtLeast(bytes, i + k, limit));
      if (found == 0) {
        i += kBlock;
        continue;
      }
    }
    const size_t end = std::min(count, i + kBlock);
    for (; i < end; ++i) {
      if (AtLeast(bytes, i, limit)) return i;
    }
  }
  return std::nullopt;
}

// The first element that `dtype` cannot hold as a finite number. Magnitudes of one type are ordered as their bits are,
// so the common cases compare bits and no numbers.
std::optional<size_t> FirstNotFinite(const TensorView& tensor, Dtype dtype) {
  if (tensor.dtype == Dtype::kBF16 && dtype != Dtype::kF16) {
    return FirstAtLeast<uint16_t>(tensor.bytes, 0x7F80);
  }
  if (tensor.dtype == Dtype::kF16) return FirstAtLeast<uint16_t>(tensor.bytes, 0x7C00);
  if (tensor.dtype == Dtype::kF32 && dtype == Dtype::kF32) {
    return FirstAtLeast<uint32_t>(tensor.bytes, 0x7F800000);
  }
  if (tensor.dtype == Dtype::kF32 && dtype == Dtype::kBF16) {
    return FirstAtLeast<uint32_t>(tensor.bytes, 0x7F7F8000);
  }
  const double overflow = OverflowOf(dtype);
  const size_t count = tensor.bytes.size() / DtypeBytes(tensor.dtype);
  for (size_t i = 0; i < count; ++i) {
    if (!(std::abs(ValueAt(tensor, i)) < overflow)) return i;  // a NaN is below nothing
  }
  return std::nullopt;
}

// Whether two tensors of one shape hold the same numbers.
bool SameValues(const TensorView& a, const TensorView& b) {
  if (a.dtype == b.dtype) return a.bytes == b.bytes;
  const size_t count = a.bytes.size() / DtypeBytes(a.dtype);
  for (size_t i = 0; i < count; ++i) {
    if (ValueAt(a, i) != ValueAt(b, i)) return false;
  }
  return true;
}

// What other programs keep beside weights and what is computed here or has no part in it.
bool MayBeIgnored(std::string_view name) {
  for (const char* end : {".rotary_emb.inv_freq", ".rotary_emb.cos_cached", ".rotary_emb.sin_cached",
                          ".k_scale", ".v_scale", ".q_scale", ".kv_scale", ".prob_scale"}) {
    if (absl::EndsWith(ToAbsl(name), end)) return true;
  }
  return false;
}

// In files of models of several parts the language model's tensors have one of these before their name; the second
// stands in place of kPrefix.
constexpr char kTextPart[] = "language_model.";
constexpr char kTextPartInside[] = "model.language_model.";

bool IsOfOtherParts(absl::string_view name) {
  absl::ConsumePrefix(&name, kPrefix);
  return absl::StartsWith(name, "vision_tower.") || absl::StartsWith(name, "multi_modal_projector.");
}

bool HasTextPart(const ModelTensors& files) {
  const std::string inside = absl::StrCat(kTextPartInside, absl::StripPrefix(kEmbedding, kPrefix));
  return files.Find(absl::StrCat(kTextPart, kEmbedding)) != nullptr || files.Find(inside) != nullptr;
}

// The tensors of the language model of a model of several parts by the names that they have in a model that is only
// that; those of unknown parts by their own.
std::map<std::string, TensorView> OfTextPart(const ModelTensors& files, ModelNotes* notes) {
  std::map<std::string, TensorView> tensors;
  size_t others = 0;
  for (const TensorView& view : files.tensors()) {
    absl::string_view name = view.name;
    if (IsOfOtherParts(name)) {
      ++others;
    } else if (absl::ConsumePrefix(&name, kTextPartInside)) {
      tensors[absl::StrCat(kPrefix, name)] = view;
    } else {
      absl::ConsumePrefix(&name, kTextPart);
      tensors[std::string(name)] = view;
    }
  }
  if (others > 0 && notes != nullptr) {
    notes->push_back(
        absl::StrCat(others, " tensors of other parts (vision_tower, multi_modal_projector) are left out: ",
                     "the model goes on as its language model alone"));
  }
  return tensors;
}

// The tensors by the names that they have in a whole model.
std::map<std::string, TensorView> ByWholeName(const ModelTensors& files, ModelNotes* notes) {
  if (HasTextPart(files)) return OfTextPart(files, notes);
  const bool headless = files.Find(kEmbedding) == nullptr &&
                        files.Find(std::string_view(kEmbedding).substr(sizeof(kPrefix) - 1)) != nullptr;
  std::map<std::string, TensorView> tensors;
  for (const TensorView& view : files.tensors()) {
    tensors[headless && view.name != kHead ? kPrefix + view.name : view.name] = view;
  }
  return tensors;
}

std::string ShowShape(const std::vector<int64_t>& shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

absl::Status CheckTensor(const TensorView& view, const std::vector<int64_t>& shape) {
  if (view.shape != shape) {
    return absl::InvalidArgumentError(absl::StrCat("tensor ", view.name, " has shape ", ShowShape(view.shape),
                                                   ", the configuration makes it ", ShowShape(shape)));
  }
  if (IsFloat(view.dtype)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("tensor ", view.name, " is ", ToAbsl(DtypeName(view.dtype)),
                                                 ", weights must be F32, BF16, F16 or F64"));
}

// A tied head is stored once, or a second time; one that differs was trained for itself.
absl::Status SettleHead(std::map<std::string, TensorView>& tensors, ModelConfig& config, ModelNotes* notes) {
  const auto head = tensors.find(kHead);
  const auto embedding = tensors.find(kEmbedding);
  if (!config.tie_word_embeddings || head == tensors.end() || embedding == tensors.end()) {
    return absl::OkStatus();
  }
  for (const TensorView* view : {&embedding->second, &head->second}) {
    RETURN_IF_ERROR(CheckTensor(*view, {config.vocab_size, config.hidden_size}));
  }
  if (SameValues(head->second, embedding->second)) {
    tensors.erase(head);
    return absl::OkStatus();
  }
  config.tie_word_embeddings = false;
  if (notes != nullptr) {
    notes->push_back(
        "config.json says tie_word_embeddings, but the files have a lm_head.weight that differs from "
        "model.embed_tokens.weight: it is used, and the model goes on with a head of its own");
  }
  return absl::OkStatus();
}

absl::Status CheckTensors(const ModelConfig& config, std::map<std::string, TensorView>& tensors) {
  const auto shapes = WeightShapes(config);
  for (const auto& [name, shape] : shapes) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) {
      return absl::InvalidArgumentError(absl::StrCat("tensor ", name, " is missing; a ", config.model_type,
                                                     " of this configuration has it with shape ",
                                                     ShowShape(shape)));
    }
    RETURN_IF_ERROR(CheckTensor(found->second, shape));
  }
  for (auto at = tensors.begin(); at != tensors.end();) {
    if (shapes.count(at->first) > 0) {
      ++at;
    } else if (MayBeIgnored(at->first)) {
      at = tensors.erase(at);
    } else {
      return absl::InvalidArgumentError(
          absl::StrCat("tensor ", at->second.name, " is not one of a ", config.model_type,
                       " of this configuration (is config.json the right one?)"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ModelWeights> OpenModelWeights(const std::string& dir, ModelNotes* notes) {
  ModelWeights weights;
  ASSIGN_OR_RETURN(weights.config_, LoadModelConfig(dir, notes));
  ASSIGN_OR_RETURN(weights.files_, OpenModelTensors(dir));
  weights.tensors_ = ByWholeName(weights.files_, notes);
  RETURN_IF_ERROR(Annotate(SettleHead(weights.tensors_, weights.config_, notes), dir));
  RETURN_IF_ERROR(Annotate(CheckTensors(weights.config_, weights.tensors_), dir));
  return weights;
}

absl::Status CheckFinite(const TensorView& tensor, Dtype dtype) {
  const std::optional<size_t> bad = FirstNotFinite(tensor, dtype);
  if (!bad) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("tensor ", tensor.name, ": element ", *bad, " is ",
                                                 ValueAt(tensor, *bad), ", which is no finite number in ",
                                                 ToAbsl(DtypeName(dtype))));
}

}  // namespace drover::model
