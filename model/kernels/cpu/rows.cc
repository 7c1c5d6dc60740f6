#include "model/kernels/cpu/rows.h"

#include <algorithm>

#include "absl/functional/function_ref.h"
#include "model/kernels/cpu/instruction_set.h"
#include "model/kernels/cpu/pool.h"

namespace drover::model::cpu {
namespace {

constexpr int64_t kPartNumbers = 32 * 1024;  // what is worth a thread

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

}  // namespace drover::model::cpu
