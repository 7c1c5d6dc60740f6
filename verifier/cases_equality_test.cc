// Equality by argument: kinks, domains, integers, letters before brackets, chains, inequalities. Names and numbers are of no
// file of cases.
#include <gtest/gtest.h>

#include <string>

#include "verifier/grader.h"
#include "verifier/testing/cases.h"

namespace drover::verifier {
namespace {

Reason ReasonOf(const char* gold, const char* answer) {
  return Grade({.golds = {gold}, .response = answer, .already_extracted = true}).reason;
}

TEST(Equality, KinksOutsideOfAnySample) {
  ExpectSame({{"|w-40|", "|40-w|"},
              {"|x^2-9|", "|x-3||x+3|"},
              {"|u|", "\\sqrt{u^2}"},
              {"\\max(p,q)", "\\frac{p+q+|p-q|}{2}"},
              {"\\max(t,-t)", "|t|"},
              {"\\max(a,b)+\\min(a,b)", "a+b"},
              {"x^2+4", "|x^2+4|"},
              {"a^2+ab+b^2", "|a^2+ab+b^2|"},
              {"|2s-90|", "2|s-45|"},
              {"\\frac{|m|}{m}", "\\operatorname{sgn}(m)"},
              {"\\sqrt{z^2-22z+121}", "|z-11|"},
              {"\\lfloor x+7\\rfloor", "\\lfloor x\\rfloor+7"}});
  ExpectDifferent({{"40-w", "|w-40|"},
                   {"w-5000", "|w-5000|"},
                   {"x^2-10^6", "|x^2-10^6|"},
                   {"31", "|x-14|+|x+17|"},
                   {"u", "\\max(u,-10^5)"},
                   {"u", "\\min(u,10^{12})"},
                   {"-1", "\\frac{|v-2000|}{v-2000}"},
                   {"1", "\\operatorname{sgn}(x^2-10^{-20})"},
                   {"0", "\\lfloor x^4/10^6\\rfloor"},
                   {"0", "|x-300.5|-|300-x|-|x-301|+|x-300|+0.5-0.5"},
                   {"u", "\\sqrt{u^2}"},
                   {"x+700", "\\sqrt{x^2+1400x+490000}"},
                   {"x", "\\arcsin(\\sin x)"},
                   {"a-b", "|a-b|"}});
}

// A cell of one millionth between two kinks.
TEST(Equality, NoCellIsTooSmall) {
  ExpectDifferent({{"2x-2000.000001", "|x-1000|+|x-1000.000001|"}, {"0", "\\max(0,1-10^6|x-77|)"}});
}

TEST(Equality, SymbolsAreReal) {
  ExpectSame({{"(-1)^k", "\\cos(k\\pi)"},
              {"\\cos(\\pi n)", "(-1)^n"},
              {"(-1)^{j+1}", "-(-1)^j"},
              {"(-3)^n", "(-1)^n3^n"},
              {"n!", "n(n-1)!"},
              {"\\frac{(n+2)!}{n!}", "n^2+3n+2"},
              {"\\binom{m}{3}", "\\frac{m(m-1)(m-2)}{6}"}});
  ExpectDifferent({{"0", "\\sin(\\pi w)"},
                   {"1", "\\cos(2\\pi w)"},
                   {"0", "\\sin(n\\pi)"},
                   {"w", "w(-1)^{2w}"},
                   {"g(w)=w", "g(w)=w+\\sin(4\\pi w)"},
                   {"2^n", "2^n\\cos(2\\pi n)"},
                   {"(-1)^n", "1"}});
}

TEST(Equality, CircularAndExponential) {
  ExpectSame(
      {{"2\\cos(\\pi t+\\pi/3)", "\\cos(\\pi t)-\\sqrt3\\sin(\\pi t)"},
       {"\\cos(\\omega t+\\frac{\\pi}{5})", "\\cos\\omega t\\cos 36^\\circ-\\sin\\omega t\\sin 36^\\circ"},
       {"\\sin 5a", "16\\sin^5a-20\\sin^3a+5\\sin a"},
       {"\\tan(a+b)", "\\frac{\\tan a+\\tan b}{1-\\tan a\\tan b}"},
       {"|\\sin b|", "\\sqrt{1-\\cos^2b}"},
       {"\\sqrt{2+2\\cos c}", "2|\\cos\\frac c2|"},
       {"\\cos(2\\arcsin y)", "1-2y^2"},
       {"\\sinh 2x", "2\\sinh x\\cosh x"},
       {"9^n", "3^{2n}"},
       {"x^a x^{-b}", "x^{a-b}"},
       {"e^{i\\theta}", "\\cos\\theta+i\\sin\\theta"},
       {"|p+qi|", "\\sqrt{p^2+q^2}"},
       {"w\\overline{w}", "|w|^2"}});
  ExpectDifferent({{"2\\cos(\\pi t+\\pi/3)", "\\cos(\\pi t)+\\sqrt3\\sin(\\pi t)"},
                   {"\\sqrt{2+2\\cos c}", "2\\cos\\frac c2"},
                   {"\\sin 5a", "16\\sin^5a-20\\sin^3a+6\\sin a"}});
}

TEST(Equality, LogarithmsAndRoots) {
  ExpectSame({{"\\ln(y^2)", "2\\ln|y|"},
              {"\\ln\\frac pq", "\\ln p-\\ln q"},
              {"\\ln(x^2-4)", "\\ln(x-2)+\\ln(x+2)"},
              {"\\sqrt{pq}", "\\sqrt p\\sqrt q"},
              {"\\frac{1}{\\sqrt{x+3}-\\sqrt x}", "\\frac{\\sqrt{x+3}+\\sqrt x}{3}"},
              {"\\frac{a-b}{a^{2/3}+a^{1/3}b^{1/3}+b^{2/3}}", "\\sqrt[3]a-\\sqrt[3]b"},
              {"x^{1/n}", "\\sqrt[n]{x}"},
              {"\\operatorname{arsinh} x", "\\ln(x+\\sqrt{1+x^2})"}});
  // The response has no value where the gold has one, and the gold needs no symbol to be positive.
  ExpectDifferent({{"|x-8|", "(\\sqrt{8-x})^2"},
                   {"|y|", "(\\sqrt y)^2"},
                   {"|y|", "y+0\\cdot\\sqrt y"},
                   {"\\ln|y|", "\\ln y"},
                   {"|y|+\\sqrt z", "\\frac{y\\sqrt y}{\\sqrt y}+\\sqrt z"},
                   {"\\ln(y^2)", "\\ln(y^2)+0\\cdot\\ln(50-y)"}});
}

TEST(Equality, Constants) {
  ExpectSame({{"\\tan\\frac{3\\pi}{11}+4\\sin\\frac{2\\pi}{11}", "\\sqrt{11}"},
              {"\\cos\\frac{\\pi}{7}-\\cos\\frac{2\\pi}{7}+\\cos\\frac{3\\pi}{7}", "\\frac12"},
              {"\\sqrt{2+\\sqrt{2+\\sqrt2}}", "2\\cos\\frac{\\pi}{16}"},
              {"\\arctan2+\\arctan3", "\\frac{3\\pi}{4}"},
              {"\\arcsin\\frac5{13}+\\arcsin\\frac{12}{13}", "\\frac\\pi2"},
              {"\\ln(3+2\\sqrt2)", "-2\\ln(\\sqrt2-1)"},
              {"2\\pi\\cos\\frac\\pi5", "\\frac{\\pi(1+\\sqrt5)}{2}"},
              {"5525", "\\sum_{k=1}^{25}k^2"},
              {"\\sum_{j=0}^{8}\\binom8j", "256"},
              {"\\gcd(m,n)+\\arccos(\\cos2)", "{\\gcd(m,n)+\\arccos(\\cos2)}"}});
  ExpectDifferent({{"\\sqrt{2+\\sqrt{2+\\sqrt2}}", "2\\cos\\frac{\\pi}{16}+10^{-300}"},
                   {"\\arctan2+\\arctan3", "-\\frac{\\pi}{4}"},
                   {"\\pi", "\\pi+10^{-2000}"}});
}

// All digits that were looked at agree, and nothing proves that they all do: no reward.
TEST(Equality, AgreeingDigitsAloneAreUndecided) {
  EXPECT_EQ(ReasonOf("\\sin x", "\\sin x+10^{-400}"), Reason::kUndecided);
  EXPECT_EQ(ReasonOf("\\arccos(\\cos 2)", "2"), Reason::kUndecided);
  EXPECT_EQ(ReasonOf("|x-3|", "|3-x|"), Reason::kEqualExact);
  EXPECT_EQ(ReasonOf("(1+x)^{90001}-1", "(x+1)^{90001}-1"), Reason::kEqualNumeric);
}

TEST(Equality, LettersBeforeBrackets) {
  ExpectSame({{"Q(0)e^{-st}", "Q(0)\\exp(-st)"},
              {"k(k+2)", "k^2+2k"},
              {"a(b+c)", "ab+ac"},
              {"mg(1-\\mu)", "mg-\\mu mg"},
              {"S(n)=3S(n/2)+n", "S(n)=n+3S(n/2)"},
              {"V(t)^2", "V(t)V(t)"},
              {"q(x)=x^3", "x^3"},
              {"x^3", "q(x)=x^3"},
              {"g(x)=x^2+a", "g(t)=a+t^2"},
              {"P(B\\cup C)=0.7", "0.7"},
              {"P(X|Y)=\\frac25", "\\frac25"},
              {"\\cos B=\\frac14", "\\frac14"},
              {"g^{-1}(8)=2", "2"},
              {"2", "g^{-1}(8)=2"}});
  ExpectDifferent({{"Q(0)e^{-st}", "0"},
                   {"0", "w(0)"},
                   {"0", "5w(0)-w(0)^2"},
                   {"Q(0)e^{st}", "R(0)e^{st}"},
                   {"w(1)", "w(2)"},
                   {"8w", "w(3)+5w"},
                   {"g(3)=5", "g(4)=5"},
                   {"g(x)=x^2+t", "g(t)=t^2+t"},
                   {"g(x)=x^2+t", "g(t)=x^2+t"},
                   {"g(x)=x^2", "h(t)=t^2"},
                   {"P(A)=0.3", "P(B)=0.3"}});
}

TEST(Equality, Chains) {
  ExpectSame({{"8", "w=3+5=8"}, {"16\\pi", "A=\\pi r^2=16\\pi"}, {"\\frac17", "w=\\frac17\\approx0.14"}});
  ExpectDifferent({{"8", "w=9=8"},
                   {"\\frac13", "P=0.2=\\frac13"},
                   {"8", "w=1=2=8"},
                   {"w^3", "g(w)=w^2=w^3"},
                   {"w=4", "4=4"},
                   {"8", "w=8\\approx 9"}});
}

TEST(Equality, InequalitiesAsSets) {
  ExpectSame({{"(-3,11)", "|x-4|<7"},
              {"y^2<25", "(-5,5)"},
              {"(-\\infty,-3]\\cup[3,\\infty)", "t^4\\ge81"},
              {"[2-\\sqrt3,2+\\sqrt3]", "x^2-4x+1\\le0"},
              {"(-\\infty,-1]\\cup(4,\\infty)", "\\frac{x+1}{x-4}\\ge0"},
              {"(\\sqrt[3]{7},\\infty)", "x^3>7"},
              {"[0,5]", "|x|+|x-5|\\le5"},
              {"(2-\\sqrt5,2+\\sqrt5)", "|x-2|<\\sqrt5"},
              {"\\mathbb{R}", "x^2\\ge0"},
              {"x<0 \\text{ or } 2\\le x\\le 6", "(x<0 \\text{ or } x\\ge 2) \\text{ and } x\\le 6"},
              {"(-5,-2)\\cup(2,5)", "2<|x|<5"}});
  ExpectDifferent({{"(-3,11)", "|x-4|\\le7"},
                   {"(-\\infty,-1]\\cup[4,\\infty)", "\\frac{x+1}{x-4}\\ge0"},
                   {"x>5", "x^2>25"},
                   {"x<3", "y<3"},
                   {"a+b\\le2", "-a-b\\le-2"}});
}

TEST(Equality, ModuliAndSets) {
  ExpectSame({{"x \\equiv 5 \\pmod{36}", "x \\equiv 5 (mod 36)"},
              {"x \\equiv 5 \\pmod{36}", "x \\equiv 5 \\mod 36"},
              {"x \\equiv 5 \\pmod{36}", "x \\equiv 41 \\bmod 36"},
              {"x \\equiv 5 \\pmod{36}", "x \xe2\x89\xa1 5 (\\text{mod } 36)"},
              {"9", "3^{10} \\bmod 12"},
              {"\\{4,4,9\\}", "\\{4,9\\}"},
              {"\\{\\frac12,3\\}", "\\{0.5,3,\\frac24\\}"}});
  ExpectDifferent({{"x \\equiv 5 \\pmod{36}", "x \\equiv 5 \\pmod{3}"},
                   {"x \\equiv 5 \\pmod{36}", "x \\equiv 6 (mod 36)"},
                   {"\\{4,4,9\\}", "\\{4,8\\}"},
                   {"4,4,9", "4,9"}});
}

TEST(Equality, TheSameVerdictWhateverTheKey) {
  for (int i = 0; i < 40; ++i) {  // spaces change the key of the points
    const std::string space(static_cast<size_t>(i), ' ');
    EXPECT_EQ(ReasonOf("x+900", ("\\left|x+900\\right|" + space).c_str()), Reason::kDifferent);
    EXPECT_EQ(ReasonOf("\\sin 2a", ("2\\sin a" + space + "\\cos a").c_str()), Reason::kEqualExact);
  }
}

}  // namespace
}  // namespace drover::verifier
