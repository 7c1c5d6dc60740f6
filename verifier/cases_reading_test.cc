// How answers are read: floats, names, lists, scripts, signs, times.
#include "verifier/cases.h"

namespace drover::verifier {
namespace {

// A decimal whose fraction is zero is an integer and no rounded value.
TEST(Cases, GoldsWrittenAsFloats) {
  ExpectSameEverywhere({{"44.0", "44"},
                        {"44.0", "\\frac{88}{2}"},
                        {"3.14", "\\pi"},
                        {"1.41", "\\sqrt{2}"},
                        {"2.50", "\\frac52"}});
  ExpectDifferentEverywhere({{"44.0", "14\\pi"},
                             {"27.0", "\\sqrt{730}"},
                             {"-3.0", "-\\frac{301}{100}"},
                             {"100.00", "\\frac{300}{3.0001}"},
                             {"7.00", "\\sqrt{49.001}"},
                             {"12.0", "12.0000001\\cdot\\frac{\\pi}{\\pi}"},
                             {"0.67", "\\frac23"},
                             {"2.50", "\\frac{2501}{1000}"}});
}

TEST(Cases, NamesGiveTheOrder) {
  ExpectSameEverywhere({{"(3,4)", "x=3, y=4"},
                        {"(3,4)", "y=4, x=3"},
                        {"(x,y)=(3,4)", "y=4, x=3"},
                        {"(x,y)=(3,4)", "x=3, y=4"},
                        {"(3,4)", "(x,y)=(3,4)"},
                        {"(3,4)", "(y,x)=(4,3)"},
                        {"(1,2,3)", "z=3, y=2, x=1"},
                        {"(p,q)=(3,2)", "(3,2)"},
                        {"x=3,y=4", "y=4 \\text{ and } x=3"},
                        {"1,2", "x_1=1,x_2=2"},
                        {"1,2", "x_1=2,x_2=1"},
                        {"x=1,x=2", "x=2,x=1"},
                        {"(1,2),(3,4)", "x=1,y=2;x=3,y=4"},
                        {"(1,2),(3,4)", "x=3,y=4;x=1,y=2"},
                        {"(x,y)=(1,2),(x,y)=(3,4)", "x=1,y=2; x=3,y=4"},
                        {"(1,2),(3,4)", "(x,y)=(1,2);(x,y)=(3,4)"},
                        {"(1,2)", "x=1;y=2"},
                        {"x=1,y=2;x=3,y=4", "(1,2),(3,4)"},
                        {"(x,y,z)=(1,2,3)", "x=1,z=3,y=2"},
                        {"x=1,y=2", "(x,y)=(1,2)"},
                        {"a=3,b=4", "(3,4)"},
                        {"(2,3)", "m=2, b=3"},
                        {"(1,2)", "(a,b)=(1,2)"},
                        {"(1,2)", "u=2, t=1"}});
  ExpectDifferentEverywhere({{"(3,4)", "y=3, x=4"},
                             {"(x,y)=(3,4)", "y=3, x=4"},
                             {"(3,4)", "(y,x)=(3,4)"},
                             {"(3,4)", "b=3, a=4"},
                             {"(3,4)", "x=3, x=4"},
                             {"(1,2,3)", "z=1, y=2, x=3"},
                             {"(p,q)=(3,2)", "q=3, p=2"},
                             {"(1,2)", "x_2=1, x_1=2"},
                             {"x=3,y=4", "y=3,x=4"},
                             {"x=3,y=4", "(4,3)"},
                             {"(1,2),(3,4)", "x=2,y=1;x=3,y=4"},
                             {"(3,2)", "m=2, b=3"},
                             {"(1,2)", "(b,a)=(1,2)"},
                             {"(1,2)", "\\beta=1,\\alpha=2"},
                             {"(1,2)", "u=1, t=2"},
                             {"(1,2)", "x_2 = 1, x_1 = 2"},
                             {"(x_1,x_2)=(1,2)", "x_1=2, x_2=1"}});
}

TEST(Cases, UnspacedPairs) {
  ExpectSameEverywhere({{"1,22", "1.22"},
                        {"1000.99", "1000,99"},
                        {"(1.5; 2.25)", "(1,5; 2,25)"},
                        {"1.5, 2.5", "1,5; 2,5"},
                        {"1,2", "2,1"},
                        {"1,2", "1, 2"}});
  ExpectDifferentEverywhere({{"1,2", "1.2"},
                             {"1,2", "\\frac65"},
                             {"1,3", "1.3"},
                             {"-2,1", "-2.1"},
                             {"0,1", "0.1"},
                             {"3,7", "3.7"},
                             {"11,13", "11.13"},
                             {"1,2", "1{,}2"},
                             {"1.2", "1,2"},
                             {"1,5,7", "1.5,7"},
                             {"2,3", "2.3"},
                             {"1,2,3", "1.2,3"},
                             {"4,9", "\\frac{49}{10}"}});
}

TEST(Cases, Scripts) {
  ExpectSameEverywhere({{"x_2^2", "x^2_2"},
                        {"210", "C^4_{10}"},
                        {"210", "C_{10}^4"},
                        {"g_k", "{g}_{k}"},
                        {"a_{10}^{12}", "a^{12}_{10}"},
                        {"\\hat{x}_1", "\\hat{x_1}"},
                        {"a_1^2", "a^2_1"},
                        {"x_1^2+y_1^2", "x^{2}_{1}+y^{2}_{1}"},
                        {"x_1x_2", "{x}_{1}{x}_{2}"},
                        {"20", "P^2_5"},
                        {"20", "A^2_5"},
                        {"6", "\\sum^{3}_{k=1} k"},
                        {"\\frac{a}{b}g_k", "\\frac{a}{b} {g}_{k}"}});
  ExpectDifferentEverywhere({{"x_2^3", "x^2_3"}, {"g_k", "g^k"}});
}

TEST(Cases, WritingsOfValues) {
  ExpectSameEverywhere({{"2^6 3^5 5^4", "2^6\\cdot 3^5\\cdot 5^4"},
                        {"72", "2^3 3^2"},
                        {"14916", "14 {, }916"},
                        {"14916", "14{, }916"},
                        {"14916", "14 {,} 916"},
                        {"\\vec{v}", "v"},
                        {"(3,4)", "3\\hat{i}+4\\hat{j}"},
                        {"360", "2^3 3^2 5"},
                        {"40", "2^3 5"},
                        {"1234567", "1{, }234{, }567"},
                        {"1234567", "1 {,} 234 {,} 567"},
                        {"\\frac{1}{x^2}", "\\frac{1}{x}^2 \\cdot \\frac{1}{1}"}});
  ExpectDifferentEverywhere({{"72", "2^3 3^3"},
                             {"56", "5 6"},
                             {"5", "\\hat5"},
                             {"5", "\\vec5"},
                             {"\\dot{x}", "x"},
                             {"5", "2^3 5"},
                             {"8", "2^3 5"},
                             {"1234", "1{, }235"},
                             {"5", "\\underbrace{6}_{5}"},
                             {"-7", "7"}});
}

TEST(Cases, TimesAndRatios) {
  ExpectSameEverywhere({{"20:34", "20:34:00"},
                        {"4:30\\text{ p.m.}", "16:30:00"},
                        {"3:4", "6:8"},
                        {"1:05:30", "1:05:30"},
                        {"13:20", "1:20\\text{ p.m.}"},
                        {"3:4:5", "6:8:10"},
                        {"3:1", "3\\text{ to }1"}});
  ExpectDifferentEverywhere(
      {{"20:34", "20:34:01"}, {"12:30", "6:15"}, {"20:34", "20:35:00"}, {"12:00", "1:00"}});
}

TEST(Cases, EveryScriptOfMinus) {
  ExpectSameEverywhere({{"-5", "−5"},
                        {"-5", "﹣5"},
                        {"-5", "－5"},
                        {"-5", "–5"},
                        {"-7", "{-}7"},
                        {"-7", "\\text{-}7"},
                        {"-7", "➖7"},
                        {"-7", "˗7"},
                        {"-7", "‐7"},
                        {"-7", "‑7"},
                        {"-7", "‒7"},
                        {"-7", "—7"},
                        {"-\\frac12", "−½"}});
  ExpectDifferentEverywhere({{"5", "−5"}, {"7", "\\text{-}7"}});
}

TEST(Cases, PercentSigns) {
  ExpectSameEverywhere({{"50", "50\\%"}, {"0.5", "50\\%"}, {"100\\%", "1"}, {"12\\%", "0.12"}});
  ExpectDifferentEverywhere(
      {{"1", "1\\%"}, {"50", "0.5\\%"}, {"0.5", "0.5\\%"}, {"1", "100"}, {"\\frac12", "0.5\\%"}});
}

TEST(Cases, AnswersMadeToBePaid) {
  ExpectSameEverywhere({{"12", "12."},
                        {"12", "(12)"},
                        {"\\text{no solution}", "\\emptyset"},
                        {"\\text{no solution}", "\\text{No solutions}"},
                        {"(3,4)", "3,4"},
                        {"4", "2^2 3^0"},
                        {"12345678", "12{,}345{,}678"},
                        {"6", "\\frac{1}{2}\\text{ dozen}"},
                        {"\\frac14", "\\frac12\\text{ squared}"},
                        {"100", "1\\text{ hundred}"},
                        {"1500", "1.5\\text{ thousand}"},
                        {"1500000", "1.5\\text{ million}"},
                        {"60\\text{ s}", "1\\text{ min}"},
                        {"1\\text{ min}", "60\\text{ sec}"},
                        {"1\\text{ m/s}^2", "1\\text{ m}\\text{/s}^2"},
                        {"1\\text{ m/s}^2", "1\\,\\mathrm{m}/\\mathrm{s}^2"},
                        {"1\\text{ m/s}^2", "1 \\text{ m s}^{-2}"},
                        {"\\$12\\text{ per hour}", "12\\text{ dollars per hour}"},
                        {"\\$5", "\\$5\\text{ dollars}"},
                        {"5\\%\\text{ of the students}", "5\\%"},
                        {"\\$134", "\\$(116+18)"},
                        {"\\$5", "\\$\\sqrt{25}"}});
  ExpectDifferentEverywhere({{"\\frac{3}{4}", "3\\text{ out of }4\\text{ not}"},
                             {"0.75", "75"},
                             {"75", "0.75"},
                             {"\\frac34", "\\frac{3}{4}\\%"},
                             {"12", "12\\text{ or so}"},
                             {"12", "12\\text{ is the lower bound}"},
                             {"12", "\\geq 12"},
                             {"12", ">12"},
                             {"12", "\\text{at least }12"},
                             {"12", "12^+"},
                             {"12", "12+"},
                             {"12", "12\\ldots"},
                             {"12", "12?"},
                             {"12", "12\\text{ cm or }13\\text{ cm}"},
                             {"12", "\\{12, 12.5\\}"},
                             {"12", "12\\text{i}"},
                             {"12", "12\\mathrm{e}"},
                             {"12", "12\\text{x}"},
                             {"12", "12\\,\\mathrm{k}"},
                             {"-12", "12\\text{ (negative)}"},
                             {"-12", "12\\text{ in the red}"},
                             {"\\text{Yes}", "\\text{Yes, unless it is no}"},
                             {"\\text{Yes}", "\\text{Yes/No}"},
                             {"\\text{Yes}", "\\text{Yes or No}"},
                             {"\\text{Yes}", "\\text{No (Yes)}"},
                             {"\\text{Yes}", "\\text{Not Yes}"},
                             {"\\text{even}", "\\text{uneven}"},
                             {"\\text{even}", "\\text{even or odd}"},
                             {"\\text{even}", "\\text{even, odd}"},
                             {"\\text{Alice}", "\\text{Alice, Bob}"},
                             {"\\text{increasing}", "\\text{not increasing}"},
                             {"\\text{finite}", "\\text{infinite}"},
                             {"\\emptyset", "\\text{some solution}"},
                             {"\\text{no solution}", "\\text{one solution}"},
                             {"\\text{no solution}", "0"},
                             {"3,4", "3.4"},
                             {"3,4", "34"},
                             {"(3,4)", "34"},
                             {"(3,4)", "4,3"},
                             {"3:4", "4:3"},
                             {"3:4", "34"},
                             {"3:4", "3.4"},
                             {"x=3", "y=3"},
                             {"x=3", "x\\ne3"},
                             {"x=3", "x>3"},
                             {"x", "\\text{x}y"},
                             {"x+y", "xy"},
                             {"xy", "x_y"},
                             {"x_{12}", "x_1x_2"},
                             {"x_{1}^{2}", "x_{2}^{1}"},
                             {"x_1^2", "x^{1}_2"},
                             {"a^{b_c}", "a^b_c"},
                             {"C_{10}^4", "C_4^{10}"},
                             {"2^{10}", "2^1 0"},
                             {"2^{10}", "2^1 10"},
                             {"210", "2 10"},
                             {"210", "2^1 0"},
                             {"20", "2^10"},
                             {"12", "2^2 3^0"},
                             {"1000", "1,00"},
                             {"1000", "10^3 0"},
                             {"1{,}000", "1{,}00"},
                             {"1234", "1{,}23{,}4"},
                             {"\\frac{1}{2}", "\\frac{1}{2}\\text{ dozen}"},
                             {"\\frac{1}{2}", "\\frac12\\text{ squared}"},
                             {"-4", "2\\text{ squared negative}"},
                             {"16", "4\\text{ squares}"},
                             {"1", "1\\text{ hundred}"},
                             {"1.5", "1.5\\text{ million}"},
                             {"5", "5\\text{ percent}\\%"},
                             {"5", "5\\%\\%"},
                             {"5\\%", "5\\%\\text{ of }5\\%"},
                             {"90^\\circ", "90^{\\circ\\circ}"},
                             {"1^\\circ", "1'"},
                             {"60", "1\\text{ min}"},
                             {"1", "60\\text{ sec}"},
                             {"1\\text{ min}", "1\\text{ sec}"},
                             {"\\$1", "1\\%"},
                             {"\\$1", "1\\text{ km}"},
                             {"1\\text{ km}", "\\$1"},
                             {"1\\text{ km}", "1\\text{ km}^2"},
                             {"1\\text{ km/h}", "1\\text{ km}\\cdot\\text{h}"},
                             {"1\\text{ m/s}^2", "1\\text{ m/s}"},
                             {"5\\text{ red apples}", "5\\text{ green pears}"},
                             {"\\$12\\text{ per hour}", "\\$12\\text{ per day}"},
                             {"\\$5", "\\$5\\text{ cents}"},
                             {"303,36821", "303.36821"},
                             {"63898,396", "63898.396"}});
}

}  // namespace
}  // namespace drover::verifier
