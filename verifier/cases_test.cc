// A few hundred pairs of our own, by kind: what is the same answer and what is not.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "verifier/grader.h"

namespace drover::verifier {
namespace {

struct Pair {
  const char* gold;
  const char* response;
};

Verdict GradePair(const Pair& pair) {
  GradeRequest request;
  request.golds = {pair.gold};
  request.response = pair.response;
  request.already_extracted = true;
  return Grade(request);
}

void ExpectSame(const std::vector<Pair>& pairs) {
  for (const Pair& pair : pairs) {
    const Verdict verdict = GradePair(pair);
    EXPECT_EQ(verdict.reward, 1) << pair.gold << "   |   " << pair.response << "   |   "
                                 << ReasonName(verdict.reason);
  }
}

void ExpectDifferent(const std::vector<Pair>& pairs) {
  for (const Pair& pair : pairs) {
    const Verdict verdict = GradePair(pair);
    EXPECT_EQ(verdict.reward, 0) << pair.gold << "   |   " << pair.response << "   |   "
                                 << ReasonName(verdict.reason);
  }
}

TEST(Cases, Integers) {
  ExpectSame({{"54", "54"},
              {"54", "+54"},
              {"-3", "\\left(-3\\right)"},
              {"12", "3\\cdot 4"},
              {"12", "3 \\times 4"},
              {"7", "07"},
              {"1000000", "10^6"},
              {"1000000", "1,000,000"},
              {"1000000", "1\\,000\\,000"},
              {"1000000", "1{,}000{,}000"},
              {"1000000", "1 000 000"},
              {"2^{70}", "1180591620717411303424"},
              {"720", "6!"},
              {"105", "7!!"},
              {"4", "\\lfloor 4.7 \\rfloor"},
              {"5", "\\lceil 4.2 \\rceil"},
              {"3", "|-3|"},
              {"6", "\\gcd(12, 18)"},
              {"36", "\\operatorname{lcm}(12, 18)"},
              {"10", "{5 \\choose 2}"},
              {"3", "\\sqrt[3]{27}"},
              {"-2", "\\sqrt[3]{-8}"},
              {"8", "4^{3/2}"},
              {"5", "\\max(2, 5, 3)"}});
  ExpectDifferent({{"54", "45"},
                   {"54", "-54"},
                   {"54", "5.4"},
                   {"1000", "1"},
                   {"1234", "1,23,4"},
                   {"2^{70}", "1180591620717411303425"},
                   {"20!", "2432902008176640001"},
                   {"5", ""},
                   {"5", "5 5"},
                   {"55", "5, 5"},
                   {"2^{10}", "210"},
                   {"2^{n+1}", "2^n+1"}});
}

TEST(Cases, FractionsAndDecimals) {
  ExpectSame({{"\\frac{1}{2}", "0.5"},
              {"\\frac{1}{2}", "\\frac12"},
              {"\\frac{1}{2}", ".5"},
              {"\\frac{1}{2}", "½"},
              {"\\frac{1}{2}", "\\cfrac{1}{2}"},
              {"\\frac{3}{4}", "75\\%"},
              {"\\frac{6}{4}", "1\\frac{1}{2}"},
              {"1\\frac{1}{2}", "1 1/2"},
              {"-1\\frac{1}{2}", "-\\frac{3}{2}"},
              {"\\frac{1}{3}", "0.\\overline{3}"},
              {"\\frac{1}{6}", "0.1\\overline{6}"},
              {"\\frac{1}{7}", "0.(142857)"},
              {"\\frac{1}{3}", "0.333\\ldots"},
              {"\\frac{1}{3}", "0.333..."},
              {"\\frac{a}{b}", "a/b"},
              {"0.577", "\\frac{\\sqrt{3}}{3}"},
              {"3.14", "\\pi"},
              {"\\frac{1}{12}", "0.0833333333333333"},
              {"1.5", "1{,}5"},
              {"0,5", "0.5"},
              {"1234.5", "1.234,5"},
              {"1234.5", "1,234.5"},
              {"\\frac{22}{7}", "22 \\div 7"},
              {"0.25", "2^{-2}"}});
  ExpectDifferent({{"\\frac{1}{3}", "0.33"},
                   {"\\frac{1}{3}", "0.3333"},
                   {"\\frac{79}{128}", "0.6171876"},
                   {"28.8", "28.81"},
                   {"28.8", "\\frac{2881}{100}"},
                   {"0.577", "0.5773"},
                   {"0.577", "0.578"},
                   {"\\frac{1}{2^{64}}", "\\frac{1}{2^{63}}"},
                   {"\\frac{1}{2}", "\\frac{2}{1}"},
                   {"\\frac{1}{2}", "12"},
                   {"0.5", "0.5\\%"},
                   {"\\pi", "3.14"},
                   {"1\\frac{1}{2}", "\\frac{11}{2}"},
                   {"\\frac{1}{3}", "0.3\\overline{4}"}});
}

TEST(Cases, ScientificPercentCurrency) {
  ExpectSame({{"4.5\\times 10^{33}", "4.5e33"},
              {"4.5\\times10^{-7}", "0.00000045"},
              {"3E6", "3000000"},
              {"6.02 \\cdot 10^{23}", "602000000000000000000000"},
              {"50\\%", "50"},
              {"50\\%", "0.5"},
              {"50\\%", "50 percent"},
              {"50\\%", "50\\text{ percent}"},
              {"\\$18.90", "18.9"},
              {"\\$5", "5 dollars"},
              {"\\$5", "500\\text{ cents}"},
              {"\\$1,250", "\\$1250.00"},
              {"\\text{€}5", "€5"},
              {"5", "\\$5"}});
  ExpectDifferent({{"4.5\\times 10^{33}", "4.5e32"},
                   {"50\\%", "5\\%"},
                   {"50\\%", "500"},
                   {"\\$5", "5\\text{ cents}"},
                   {"\\$5", "€5"},
                   {"10^{-10}", "10^{-11}"},
                   {"10^{-10}", "0"}});
}

TEST(Cases, BasesAndModuli) {
  ExpectSame({{"204_5", "204_{5}"},
              {"101_2", "5"},
              {"2A_{16}", "42"},
              {"101_{\\text{two}}", "101_2"},
              {"3 \\pmod 5", "3 \\pmod{5}"},
              {"x \\equiv 3 \\pmod 5", "3 \\pmod 5"},
              {"3 \\pmod 5", "8 \\pmod 5"},
              {"3", "3 \\pmod 5"},
              {"x \\equiv 2 \\pmod{7}", "x \\equiv 9 \\pmod{7}"}});
  ExpectDifferent(
      {{"52_8", "52_9"}, {"204_5", "204"}, {"3 \\pmod 5", "3 \\pmod 7"}, {"3 \\pmod 5", "4 \\pmod 5"}});
}

TEST(Cases, Radicals) {
  ExpectSame({{"3\\sqrt{13}", "\\sqrt{117}"},
              {"3\\sqrt{13}", "3√13"},
              {"\\frac{\\sqrt{2}}{2}", "\\frac{1}{\\sqrt{2}}"},
              {"\\sqrt{5+2\\sqrt{6}}", "\\sqrt{2}+\\sqrt{3}"},
              {"\\frac{1}{\\sqrt{3}-\\sqrt{2}}", "\\sqrt{3}+\\sqrt{2}"},
              {"\\sqrt[3]{16}", "2\\sqrt[3]{2}"},
              {"2^{1/3}4^{1/3}", "2"},
              {"\\sqrt[4]{9}", "\\sqrt{3}"},
              {"\\frac{1+\\sqrt{5}}{2}", "\\frac{2}{\\sqrt{5}-1}"},
              {"\\sqrt{7-4\\sqrt{3}}", "2-\\sqrt{3}"},
              {"\\sqrt[3]{7+5\\sqrt{2}}", "1+\\sqrt{2}"},
              {"\\sqrt{-4}", "2i"},
              {"\\sqrt{12}\\sqrt{3}", "6"},
              {"\\sqrt{2+\\sqrt{3}}", "\\frac{\\sqrt{6}+\\sqrt{2}}{2}"},
              {"\\sqrt{10+\\sqrt{24}+\\sqrt{40}+\\sqrt{60}}", "\\sqrt2+\\sqrt3+\\sqrt5"}});
  ExpectDifferent({{"3\\sqrt[3]{2}", "3\\sqrt{2}"},
                   {"\\sqrt{2}+\\sqrt{3}", "\\sqrt{5}"},
                   {"10^{10}", "\\sqrt{10^{20}+1}"},
                   {"\\sqrt{2}", "1.4142"},
                   {"\\sqrt{2}", "-\\sqrt{2}"},
                   {"2\\sqrt{3}", "3\\sqrt{2}"},
                   {"10^{1000}", "\\sqrt{10^{2000}+1}"},
                   {"\\sqrt{1000001}-1000", "0"}});
}

TEST(Cases, Transcendental) {
  ExpectSame({{"\\frac{2\\pi}{3}", "120^\\circ"},
              {"\\frac{\\pi}{4}", "\\arctan 1"},
              {"\\ln 8", "3\\ln 2"},
              {"2", "\\log_3 9"},
              {"\\frac{2}{3}", "\\log_8 4"},
              {"\\log_{10} 2", "\\frac{\\ln 2}{\\ln 10}"},
              {"\\log 100", "2"},
              {"\\log 8", "3\\log 2"},
              {"e^{2\\ln 3}", "9"},
              {"e^{i\\pi}", "-1"},
              {"\\frac{1}{2}", "\\sin 30^\\circ"},
              {"\\frac{1}{2}", "\\cos\\frac{\\pi}{3}"},
              {"\\sqrt{3}", "\\tan 60^{\\circ}"},
              {"\\frac{\\sqrt{5}-1}{4}", "\\sin 18^\\circ"},
              {"\\frac{1}{8}", "\\cos 20^\\circ\\cos 40^\\circ\\cos 80^\\circ"},
              {"\\pi", "\\arccos(-1)"},
              {"\\cosh(0)", "1"},
              {"\\sin^2 1 + \\cos^2 1", "1"},
              {"\\sqrt{e}", "e^{1/2}"},
              {"1-\\frac1e", "\\frac{e-1}{e}"},
              {"\\frac{\\pi^2}{6}", "\\pi^2/6"},
              {"\\sin^{-1}(1)", "\\frac{\\pi}{2}"},
              {"4\\arctan\\frac15-\\arctan\\frac1{239}", "\\frac{\\pi}{4}"}});
  ExpectDifferent({{"\\ln 8", "4\\ln 2"},
                   {"\\pi", "\\frac{355}{113}"},
                   {"e^{\\pi\\sqrt{163}}", "262537412640768744"},
                   {"e^3", "3^e"},
                   {"0", "\\sin(\\pi\\cdot 10^{-20})"},
                   {"\\ln 2", "\\log_{10} 2"},
                   {"\\pi^2", "10"},
                   {"0", "\\sin(10^{100})"}});
}

TEST(Cases, Complex) {
  ExpectSame({{"3+4i", "4i+3"},
              {"3+4i", "3+4\\mathrm{i}"},
              {"\\frac{1}{1+i}", "\\frac{1-i}{2}"},
              {"5", "|3+4i|"},
              {"-1", "i^2"},
              {"-i", "\\frac{1}{i}"},
              {"(1+i)^2", "2i"},
              {"e^{i\\pi/3}", "\\frac{1}{2}+\\frac{\\sqrt3}{2}i"}});
  ExpectDifferent({{"3+4i", "3-4i"}, {"3+4i", "4+3i"}, {"5i", "5"}, {"i", "1"}});
}

TEST(Cases, Polynomials) {
  ExpectSame({{"x^2+2x+1", "(x+1)^2"},
              {"x^2-y^2", "(x-y)(x+y)"},
              {"ab", "ba"},
              {"2x", "x\\cdot 2"},
              {"x^2", "x²"},
              {"x^2+2*x+1", "x^{2} + 2x + 1"},
              {"\\frac{x^2-1}{x-1}", "x+1"},
              {"5x^{-2}", "\\frac{5}{x^2}"},
              {"\\frac{1}{x}+\\frac{1}{y}", "\\frac{x+y}{xy}"},
              {"(1+x)^{100000}-(1+x)^{100000}", "0"},
              {"x^{10}-1", "(x-1)(x^9+x^8+x^7+x^6+x^5+x^4+x^3+x^2+x+1)"},
              {"\\alpha+\\beta", "\\beta+\\alpha"},
              {"x_1+x_2", "x_{2}+x_{1}"},
              {"(a+b)^3", "a^3+3a^2b+3ab^2+b^3"}});
  ExpectDifferent({{"x^2", "x^3"},
                   {"x", "y"},
                   {"x", "X"},
                   {"x_1", "x_2"},
                   {"ab", "a+b"},
                   {"(1+x)^{10000}", "(1+x)^{10000}+1"},
                   {"2x", "x^2"},
                   {"(a+5)(b+2)", "(+5)(b+2)"},
                   {"x+10^{-60}", "x"}});
}

TEST(Cases, Functions) {
  ExpectSame({{"\\tan^2 y + 1", "\\sec^2 y"},
              {"\\sin 2x", "2\\sin x\\cos x"},
              {"\\cos(2x)", "1-2\\sin^2 x"},
              {"e^{-at}", "\\frac{1}{e^{at}}"},
              {"\\ln(x^2)", "2\\ln |x|"},
              {"\\sqrt{x^2}", "|x|"},
              {"x^{2/3}", "\\sqrt[3]{x}^2"},
              {"f(x+1)", "f(1+x)"},
              {"(-1)^n", "\\cos(n\\pi)"},
              {"n!", "n\\cdot (n-1)!"},
              {"2^{n+1}", "2\\cdot 2^n"},
              {"\\binom{n}{2}", "\\frac{n(n-1)}{2}"},
              {"\\frac{c}{\\sqrt2}", "\\frac{\\sqrt2 c}{2}"},
              {"\\frac{1}{2}\\ln\\frac{1+x}{1-x}", "\\operatorname{artanh}(x)"},
              {"\\log_2 x", "\\frac{\\ln x}{\\ln 2}"},
              {"\\sum_{k=1}^{10} k", "55"},
              {"\\int_0^1 x^2 dx", "\\int_0^1 x^{2}dx"}});
  ExpectDifferent({{"\\sqrt{x^2}", "x"},
                   {"\\sin x", "\\cos x"},
                   {"\\sin 2x", "2\\sin x"},
                   {"f(x)", "g(x)"},
                   {"f(x)", "f(y)"},
                   {"e^{x}", "e^{-x}"},
                   {"\\ln x", "\\log_2 x"},
                   {"n!", "(n+1)!"},
                   {"|x|", "x"},
                   {"(-1)^n", "1"},
                   {"F_n = \\sum_{k=0}^{n-1} F_k", "F_n = \\sum_{k=0}^{n-2} F_k"}});
}

TEST(Cases, EquationsAndInequalities) {
  ExpectSame({{"x=5", "5"},
              {"5", "x = 5"},
              {"5", "5 = x"},
              {"y=2x+3", "2y=4x+6"},
              {"y=2x+3", "y-2x-3=0"},
              {"f(x)=x+1", "x+1"},
              {"f(x)=x+1", "y = x+1"},
              {"x^2/4+y^2/3=1", "3x^2+4y^2=12"},
              {"x=11", "x = 5+5+1 = 11"},
              {"5", "2+3=5"},
              {"x<3", "(-\\infty,3)"},
              {"(-\\infty,3)", "x<3"},
              {"x \\ge 5", "5 \\le x"},
              {"x<1", "-x>-1"},
              {"x \\in [2,3)", "2 \\le x < 3"},
              {"|x|<2", "(-2,2)"},
              {"x \\neq 3", "(-\\infty,3)\\cup(3,\\infty)"},
              {"(-\\infty,1)\\cup(2,\\infty)", "x<1 \\text{ or } x>2"},
              {"f(2)<f(1)<f(4)", "f(4)>f(1)>f(2)"},
              {"(p,q)=(3,2)", "(3,2)"},
              {"V_1:V_2=11:21", "11:21"},
              {"\\frac{\\sqrt3}{3}\\approx 0.577", "\\frac{1}{\\sqrt3}"},
              {"\\text{Area}=12", "12"},
              {"AB=4", "4"},
              {"m\\angle A = 30^\\circ", "30"},
              {"\\mathbb{R}", "(-\\infty,\\infty)"}});
  ExpectDifferent({{"x=5", "x=6"},
                   {"x=5", "6"},
                   {"y=2x+3", "y=3x+3"},
                   {"y=2x+3", "x=2y+3"},
                   {"5", "6 = 7"},
                   {"12", "12=13"},
                   {"x<3", "x>3"},
                   {"x<3", "x \\le 3"},
                   {"(1,2)", "1 \\le x < 2"},
                   {"a+3z=0", "0"},
                   {"x^2+y^2=25", "x^2+y^2=5"},
                   {"5", "4<x<6"},
                   {"x=5", "y=5"},
                   {"f(2)<f(1)", "f(1)<f(2)"},
                   {"2x+z=1", "1"}});
}

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

TEST(Cases, Options) {
  Options european{.european_decimals = true};
  const auto same = [](const char* gold, const char* response, const Options& options) {
    return Grade({.golds = {gold}, .response = response, .already_extracted = true}, options).reward == 1;
  };
  EXPECT_TRUE(same("1234.5", "1.234,5", european) || same("1234,5", "1.234,5", european));
  EXPECT_TRUE(same("1,5", "\\frac{3}{2}", european));
  EXPECT_TRUE(same("0,404", "\\frac{101}{250}", european));
  EXPECT_FALSE(same("1,5", "\\frac{15}{1}", european));
  EXPECT_TRUE(same("(\\frac35,\\frac83]", "(0.6,2.6667]", Options{.rounding_digits = 2}));
  EXPECT_FALSE(same("(\\frac35,\\frac83]", "(0.6,2.6667]", Options{}));
  EXPECT_FALSE(same("1, 2", "2, 1", Options{.ordered_lists = true}));
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

}  // namespace
}  // namespace drover::verifier
