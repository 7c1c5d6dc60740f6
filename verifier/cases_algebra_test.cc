// Constants, formulas with symbols, equations and inequalities.
#include "verifier/testing/cases.h"

namespace drover::verifier {
namespace {

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

// What a radical field or a sign decides exactly, and what only balls did before.
TEST(Cases, SignsAndPowers) {
  ExpectSame({{"\\sqrt{15}+\\sqrt{27}-30", "-\\left|\\sqrt{15}+\\sqrt{27}-30\\right|"},
              {"\\pi-4", "-\\sqrt{(\\pi-4)^2}"},
              {"\\ln 19+\\sqrt{37}", "\\ln\\left(e^{\\ln 19+\\sqrt{37}}\\right)"},
              {"\\frac{\\sqrt[3]{11}}{4+\\sqrt{43}}", "\\left|\\frac{\\sqrt[3]{11}}{4+\\sqrt{43}}\\right|"},
              {"4i", "4\\operatorname{cis}\\frac{\\pi}{2}"},
              {"\\varphi+1", "1+\xcf\x86"},
              {"f'(x)", "f^{\\prime}(x)"}});
  ExpectDifferent({{"\\pi-4", "\\sqrt{(\\pi-4)^2}"}, {"4i", "4\\operatorname{cis}\\pi"}});
}

TEST(Cases, Conclusions) {
  ExpectSame({{"x=5", "\\therefore x=5"},
              {"x=5", "2x=10 \\Rightarrow x=5"},
              {"x=5", "x:=5"},
              {"5", "\\text{So }x=5"},
              {"1,2", "x_1=1,x_2=2"},
              {"x>3", "x&gt;3"},
              {"x>3", "\\{x\\in\\mathbb{R}:x>3\\}"},
              {"[-1,4)", "x \\geq -1, x<4"},
              {"(-\\infty,1)\\cup(2,\\infty)", "x<1, x>2"},
              {"x\\neq 2", "\\mathbb{R}-\\{2\\}"},
              {"x\\neq 2", "x\\not=2"}});
  ExpectDifferent({{"x_1=5", "x_2=5"},
                   {"5", "5\\sim 6"},
                   {"x=5", "x=5 \\Rightarrow y=6"},
                   {"[-1,4)", "x \\geq -1 \\text{ or } x<4"}});
}

}  // namespace
}  // namespace drover::verifier
