// How fast a core reads packed weights, and how fast it multiplies, with the weights in large and in small pages:
//
//     cmake --build build --target cpu_products && build/bench/cpu_products
//
// One thread, bfloat16, 3,072 x 576 as often as makes 200 MiB, so that no cache holds them. Rounds of both kinds of pages in
// turn; medians. Prints Markdown.
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "model/kernels/cpu/instruction_set.h"
#include "model/kernels/cpu/packed_matrix.h"

namespace {

using namespace drover::model::cpu;

constexpr int64_t kOutputs = 3072, kDepth = 576;
constexpr int64_t kWeightBytes = int64_t{200} << 20;
constexpr int kRounds = 7;

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The same panels in pages of 4 KiB.
const char* InSmallPages(const PackedMatrix& matrix) {
  const auto bytes = static_cast<size_t>(matrix.bytes());
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("mmap");
    std::exit(1);
  }
  ::madvise(memory, bytes, MADV_NOHUGEPAGE);
  std::memcpy(memory, matrix.panel(0), bytes);
  return static_cast<const char*>(memory);
}

// Seconds for `rows` rows times all the matrices whose panels are at `weights`.
double Multiply(const std::vector<const char*>& weights, const PackedMatrix& shape, int64_t rows) {
  const std::vector<uint16_t> x(static_cast<size_t>(rows * kDepth), 0x3f80);
  std::vector<float> out(static_cast<size_t>(rows * kOutputs));
  const double start = Now();
  for (const char* const weight : weights) {
    for (int64_t panel = 0; panel < shape.panels(); ++panel) {
      PanelProduct p;
      p.x = x.data();
      p.x_stride = kDepth;
      p.rows = rows;
      p.panel = weight + panel * shape.panel_bytes();
      p.depth = kDepth;
      p.output = Output::kFloat32;
      p.out = out.data() + panel * kPanelWidth;
      p.out_stride = kOutputs;
      ChosenKernels().bfloat16.product(p);
    }
  }
  return Now() - start;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main() {
  std::vector<PackedMatrix> matrices;
  std::vector<const char*> large, small;
  const std::vector<uint16_t> numbers(static_cast<size_t>(kOutputs * kDepth), 0x3f81);
  for (int64_t bytes = 0; bytes < kWeightBytes; bytes += matrices.back().bytes()) {
    matrices.emplace_back(Element::kBFloat16, kOutputs, kDepth).Pack(numbers.data());
    large.push_back(static_cast<const char*>(matrices.back().panel(0)));
    small.push_back(InSmallPages(matrices.back()));
  }
  std::printf("kernels: %s\n\n| rows | large pages | small pages |\n| --- | --- | --- |\n",
              std::string(Name(Chosen())).c_str());
  const double weights = static_cast<double>(matrices.size()) * kOutputs * kDepth;
  for (const int64_t rows : {1, 8, 32, 64, 256}) {
    std::vector<double> seconds[2];
    for (int round = 0; round < kRounds; ++round) {
      seconds[0].push_back(Multiply(large, matrices[0], rows));
      seconds[1].push_back(Multiply(small, matrices[0], rows));
    }
    std::printf("| %d |", static_cast<int>(rows));
    for (const std::vector<double>& kind : seconds) {
      const double median = Median(kind);
      std::printf(" %.1f GB/s, %.0f GFLOP/s |", 2 * weights / median / 1e9,
                  2 * weights * static_cast<double>(rows) / median / 1e9);
    }
    std::printf("\n");
  }
  return 0;
}
