// What is computed row by row, shared out among the pool's threads: kernels.h says what each computes.
#pragma once

#include "model/kernels/cpu/backward_rows.h"
#include "model/kernels/cpu/kernels.h"

namespace drover::model::cpu {

void Norm(Element element, const NormRows& rows);
void Rotate(Element element, const RotateRows& rows);
void Gate(Element element, const GateRows& rows);

// `of_weight` is written, its sum taken over parts of so many rows and then over the parts in order: bits do not depend
// on the threads.
void NormBackward(Element element, const NormBackwardRows& rows);
void GateBackward(Element element, const GateBackwardRows& rows);

// to[i] += from[i].
void AddTo(Element element, const void* from, int64_t count, float* to);

}  // namespace drover::model::cpu
