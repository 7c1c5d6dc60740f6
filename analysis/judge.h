// Questions that a model is asked about responses: the prompts, and how its answers are read. Pure; judge_run.h asks them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drover::analysis {

// What a judge decides between, and how it is asked. The words are ours; what is asked is what the paper asks.
struct JudgeTask {
  std::string name;                   // "answering", "reflection"
  std::vector<std::string> verdicts;  // upper-case words, one of which a judge answers with
  std::string prompt;                 // with {question} and {response}
};

// ANSWERS or CONTINUES: whether the response answers the question or goes on with the text.
const JudgeTask& AnsweringTask();
enum AnsweringVerdict : size_t { kJudgedAnswers = 0, kJudgedContinues = 1 };

// The paper's four categories, 0 to 3: OFFTOPIC, SOLVES (without reflection), REFLECTS, CODE (nothing else, without reflection).
const JudgeTask& ReflectionTask();
enum ReflectionCategory : size_t { kOffTopicCategory = 0, kSolves = 1, kReflects = 2, kCodeCategory = 3 };
inline constexpr size_t kReflectionCategories = 4;

// What a judge may see of a long question or response: more than that has its middle cut out, and the judge is told.
inline constexpr size_t kMostJudgedBytes = 12000;

// The task's prompt about a response. Both texts stand between marks that say they are material; neither can contain the marks.
std::string JudgePrompt(const JudgeTask& task, std::string_view question, std::string_view response);

// The verdict that a judge's answer is: one of the task's words in any case, alone but for white space, quotes, asterisks, brackets and a
// full stop around it. Anything else is none: a judge that explains, hedges or names two words is not understood, and counted.
std::optional<size_t> ParseVerdict(const JudgeTask& task, std::string_view answer);

}  // namespace drover::analysis
