#include "model/kernels/cpu/rows.h"

#include <algorithm>
#include <vector>

#include "absl/functional/function_ref.h"
#include "model/kernels/cpu/instruction_set.h"
#include "model/kernels/cpu/pool.h"

namespace drover::model::cpu {
namespace {

constexpr int64_t kPartNumbers = 32 * 1024;  // what is worth a thread
constexpr int64_t kSummedRows = 32;          // whose gradients of a norm's weights are one sum

const void* At(const void* data, int64_t elements, Element element) {
  return static_cast<const char*>(data) + elements * ElementBytes(element);
}
void* At(void* data, int64_t elements, Element element) {
  return static_cast<char*>(data) + elements * ElementBytes(element);
}

void ShareRows(int64_t rows, int64_t width, absl::FunctionRef<void(int64_t, int64_t)> work) {
  ComputePool().Run(rows, std::max<int64_t>(1, kPartNumbers / std::max<int64_t>(1, width)), work);
}

}  // namespace

void Norm(Element element, const NormRows& rows) {
  ShareRows(rows.rows, rows.width, [&](int64_t begin, int64_t end) {
    NormRows part = rows;
    part.rows = end - begin;
    part.x += begin * rows.x_stride;
    part.out = At(rows.out, begin * rows.out_stride, element);
    ChosenKernels().of(element).norm(part);
  });
}

void Rotate(Element element, const RotateRows& rows) {
  ShareRows(rows.rows, rows.heads * rows.head_dim, [&](int64_t begin, int64_t end) {
    RotateRows part = rows;
    part.rows = end - begin;
    part.x = At(rows.x, begin * rows.x_stride, element);
    part.cos += begin * (rows.rotated / 2);
    part.sin += begin * (rows.rotated / 2);
    part.out = At(rows.out, begin * rows.out_stride, element);
    ChosenKernels().of(element).rotate(part);
  });
}

void Gate(Element element, const GateRows& rows) {
  ShareRows(rows.rows, rows.width, [&](int64_t begin, int64_t end) {
    GateRows part = rows;
    part.rows = end - begin;
    part.gate = At(rows.gate, begin * rows.x_stride, element);
    part.up = At(rows.up, begin * rows.x_stride, element);
    part.out = At(rows.out, begin * rows.out_stride, element);
    ChosenKernels().of(element).gate(part);
  });
}

void NormBackward(Element element, const NormBackwardRows& rows) {
  const int64_t parts = (rows.rows + kSummedRows - 1) / kSummedRows;
  std::vector<float> sums(static_cast<size_t>(parts * rows.width), 0.0f);
  ComputePool().Run(parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = i * kSummedRows;
      NormBackwardRows part = rows;
      part.rows = std::min(kSummedRows, rows.rows - row);
      part.x += row * rows.x_stride;
      part.gradient = At(rows.gradient, row * rows.gradient_stride, element);
      part.of_x += row * rows.width;
      part.of_weight = sums.data() + i * rows.width;
      ChosenKernels().of(element).norm_backward(part);
    }
  });
  std::fill_n(rows.of_weight, rows.width, 0.0f);
  for (int64_t i = 0; i < parts; ++i) {
    ChosenKernels().float32.add_to(sums.data() + i * rows.width, rows.width, rows.of_weight);
  }
}

void GateBackward(Element element, const GateBackwardRows& rows) {
  ShareRows(rows.rows, rows.width, [&](int64_t begin, int64_t end) {
    GateBackwardRows part = rows;
    part.rows = end - begin;
    part.gate = At(rows.gate, begin * rows.x_stride, element);
    part.up = At(rows.up, begin * rows.x_stride, element);
    part.gradient = At(rows.gradient, begin * rows.gradient_stride, element);
    part.of_gate = At(rows.of_gate, begin * rows.width, element);
    part.of_up = At(rows.of_up, begin * rows.width, element);
    ChosenKernels().of(element).gate_backward(part);
  });
}

void AddTo(Element element, const void* from, int64_t count, float* to) {
  ShareRows(count, /*width=*/1, [&](int64_t begin, int64_t end) {
    ChosenKernels().of(element).add_to(At(from, begin, element), end - begin, to + begin);
  });
}

}  // namespace drover::model::cpu
