#include "model/kernels/cpu/kernel_table.h"

const drover::model::cpu::Kernels drover::model::cpu::kAvx2Kernels = drover::model::cpu::kKernelTable;
