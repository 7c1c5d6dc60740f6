// Sets, tuples, intervals, matrices, units, words, and answers within prose.
#include "verifier/testing/cases.h"

namespace drover::verifier {
namespace {

TEST(Cases, SetsTuplesIntervals) {
  ExpectSame({{"1,2,3", "3,1,2"},
              {"1,2,3", "\\{3,2,1\\}"},
              {"1,2", "1 \\text{ and } 2"},
              {"1,2", "x=1, x=2"},
              {"1,2", "x=1 \\text{ or } x=2"},
              {"(1,2)", "\\left(1, 2\\right)"},
              {"(1,2)", "1,2"},
              {"\\emptyset", "\\{\\}"},
              {"1\\pm\\sqrt2", "1+\\sqrt2, 1-\\sqrt2"},
              {"\\pm 3", "3,-3"},
              {"\\{1\\pm\\sqrt5,-2\\}", "-2, 1-\\sqrt5, 1+\\sqrt5"},
              {"(0;1),(2;3)", "(2,3),(0,1)"},
              {"p=5,q=2;p=7,q=2", "(5,2),(7,2)"},
              {"100, 200, 300", "100,200,300"},
              {"[0,1)", "[0,1["},
              {"(0,1)\\cup(1,2)", "(1,2)\\cup(0,1)"},
              {"(0,2)\\setminus\\{1\\}", "(0,1)\\cup(1,2)"},
              {"[0,1]\\cup[1,2]", "[0,2]"},
              {"(2,4),(3,5)", "\\{(2,4),(3,5)\\}"},
              {"\\langle 1,2\\rangle", "(1,2)"},
              {"5", "\\{5\\}"},
              {"\\pm 2021", "{-2021, 2021}"},
              {"2,3", "2,3,3"},
              {"\\{x \\mid x > 2\\}", "(2,\\infty)"},
              {"19, 46, and 82", "19, 46, 82"},
              {"(11,7)or(7,11)", "(7,11),(11,7)"}});
  ExpectDifferent({{"1,2", "1"},
                   {"1", "1,2"},
                   {"(1,2)", "(2,1)"},
                   {"(1,2)", "[1,2]"},
                   {"[0,1)", "(0,1]"},
                   {"(1,2)", "(1,2,3)"},
                   {"\\pm 3", "3"},
                   {"3", "\\pm 3"},
                   {"2,2,3", "2,3"},
                   {"\\emptyset", "\\{0\\}"},
                   {"(0,1)\\cup(1,2)", "(0,2)"},
                   {"32349", "32, 349"},
                   {"1-\\sqrt2", "1\\pm\\sqrt2"},
                   {"(1,2)", "\\{1,2,3\\}"},
                   {"1", "-[0,1)"}});
}

TEST(Cases, Matrices) {
  ExpectSame({{"\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{bmatrix}1&2\\\\3&4\\end{bmatrix}"},
              {"\\begin{pmatrix}1\\\\2\\end{pmatrix}", "(1,2)"},
              {"\\begin{pmatrix}1/2\\\\2\\end{pmatrix}", "\\begin{pmatrix}0.5\\\\ 2 \\\\ \\end{pmatrix}"},
              {"\\begin{pmatrix}2&0\\\\0&2\\end{pmatrix}", "2\\begin{pmatrix}1&0\\\\0&1\\end{pmatrix}"},
              {"\\begin{pmatrix}7\\\\3\\end{pmatrix}",
               "\\begin{pmatrix}1&2\\\\0&1\\end{pmatrix}\\begin{pmatrix}1\\\\3\\end{pmatrix}"},
              {"-2", "\\begin{vmatrix}1&2\\\\3&4\\end{vmatrix}"},
              {"\\begin{pmatrix}1&2\\\\0&1\\end{pmatrix}^3", "\\begin{pmatrix}1&6\\\\0&1\\end{pmatrix}"},
              {"\\begin{pmatrix}1&3\\\\2&4\\end{pmatrix}", "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^T"},
              {"\\begin{array}{cc}1&2\\\\3&4\\end{array}", "\\begin{matrix}1&2\\\\3&4\\end{matrix}"}});
  ExpectDifferent({{"\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{pmatrix}1&3\\\\2&4\\end{pmatrix}"},
                   {"\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}1&2\\end{pmatrix}"},
                   {"\\begin{pmatrix}1&2\\end{pmatrix}", "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}"}});
}

TEST(Cases, UnitsTextChoicesTimes) {
  ExpectSame({{"15\\text{ cm}^2", "15\\text{ square centimeters}"},
              {"15\\text{ cm}^2", "15"},
              {"15", "15\\text{ cm}^2"},
              {"5\\text{ km}", "5000\\text{ m}"},
              {"2\\text{ hours}", "120\\text{ minutes}"},
              {"100\\text{ square units}", "100"},
              {"90^\\circ", "90"},
              {"90^\\circ", "90\\text{ degrees}"},
              {"30\\text{ mph}", "30\\text{ miles per hour}"},
              {"\\text{Evelyn}", "Evelyn"},
              {"\\text{Evelyn}", "\\textbf{Evelyn}"},
              {"\\text{east}", "East"},
              {"\\text{(C)}", "C"},
              {"C", "\\text{(C)}"},
              {"B", "B. 12 cm"},
              {"D", "(D)"},
              {"\\text{4:30 p.m.}", "16:30"},
              {"\\text{4:30 p.m.}", "4:30 PM"},
              {"\\text{March 5, 2020}", "5 March 2020"},
              {"3:4", "6:8"},
              {"3:4", "\\frac34"},
              {"17\\text{ any text}", "17"},
              {"\\text{even}", "even."},
              {"\\text{Yes}", "yes"},
              {"12:00", "12:00"}});
  ExpectDifferent({{"5\\text{ km}", "5\\text{ m}"},
                   {"3\\text{ cm}^2", "3\\text{ cm}"},
                   {"7", "7\\text{ apples and }9\\text{ pears}"},
                   {"5", "5\\text{ is wrong, }6"},
                   {"\\text{Evelyn}", "\\text{not Evelyn}"},
                   {"\\text{even}", "\\text{even or odd}"},
                   {"C", "D"},
                   {"\\text{4:30 p.m.}", "\\text{4:30 a.m.}"},
                   {"12:00", "1:00"},
                   {"3:4", "4:3"},
                   {"\\text{March 5}", "\\text{March 6}"},
                   {"5", "\\text{NaN}"},
                   {"5", "\\text{not }5"},
                   {"7\\text{ apples}", "7\\text{ pears}"},
                   {"5", "5 \\text{ or } 6"}});
}

TEST(Cases, ProseAndBoxes) {
  ExpectSame({{"5", "The answer is 5."},
              {"5", "So the answer is $5$."},
              {"C", "I think the correct answer is C"},
              {"D", "The answer is for sure D, it can't be A or B"},
              {"1000.99", "the number is not 10 which is 1,000.99€"},
              {"1,2", "\\boxed{1} and \\boxed{2}"},
              {"34", "Final Answer: The largest $n$ is 34. I hope it is correct."},
              {"9", "Answer \\[ 9 \\]"},
              {"\\boxed{32349}", "is $\\boxed{32,\\! 349}$"},
              {"25%", "soit une chance sur quatre ou 25 %"},
              {"858",
               "\xe5\x9b\xa0\xe6\xad\xa4\xe5\xbc\x97\xe5\x85\xb0\xe5\x85\x8b\xe4\xb8\x80\xe5\x85\xb1\xe6\x9c"
               "\x89**858**\xe9\xa2\x97"}});
  ExpectDifferent({{"2", "AZYUK2A"},
                   {"1,2", "\\boxed{1} no no no no no \\boxed{2}"},
                   {"5", "The answer is 6."},
                   {"C", "I think the correct answer is D"}});
}

TEST(Cases, WritingsOfMatrices) {
  const char* gold = "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}";
  ExpectSame(
      {{gold, "\\begin{pmatrix}1&2\\\\[4pt]3&4\\end{pmatrix}"},
       {gold, "\\begin{pmatrix*}[r]1&2\\\\3&4\\end{pmatrix*}"},
       {gold, "\\pmatrix{1&2\\cr3&4}"},
       {gold, "[[1,2],[3,4]]"},
       {"\\begin{pmatrix}-2&1\\\\3/2&-1/2\\end{pmatrix}", "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^{-1}"},
       {"\\begin{pmatrix}22&-10\\\\-15&7\\end{pmatrix}", "4\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^{-2}"}});
  ExpectDifferent({{gold, "[[1,3],[2,4]]"}, {gold, "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}^{-1}"}});
  // A cell is missing: no matrix, and nothing to calculate with.
  ExpectDifferent({{gold, "\\begin{pmatrix}1&2\\\\3&\\end{pmatrix}"},
                   {"5", "\\pmatrix{1&2&}^2"},
                   {"5", "\\begin{pmatrix}1&2&\\end{pmatrix}^{-2}"},
                   {"5", "\\begin{pmatrix}1&2\\\\3&\\end{pmatrix}+\\begin{pmatrix}1&2\\\\3&\\end{pmatrix}"}});
}

TEST(Cases, WordsAndUnits) {
  ExpectSame(
      {{"60\\text{ km/h}", "60 km/h"},
       {"60\\text{ km/h}", "60\\ \\frac{\\text{km}}{\\text{h}}"},
       {"9.8\\text{ m/s}^2", "9.8\\,\\mathrm{m/s^2}"},
       {"100\\text{ m}^3", "100 m^3"},
       {"12\\text{ square feet}", "12 sq ft"},
       {"15", "15 students"},
       {"£5", "5 pounds"},
       {"(1,2,3)", "P(1,2,3)"},
       {"(3,-4)", "3\\mathbf{i}-4\\mathbf{j}"},
       {"2\\hat{\\imath}+\\hat{k}+\\hat{\\jmath}", "\\langle 2,1,1\\rangle"},
       {"\\textbf{(B)} 5", "5"},
       {"5", "(B) 5"},
       {"B", "choice B"},
       {"2:3", "2 to 3"},
       {"\\text{12:00 noon}", "noon"},
       {"\\text{August 15}", "15th of August"},
       {"\\text{July 4, 1776}", "1776-07-04"},
       {"\\text{Monday}", "Mon"},
       {"2500000", "2.5\\text{ million}"},
       {"25^\\circ\\text{C}", "25°C"},
       {"5\\text{ minutes}", "5 min"},
       {"\\frac{-b\\pm\\sqrt{b^2-4ac}}{2a}", "\\frac{-b+\\sqrt{b^2-4ac}}{2a},\\frac{-b-\\sqrt{b^2-4ac}}{2a}"},
       {"1,2,\\ldots,10", "1, 2, ..., 10"},
       {"42", "**42**"},
       {"42", "Answer: 42"},
       {"\\text{parallelogram}", "a parallelogram"},
       {"\\text{Alice and Bob}", "Bob, Alice"},
       {"\\text{does not exist}", "DNE"},
       {"\\emptyset", "\\text{no solution}"},
       {"\\mathbb{R}", "\\text{all real numbers}"}});
  ExpectDifferent({{"60\\text{ km/h}", "60 m/s"},
                   {"100", "100 m"},
                   {"(3,-4)", "3\\mathbf{i}+4\\mathbf{j}"},
                   {"(3,4)", "3+4i"},
                   {"2.5", "2.5\\text{ million}"},
                   {"25^\\circ\\text{C}", "25^\\circ\\text{F}"},
                   {"\\textbf{(B)} 5", "(A) 5"},
                   {"5", "(B) 6"},
                   {"(b)^4", "(b)^3"},
                   {"(A)+1", "(A)+2"},
                   {"(A) - 1", "(A) - 2"},
                   {"\\text{Monday}", "Monda"},
                   {"\\text{Alice and Bob}", "Alice, Carol"},
                   {"\\text{July 4, 1776}", "1776-07-05"}});
}

}  // namespace
}  // namespace drover::verifier
