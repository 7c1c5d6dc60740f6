#include <iostream>

#include "programs/drover/commands.h"
#include "programs/drover/report.h"
#include "programs/drover/text/tokenize_command.h"

namespace drover::cli {

int Tokenize(const TextOptions& options) {
  return Conclude(
      text::Tokenize(options.model, {.add_special_tokens = options.add_special_tokens}, std::cin, std::cout));
}

int Detokenize(const TextOptions& options) {
  return Conclude(text::Detokenize(options.model, std::cin, std::cout));
}

}  // namespace drover::cli
