#include "model/kernels/cpu/instruction_set.h"

#include <cstdlib>
#if defined(DROVER_AMX)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace drover::model::cpu {
namespace {

constexpr char kVariable[] = "DROVER_CPU_KERNELS";

#if defined(DROVER_AMX)
// The processor's tiles with their products of bfloat16, and a system that saves them.
bool HasTiles() {
  unsigned a, b, c, d;
  constexpr unsigned kXgetbv = 1u << 27;                        // leaf 1, ecx
  constexpr unsigned kAmxBf16 = 1u << 22, kAmxTile = 1u << 24;  // leaf 7, edx
  constexpr unsigned kTileStates = 3u << 17;                    // of XCR0
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & kXgetbv) == 0) return false;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kAmxBf16) == 0 || (d & kAmxTile) == 0)
    return false;
  unsigned states, upper;
  asm volatile("xgetbv" : "=a"(states), "=d"(upper) : "c"(0));
  return (states & kTileStates) == kTileStates;
}

// Linux gives tiles to processes that ask for them, for all of their threads: arch_prctl(ARCH_REQ_XCOMP_PERM).
bool MayUseTiles() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

bool RunsAmx() { return HasTiles() && MayUseTiles(); }

const Kernels& AmxBf16Kernels() {
  static const Kernels kernels = [] {
    Kernels with_tiles = kAvx512Bf16Kernels;
    with_tiles.bfloat16.product = AmxProduct;
    with_tiles.bfloat16.product_rows = kAmxProductRows;
    return with_tiles;
  }();
  return kernels;
}
#else
[[maybe_unused]] bool RunsAmx() { return false; }
#endif

bool Runs(InstructionSet set) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  const bool avx512_bf16 = avx512 && __builtin_cpu_supports("avx512bf16");
  switch (set) {
    case InstructionSet::kPortable:
      return true;
    case InstructionSet::kAvx2:
      return avx2;
    case InstructionSet::kAvx512:
      return avx512;
    case InstructionSet::kAvx512Bf16:
      return avx512_bf16;
    case InstructionSet::kAmxBf16:
      return avx512_bf16 && RunsAmx();
  }
#endif
  return set == InstructionSet::kPortable;
}

std::vector<InstructionSet> Probe() {
  std::vector<InstructionSet> sets;
  for (const InstructionSet set : {InstructionSet::kPortable, InstructionSet::kAvx2, InstructionSet::kAvx512,
                                   InstructionSet::kAvx512Bf16, InstructionSet::kAmxBf16}) {
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
    case InstructionSet::kAmxBf16:
      return "amx_bf16";
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
    case InstructionSet::kAmxBf16:
#if defined(DROVER_AMX)
      return AmxBf16Kernels();
#else
      break;  // never available
#endif
  }
#endif
  return kPortableKernels;
}

const Kernels& ChosenKernels() { return KernelsOf(Chosen()); }

}  // namespace drover::model::cpu
