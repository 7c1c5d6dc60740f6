// The same pair gets the same verdict and reason on any number of threads, whatever was graded before.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "verifier/grader.h"

namespace drover::verifier {
namespace {

// Pairs that each method decides: rationals, forms, residues, balls, Calcium, sampling, sets, texts, budgets.
std::vector<GradeRequest> Requests() {
  const std::pair<const char*, const char*> pairs[] = {
      {"\\frac12", "0.5"},
      {"3\\sqrt{13}", "\\sqrt{117}"},
      {"(1+x)^{100000}", "(x+1)^{100000}"},
      {"\\sqrt[3]{7+5\\sqrt{2}}", "1+\\sqrt{2}"},
      {"\\sqrt{\\frac{\\pi}{e}+\\pi}", "\\left|\\sqrt{\\frac{\\pi}{e}+\\pi}\\right|"},
      {"e^{\\pi\\sqrt{163}}", "262537412640768744"},
      {"\\sin 2x", "2\\sin x\\cos x"},
      {"(-1)^n", "\\cos n\\pi"},
      {"\\{1,2,3\\}", "3,2,1"},
      {"x<3", "(-\\infty,3)"},
      {"\\text{Evelyn}", "Evelyn"},
      {"15", "15 students"},
      {"5", "9^{9^{9^9}}"},
      {"5", "((5!)!)!"},
      {"\\int_0^1 x", "5"},
      {"5", "\\sqrt{"},
      {"\\begin{pmatrix}x&y\\\\z&w\\end{pmatrix}^{9}", "\\begin{pmatrix}x&y\\\\z&w\\end{pmatrix}^{8}"}};
  std::vector<GradeRequest> out;
  for (const auto& [gold, response] : pairs)
    out.push_back({.golds = {gold}, .response = response, .already_extracted = true});
  return out;
}

std::vector<Reason> GradeAll(const std::vector<GradeRequest>& requests, size_t start) {
  std::vector<Reason> reasons(requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    const size_t at = (start + i) % requests.size();
    reasons[at] = Grade(requests[at]).reason;
  }
  return reasons;
}

TEST(Determinism, ThreadsAndOrderChangeNothing) {
  const std::vector<GradeRequest> requests = Requests();
  const std::vector<Reason> expected = GradeAll(requests, 0);
  for (const size_t count : {1, 2, 8}) {
    std::vector<std::vector<Reason>> found(count);
    std::vector<std::thread> threads;
    for (size_t t = 0; t < count; ++t) threads.emplace_back([&, t] { found[t] = GradeAll(requests, t * 5); });
    for (std::thread& thread : threads) thread.join();
    for (const std::vector<Reason>& reasons : found) EXPECT_EQ(reasons, expected) << count << " threads";
  }
}

}  // namespace
}  // namespace drover::verifier
