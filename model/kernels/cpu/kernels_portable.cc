#include "model/kernels/cpu/kernel_table.h"

const drover::model::cpu::Kernels drover::model::cpu::kPortableKernels = drover::model::cpu::kKernelTable;
