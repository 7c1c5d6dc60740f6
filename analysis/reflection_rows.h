// The cells of tables about self-reflection, and what their plots are made of: shared by the reports of one model and of several. Pure.
#pragma once

#include <string>
#include <vector>

#include "analysis/reflection.h"
#include "plot/bar_chart.h"
#include "plot/xy_chart.h"

namespace drover::analysis {

// A place on the axis: "0.6", "120".
std::string PlaceText(double x);

// The share of questions; not a number of none.
double QuestionShare(const Found& found);

// Who found it how often: keywords and, with a judge, it and both.
struct FoundBy {
  const char* name;
  const Found* found;  // of the group
};
std::vector<FoundBy> FoundByAll(const ReflectionGroup& group);

// Responses with and without as the plots compare them: by the judge, where there is one.
const WithAndWithout& Compared(const ReflectionGroup& group);

// A row for each of FoundByAll.
std::vector<std::string> FoundHead();
std::vector<std::vector<std::string>> FoundRows(const ReflectionGroup& group);

// Responses with self-reflection beside those without: a row for keywords and, with a judge, for it.
std::vector<std::string> CompareHead();
std::vector<std::vector<std::string>> CompareRows(const ReflectionGroup& group);

// The judge's categories: one row.
std::vector<std::string> CategoryHead();
std::vector<std::vector<std::string>> CategoryRows(const ReflectionGroup& group);

// What the tables mean.
extern const char kFoundExplained[], kCompareExplained[];

// In a plot: the share of questions, or of responses, over `x`; and an accuracy.
plot::XyPoint SharePoint(double x, const Found& found, bool questions);
plot::Bar AccuracyBar(const statistics::ClusteredShare& accuracy);

}  // namespace drover::analysis
