// Grading leaves nothing behind: the resident set does not grow, with one thread or with many short-lived ones. 300,000
// grades; 10,000,000 with DROVER_FULL_TESTS=1.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include "verifier/grader.h"

namespace drover::verifier {
namespace {

int64_t ResidentKiB() {
  std::ifstream in("/proc/self/statm");
  int64_t pages = 0, resident = 0;
  in >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE) / 1024;
}

// One grade by each of the methods, so that all of their caches are in use.
void GradeSome() {
  static constexpr std::pair<const char*, const char*> kPairs[] = {
      {"\\frac{1}{2}", "0.5"},        {"42", "43"},
      {"3\\sqrt{13}", "\\sqrt{117}"}, {"x^2-1", "(x-1)(x+1)"},
      {"\\{1,2,3\\}", "3,2,1"},       {"(0,1)\\cup(1,2)", "0<x<1"},
      {"\\text{east}", "West"},       {"15\\text{ cm}^2", "15 cm"},
      {"2^{200}", "2^{199}\\cdot2"},  {"\\sin 30^\\circ", "\\cos 60^\\circ"}};
  for (const auto& [gold, response] : kPairs)
    Grade({.golds = {gold}, .response = response, .already_extracted = true});
}

// What takes balls, Calcium and residues; a hundred times dearer.
void GradeDear() {
  static constexpr std::pair<const char*, const char*> kPairs[] = {
      {"\\sqrt[3]{7+5\\sqrt{2}}", "1+\\sqrt{2}"},
      {"e^{\\pi\\sqrt{163}}", "262537412640768744"},
      {"(1+x)^{100000}", "(x+1)^{100000}"},
      {"5", "9^{9^{9^9}}"},
      {"\\sin 2x", "2\\sin x\\cos x"}};
  for (const auto& [gold, response] : kPairs)
    Grade({.golds = {gold}, .response = response, .already_extracted = true});
}

TEST(Memory, GradesLeaveNothingBehind) {
#ifdef DROVER_SANITIZED
  GTEST_SKIP() << "skipped: the sanitizer keeps freed memory";
#endif
  const int64_t grades = std::getenv("DROVER_FULL_TESTS") != nullptr ? 10'000'000 : 300'000;
  const auto round = [](int64_t count) {
    for (int64_t i = 0; i < count; i += 10) {
      GradeSome();
      if (i % 1'000 == 0) GradeDear();
    }
  };
  round(grades / 10);
  const int64_t before = ResidentKiB();
  round(grades);
  const int64_t after = ResidentKiB();
  RecordProperty("resident_kib_before", std::to_string(before));
  RecordProperty("resident_kib_after", std::to_string(after));
  EXPECT_LT(after - before, 1'024) << before << " KiB before, " << after << " KiB after " << grades
                                   << " grades";
}

TEST(Memory, ThreadsGiveTheirCachesBack) {
#ifdef DROVER_SANITIZED
  GTEST_SKIP() << "skipped: the sanitizer keeps freed memory";
#endif
  const auto threads = [](int count) {
    for (int i = 0; i < count; ++i) std::thread(GradeDear).join();
  };
  threads(20);
  const int64_t before = ResidentKiB();
  threads(100);  // a third of a megabyte each, were it kept
  EXPECT_LT(ResidentKiB() - before, 4'096);
}

}  // namespace
}  // namespace drover::verifier
