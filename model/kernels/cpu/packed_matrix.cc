#include "model/kernels/cpu/packed_matrix.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include "base/check.h"
#include "model/kernels/cpu/instruction_set.h"
#include "model/kernels/cpu/memory.h"
#include "model/kernels/cpu/pool.h"

namespace drover::model::cpu {
namespace {

constexpr int64_t kPartsPerThread = 8;
constexpr int64_t kPartBytes = 64 * 1024;  // of weights that are taken at a time at least
constexpr int64_t kPackGrain = 16;         // groups
constexpr int64_t kGroupRows = 16;         // that are packed together
constexpr int64_t kWordBytes = 4;          // of a lane: a float32 number or a pair of bfloat16 ones

int64_t Even(int64_t n) { return (n + 1) / 2 * 2; }

// Rows that go through a panel together: fewer where there are few panels, so that the threads end at about the same
// time.
int64_t RowBlock(const ProductRows& take, int64_t rows, int64_t panels, int64_t threads) {
  const int64_t blocks = (kPartsPerThread * threads + panels - 1) / panels;
  const int64_t even = (rows + blocks - 1) / blocks;
  return std::clamp((even + take.step - 1) / take.step * take.step, take.least, take.most);
}

// Panels that a thread takes at a time at least: a few rows are done with one soon.
int64_t LeastParts(const PackedMatrix& weight, int64_t rows) {
  return rows > 8 ? 1 : std::max<int64_t>(1, kPartBytes / weight.panel_bytes());
}

}  // namespace

PackedMatrix::PackedMatrix(Element element, int64_t rows, int64_t depth)
    : element_(element), rows_(rows), depth_(depth) {
  DROVER_CHECK(rows > 0 && depth > 0);
  data_ = AllocateWeights(static_cast<size_t>(bytes()));
  if (data_ == nullptr) throw std::bad_alloc();
}

int64_t PackedMatrix::panel_bytes() const {
  const int64_t stored = element_ == Element::kFloat32 ? depth_ : Even(depth_);
  return stored * kPanelWidth * ElementBytes(element_);
}

void PackedMatrix::Pack(const float* weight) { PackFrom(weight, Element::kFloat32); }

void PackedMatrix::Pack(const uint16_t* weight) { PackFrom(weight, Element::kBFloat16); }

// Sixteen rows at a time, shared out; behind the last ones come rows of 0.
void PackedMatrix::PackFrom(const void* weight, Element element) {
  const int64_t row_bytes = depth_ * ElementBytes(element);
  const int64_t groups = (rows_ + kGroupRows - 1) / kGroupRows;
  ComputePool().Run(groups, kPackGrain, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      const int64_t row = group * kGroupRows;
      const char* source = static_cast<const char*>(weight) + row * row_bytes;
      std::vector<char> filled_up;
      if (rows_ - row < kGroupRows) {
        filled_up.resize(static_cast<size_t>(kGroupRows * row_bytes));
        std::memcpy(filled_up.data(), source, static_cast<size_t>((rows_ - row) * row_bytes));
        source = filled_up.data();
      }
      char* const panel = static_cast<char*>(data_.get()) + row / kPanelWidth * panel_bytes();
      ChosenKernels().of(element_).pack({source, element, depth_, panel + row % kPanelWidth * kWordBytes});
    }
  });
}

// Parts are pairs of a block of rows and a panel, block by block.
void Linear(const PackedMatrix& weight, const LinearCall& call) {
  const ElementKernels& kernels = ChosenKernels().of(weight.element());
  const int64_t element_bytes = ElementBytes(weight.element());
  const int64_t out_bytes = call.output == Output::kSame ? element_bytes : 4;
  const int64_t panels = weight.panels();
  const int64_t threads = ComputePool().threads();
  const int64_t block = RowBlock(kernels.product_rows, call.rows, panels, threads);
  const int64_t parts = (call.rows + block - 1) / block * panels;
  const int64_t grain = std::max(LeastParts(weight, call.rows), std::min<int64_t>(8, parts / (8 * threads)));
  const auto multiply = [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t row = part / panels * block;
      const int64_t panel = part % panels;
      const int64_t column = panel * kPanelWidth;
      PanelProduct p;
      p.x = static_cast<const char*>(call.x) + row * call.x_stride * element_bytes;
      p.x_stride = call.x_stride;
      p.rows = std::min(block, call.rows - row);
      p.panel = weight.panel(panel);
      p.depth = weight.depth();
      p.bias = call.bias == nullptr ? nullptr : call.bias + column;
      p.output = call.output;
      p.out = static_cast<char*>(call.out) + (row * call.out_stride + column) * out_bytes;
      p.out_stride = call.out_stride;
      p.columns = std::min(kPanelWidth, weight.rows() - column);
      kernels.product(p);
    }
  };
  // Weights are packed in the order in which they are first used: the next one's lie behind these, mostly.
  ComputePool().Run(parts, grain, multiply, /*next=*/weight.panel(panels));
}

}  // namespace drover::model::cpu
