// libFuzzer: a question file of each format over arbitrary bytes. What is read has a text and an answer, and is numbered.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "data/question_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace drover::data;
  if (size == 0) return 0;
  const auto& formats = QuestionFormats();
  QuestionFileOptions options = {.format = std::string(formats[data[0] % formats.size()].name)};
  options.keys.chats = data[0] >= 128;
  const auto file =
      ParseQuestionFile(std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1), options);
  if (!file.ok()) {
    DROVER_CHECK(!file.status().message().empty());
    return 0;
  }
  for (size_t i = 0; i < file->questions.size(); ++i) {
    const Question& question = file->questions[i];
    DROVER_CHECK(question.index == i && !question.text.empty() && !question.gold.empty());
    for (const std::string& gold : question.gold) DROVER_CHECK(!gold.empty());
    DROVER_CHECK(!question.pass_rate || (0 <= *question.pass_rate && *question.pass_rate <= 1));
  }
  return 0;
}
