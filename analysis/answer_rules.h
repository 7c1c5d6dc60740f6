// Does a response answer the question, or does it go on with the text? By rules alone: no model, the same verdict everywhere.
//
// Base models continue texts. A prompt template works for one when its responses are answers: they say something towards the result of this
// question (a result, steps, a program that computes it, a reason why there is none), right or wrong, whole or cut. Other responses go on
// with the text: they finish the question's sentence, ask further questions, list choices, speak for the user, or are about something else.
//
// The rules, in order; the first that applies decides. They look at the response's **own part**: what stands before a line that speaks for
// the user or begins another question, without lines of multiple-choice options.
//
// | rule            | verdict   | when                                                                                              |
// | empty           | continues | nothing but white space and tags                                                                  |
// | next turn       | continues | the first line speaks for the user ("User:", "<|im_start|>user") or begins another task ("Problem 2.") |
// | choices         | continues | nothing but options                                                                               |
// | states a result | answers   | \boxed{...}, <answer>...</answer>, "####", "the answer is", "Answer:" with something in it         |
// | bare result     | answers   | the first line is a value of at most four words, or the own part one short sentence with a number  |
// | page            | continues | traces of forums, worksheets and drawings ("Thanks in advance", "Views:", "[asy]", "____")         |
// | repetition      | continues | one line or sentence makes up most of at least four, or it begins with a few words again and again                |
// | next question   | continues | the first sentence ends in "?" or begins like a task ("Find", "How many") without an equation      |
// | copy            | continues | nothing that is not in the question                                                                |
// | code            | answers   | a program with numbers of the question in it                                                       |
// | other code      | continues | a program without                                                                                 |
// | works           | answers   | enough signs of work on this question (AnswerRules' score in the source)                           |
// | off topic       | continues | what is left                                                                                       |
#pragma once

#include <string>
#include <string_view>

namespace drover::analysis {

enum class AnswerRule {
  kEmpty,
  kNextTurn,
  kChoices,
  kStatesResult,
  kBareResult,
  kPage,
  kRepetition,
  kNextQuestion,
  kCopy,
  kCode,
  kOtherCode,
  kWorks,
  kOffTopic,
};

// "states a result", as in the table.
std::string_view RuleName(AnswerRule rule);

// Whether responses that the rule decides are answers.
bool Answers(AnswerRule rule);

// Pure. Looks at the first 20,000 bytes of either.
AnswerRule JudgeByRules(std::string_view question, std::string_view response);

}  // namespace drover::analysis
