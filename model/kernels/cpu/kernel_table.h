// All kernels, as one of the sources that are compiled for a set of instructions names them: included by kernels_*.cc.
#pragma once

#include "model/kernels/cpu/attention_backward_kernel.h"
#include "model/kernels/cpu/attention_kernel.h"
#include "model/kernels/cpu/kernels.h"
#include "model/kernels/cpu/pack_kernel.h"
#include "model/kernels/cpu/product_kernel.h"
#include "model/kernels/cpu/row_backward_kernel.h"
#include "model/kernels/cpu/row_kernels.h"
#include "model/kernels/cpu/score_kernel.h"

namespace drover::model::cpu {
namespace {

template <typename T>
constexpr ElementKernels kElementKernels = {
    Pack<T>,   Product<T>,         kProductRows,    Norm<T>,         Rotate<T>,       Gate<T>,
    Attend<T>, BackwardQueries<T>, BackwardKeys<T>, NormBackward<T>, GateBackward<T>, AddTo<T>};

constexpr Kernels kKernelTable = {kElementKernels<float>, kElementKernels<Bf16>, Score, ScoreGradient, Weigh};

}  // namespace
}  // namespace drover::model::cpu
