// The kernels of one instruction set: what each computes, for one thread. linear.h, rows.h and attention.h cut work for
// them and are what others call.
//
// Matrix products sum in the order of the depth, one number (float32), one pair (bfloat16) or sixteen pairs (bfloat16 by
// AMX: amx_product_kernel.h) at a time, whatever the number of rows; sums over a row go by lanes of sixteen in a fixed
// order. So a row's bits do not depend on the rows beside it.
//
// Where a machine's own instructions multiply bfloat16 numbers (avx512_bf16, amx_bf16), those that are subnormal, and
// float32 sums that would be, are 0.
#pragma once

#include <cstdint>

namespace drover::model::cpu {

enum class Element { kFloat32, kBFloat16 };

constexpr int64_t ElementBytes(Element element) { return element == Element::kFloat32 ? 4 : 2; }

// Outputs of a packed weight that are computed together: its rows lie in panels of so many.
constexpr int64_t kPanelWidth = 64;

// Tokens of a page of keys and values.
constexpr int64_t kPageTokens = 16;

enum class Output {
  kSame,     // in the input's elements
  kFloat32,  // not rounded
  kAdd,      // added to the float32 numbers that are there
};

// out[r, 0..columns) of x[r, 0..depth) and one panel: [ceil(depth / 2), 64, 2] bfloat16 or [depth, 64] float32.
struct PanelProduct {
  const void* x = nullptr;
  int64_t x_stride = 0;  // elements from row to row
  int64_t rows = 0;
  const void* panel = nullptr;
  int64_t depth = 0;
  const float* bias = nullptr;  // of the panel's columns; null: none
  Output output = Output::kSame;
  void* out = nullptr;
  int64_t out_stride = 0;
  int64_t columns = kPanelWidth;
};

// Sixteen rows of a weight into sixteen lanes of a panel, rounded to its elements.
struct PackRows {
  const void* weight = nullptr;  // [16, depth]
  Element source = Element::kFloat32;
  int64_t depth = 0;
  void* panel = nullptr;  // its first lane to write: a multiple of 16
};

// Rows of float32 numbers, normed: x / sqrt(mean(x^2) + eps) * weight.
struct NormRows {
  const float* x = nullptr;
  int64_t x_stride = 0;
  int64_t rows = 0;
  int64_t width = 0;
  const float* weight = nullptr;
  double eps = 0.0;
  void* out = nullptr;  // of the kernel's elements
  int64_t out_stride = 0;
};

// Heads of some tokens, rotated: of each head's first `rotated` numbers the first half against the second.
struct RotateRows {
  const void* x = nullptr;  // [rows, heads, head_dim], heads next to each other
  int64_t x_stride = 0;
  int64_t rows = 0;
  int64_t heads = 0;
  int64_t head_dim = 0;
  int64_t rotated = 0;         // even; the others stay as they are
  const float* cos = nullptr;  // [rows, rotated / 2]
  const float* sin = nullptr;
  void* out = nullptr;  // [rows, heads, head_dim]
  int64_t out_stride = 0;
};

// activation(gate) * up.
enum class Gating { kSilu, kGeluTanh };
struct GateRows {
  const void* gate = nullptr;
  const void* up = nullptr;
  int64_t x_stride = 0;  // of both
  int64_t rows = 0;
  int64_t width = 0;
  Gating activation = Gating::kSilu;
  void* out = nullptr;
  int64_t out_stride = 0;
};

// Attention of some query heads that read one key head, for consecutive tokens of a sequence: softmax(scale q k) v over
// the keys at the query's position and before. The pages of one key head of one layer:
//
//   keys    [pages, ceil(head_dim / 2), 16 tokens, 2] bfloat16, [pages, head_dim, 16 tokens] float32
//   values  [pages, 16 tokens, head_dim rounded up to 16]
struct AttendHead {
  const void* query = nullptr;
  int64_t token_stride = 0, head_stride = 0;
  int64_t tokens = 0;
  int64_t heads = 0;
  int64_t head_dim = 0;
  int64_t position = 0;  // of the first token
  int64_t window = 0;    // keys that a token sees, itself among them; 0: all
  float scale = 1.0f;
  float soft_cap = 0.0f;           // cap * tanh(score / cap) in place of a score; 0: none
  const int32_t* pages = nullptr;  // page i holds positions [16 i, 16 i + 16)
  const void* keys = nullptr;
  const void* values = nullptr;
  int64_t key_page_stride = 0, value_page_stride = 0;  // elements
  void* out = nullptr;
  int64_t out_token_stride = 0, out_head_stride = 0;
  float* scratch = nullptr;  // AttentionScratch floats
};

// Floats that AttendHead needs for queries up to `position`.
constexpr int64_t AttentionScratch(int64_t position) {
  constexpr int64_t kMostRows = 6;
  return kMostRows * ((position / kPageTokens) + 1) * kPageTokens;
}

// Backward passes: backward_blocks.h, backward_rows.h.
struct AttentionBackward;
struct QueryBlock;
struct KeyBlock;
struct NormBackwardRows;
struct GateBackwardRows;

// What softmax(logits / temperature) says of one token. Logits that are NaN or infinite give NaN; -inf alone is a
// probability of 0.
struct ScoreRow {
  const float* logits = nullptr;
  int64_t vocabulary = 0;
  float temperature = 1.0f;
  int64_t target = 0;
  float* logprob = nullptr;
  float* entropy = nullptr;  // nats, of the whole distribution; null: not asked for
};

// e^((x - largest) / temperature) of all tokens, in double precision: proportional to softmax(x / temperature).
struct WeighRow {
  const float* logits = nullptr;
  int64_t vocabulary = 0;
  double temperature = 1.0;
  double* weights = nullptr;  // [vocabulary]
  double* sum = nullptr;      // of the weights; NaN where a logit is NaN or infinite
};

// How many rows a product is called with, where there are more: a multiple of `step`, from `least` to `most`. Then they
// and the panel stay in a cache. No number's bits depend on it.
struct ProductRows {
  int64_t step = 1;
  int64_t least = 1;
  int64_t most = 1;
};

// For one kind of element.
struct ElementKernels {
  void (*pack)(const PackRows&);
  void (*product)(const PanelProduct&);
  ProductRows product_rows;
  void (*norm)(const NormRows&);
  void (*rotate)(const RotateRows&);
  void (*gate)(const GateRows&);
  void (*attend)(const AttendHead&);
  void (*backward_queries)(const AttentionBackward&, const QueryBlock&, float* scratch);
  void (*backward_keys)(const AttentionBackward&, const KeyBlock&, float* scratch);
  void (*norm_backward)(const NormBackwardRows&);
  void (*gate_backward)(const GateBackwardRows&);
  void (*add_to)(const void* from, int64_t count, float* to);  // to += from
};

struct Kernels {
  ElementKernels float32;
  ElementKernels bfloat16;
  void (*score)(const ScoreRow&);
  void (*score_gradient)(const ScoreRow&, float gradient,
                         float* out);  // of the log-probability: [vocabulary]
  void (*weigh)(const WeighRow&);

  const ElementKernels& of(Element element) const {
    return element == Element::kFloat32 ? float32 : bfloat16;
  }
};

extern const Kernels kPortableKernels;
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
extern const Kernels kAvx512Bf16Kernels;
// Products of bfloat16 by AMX (amx_product_kernel.h), where the compiler knows it: the rest is kAvx512Bf16Kernels.
void AmxProduct(const PanelProduct& product);
extern const ProductRows kAmxProductRows;
#endif

}  // namespace drover::model::cpu
