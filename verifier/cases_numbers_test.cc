// Numbers in all writings: what is the same and what is not.
#include "verifier/testing/cases.h"

namespace drover::verifier {
namespace {

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
                   {"0,5", "0.5"},  // an unspaced pair is a list
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

TEST(Cases, Options) {
  Options european{.european_decimals = true};
  const auto same = [](const char* gold, const char* response, const Options& options) {
    return Grade({.golds = {gold}, .response = response, .already_extracted = true}, options).reward == 1;
  };
  EXPECT_TRUE(same("1234.5", "1.234,5", european) || same("1234,5", "1.234,5", european));
  EXPECT_TRUE(same("1,5", "\\frac{3}{2}", european));
  EXPECT_TRUE(same("0,404", "\\frac{101}{250}", european));
  EXPECT_TRUE(same("0,\\overline{3}", "\\frac{1}{3}", european));
  EXPECT_FALSE(same("1,5", "\\frac{15}{1}", european));
  EXPECT_TRUE(same("(\\frac35,\\frac83]", "(0.6,2.6667]", Options{.rounding_digits = 2}));
  EXPECT_FALSE(same("(\\frac35,\\frac83]", "(0.6,2.6667]", Options{}));
  EXPECT_FALSE(same("1, 2", "2, 1", Options{.ordered_lists = true}));
}

TEST(Cases, WritingsOfNumbers) {
  ExpectSame({{"1234567", "1\\;234\\;567"},
              {"1234567", "1,234,\\!567"},
              {"1234567", "1'234'567"},
              {"1234567", "1\\text{,}234\\text{,}567"},
              {"3\\frac{1}{2}", "3 \\frac 1 2"},
              {"\\frac{1}{3}", "0.\\bar3"},
              {"\\frac{1}{3}", ".\\overline{3}"},
              {"\\frac{41}{333}", "0.\\dot{1}2\\dot{3}"},
              {"\\frac{7}{12}", "0.58333..."},
              {"\\pi", "3.14159265358979323846..."},
              {"6.02\\times10^{23}", "6.02 x 10^{23}"},
              {"-30^\\circ", "-30"},
              {"45^\\circ", "45^o"},
              {"45^\\circ", "45{}^\\circ"},
              {"-\\$5", "\\$-5"},
              {"\\$12.50", "USD 12.50"},
              {"\\$12.50", "US\\$12.50"},
              {"25\\%", "25 per cent"},
              {"5", "3+2"},
              {"5", "8+-3"},
              {"3\\pm\\sqrt2", "3 +- sqrt(2)"},
              {"\\frac{3}{8}", "\\genfrac{}{}{}{}{3}{8}"},
              {"\\frac{x}{2}", "x \\over 2"},
              {"\\sqrt[3]{5}", "\\root 3 \\of 5"}});
  ExpectDifferent({{"10!", "10"},
                   {"5", "5!"},
                   {"5", "5..."},
                   {"23", "2*3"},
                   {"1,234", "1.234"},
                   {"227389", "227,389,-56"},
                   {"12",
                    "1\xe2\x80\x8b"
                    "2"}});
}

TEST(Cases, WritingsOfBases) {
  ExpectSame({{"1011_2", "(1011)_2"},
              {"1011_2", "{1011}_{2}"},
              {"1011_2", "1011_{(2)}"},
              {"2A_{16}", "2a_{16}"},
              {"2A_{16}", "\\text{2A}_{16}"},
              {"48879", "\\text{BEEF}_{16}"},
              {"AB_{12}", "131"},
              {"204_5", "204 base 5"},
              {"204_5", "204_{\\text{base }5}"},
              {"17\\bmod5", "2"}});
  ExpectDifferent({{"2A_{16}", "2B_{16}"}, {"204_5", "204 base 6"}, {"17\\bmod5", "3"}, {"3\\pmod7", "10"}});
}

TEST(Cases, Combinations) {
  ExpectSame({{"210", "{}_{10}C_4"},
              {"210", "^{10}C_4"},
              {"210", "C(10,4)"},
              {"\\binom{10}{4}", "C_{10}^{4}"},
              {"20", "P(5,2)"},
              {"20", "{}_5P_2"}});
  ExpectDifferent({{"210", "C(10,5)"}, {"21", "P(5,2)"}});
}

}  // namespace
}  // namespace drover::verifier
