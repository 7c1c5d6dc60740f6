// Which of the compiled kernels this machine runs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "model/kernels/cpu/kernels.h"

namespace drover::model::cpu {

// From the least to the most that is asked of a machine. Sums of different sets differ in rounding: bits are the same
// only on machines that run the same one.
enum class InstructionSet { kPortable, kAvx2, kAvx512, kAvx512Bf16, kAmxBf16 };

std::string_view Name(InstructionSet set);  // "portable", "avx2", "avx512", "avx512_bf16", "amx_bf16"

// What this machine can run, the best last; at least kPortable.
const std::vector<InstructionSet>& Available();

// The best one, or what the environment's DROVER_CPU_KERNELS names: a fleet of unlike machines computes the same bits
// with one that all of them have. Read once, at the first call; a name that is unknown or that this machine cannot run
// is an error of CheckInstructionSet, and the best one is taken.
InstructionSet Chosen();

// INVALID_ARGUMENT for a DROVER_CPU_KERNELS that cannot be had: says which ones can. For programs to call at their start.
absl::Status CheckInstructionSet();

const Kernels& KernelsOf(InstructionSet set);

// Of Chosen().
const Kernels& ChosenKernels();

}  // namespace drover::model::cpu
