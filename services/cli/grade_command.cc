#include "services/grading/grade_command.h"

#include "services/cli/commands.h"
#include "services/cli/report.h"

namespace drover::cli {

int Grade(const GradeOptions& options) {
  return Conclude(grading::GradeFile({.in = options.in, .out = options.out, .format = options.format}));
}

}  // namespace drover::cli
