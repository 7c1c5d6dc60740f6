// What is computed row by row, shared out among the pool's threads: kernels.h says what each computes.
#pragma once

#include "model/kernels/cpu/kernels.h"

namespace drover::model::cpu {

void Norm(Element element, const NormRows& rows);
void Rotate(Element element, const RotateRows& rows);
void Gate(Element element, const GateRows& rows);

}  // namespace drover::model::cpu
