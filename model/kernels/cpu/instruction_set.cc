#include "model/kernels/cpu/instruction_set.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace drover::model::cpu {
namespace {

constexpr char kVariable[] = "DROVER_CPU_KERNELS";

bool Runs(InstructionSet set) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  switch (set) {
    case InstructionSet::kPortable:
      return true;
    case InstructionSet::kAvx2:
      return avx2;
    case InstructionSet::kAvx512:
      return avx512;
    case InstructionSet::kAvx512Bf16:
      return avx512 && __builtin_cpu_supports("avx512bf16");
  }
#endif
  return set == InstructionSet::kPortable;
}

std::vector<InstructionSet> Probe() {
  std::vector<InstructionSet> sets;
  for (const InstructionSet set : {InstructionSet::kPortable, InstructionSet::kAvx2, InstructionSet::kAvx512,
                                   InstructionSet::kAvx512Bf16}) {
    if (Runs(set)) sets.push_back(set);
  }
  return sets;
}

// The set that the environment names; null: none, or not one of this machine's.
const InstructionSet* Wanted(const char* name) {
  if (name == nullptr) return nullptr;
  for (const InstructionSet& set : Available()) {
    if (Name(set) == name) return &set;
  }
  return nullptr;
}

}  // namespace

std::string_view Name(InstructionSet set) {
  switch (set) {
    case InstructionSet::kPortable:
      return "portable";
    case InstructionSet::kAvx2:
      return "avx2";
    case InstructionSet::kAvx512:
      return "avx512";
    case InstructionSet::kAvx512Bf16:
      return "avx512_bf16";
  }
  return "";
}

const std::vector<InstructionSet>& Available() {
  static const auto& sets = *new std::vector<InstructionSet>(Probe());
  return sets;
}

InstructionSet Chosen() {
  static const InstructionSet chosen = [] {
    const InstructionSet* const wanted = Wanted(std::getenv(kVariable));
    return wanted != nullptr ? *wanted : Available().back();
  }();
  return chosen;
}

absl::Status CheckInstructionSet() {
  const char* const name = std::getenv(kVariable);
  if (name == nullptr || Wanted(name) != nullptr) return absl::OkStatus();
  const std::string have =
      absl::StrJoin(Available(), ", ", [](std::string* out, InstructionSet set) { out->append(Name(set)); });
  return absl::InvalidArgumentError(
      absl::StrCat("environment variable ", kVariable, " is \"", name, "\"; this machine has ", have));
}

const Kernels& KernelsOf(InstructionSet set) {
#if defined(__x86_64__)
  switch (set) {
    case InstructionSet::kPortable:
      return kPortableKernels;
    case InstructionSet::kAvx2:
      return kAvx2Kernels;
    case InstructionSet::kAvx512:
      return kAvx512Kernels;
    case InstructionSet::kAvx512Bf16:
      return kAvx512Bf16Kernels;
  }
#endif
  return kPortableKernels;
}

const Kernels& ChosenKernels() { return KernelsOf(Chosen()); }

}  // namespace drover::model::cpu
