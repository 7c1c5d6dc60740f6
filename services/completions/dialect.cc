#include "services/completions/dialect.h"

#include <algorithm>

namespace drover::completions {
namespace {

bool AskedToKeepStop(const Dialect& tried, const evaluation::Sampling& sampling) {
  return tried.include_stop && sampling.keep_stop && !sampling.stop.empty();
}

}  // namespace

bool DialectFinder::OnRefusal(const Dialect& tried, const Request& request,
                              const evaluation::Sampling& sampling, const Refusal& refusal) {
  if (tried != dialect_) return true;  // another request has found it out
  if (request.IsChat() && !tried.max_completion_tokens && refusal.param == "max_tokens") {
    dialect_.max_completion_tokens = true;
    return true;
  }
  // A field that the server does not know may be the reason, and not every server names it.
  if (AskedToKeepStop(tried, sampling)) {
    dialect_.include_stop = false;
    return true;
  }
  return false;
}

bool DialectFinder::OnAnswer(const Dialect& tried, const evaluation::Sampling& sampling,
                             const Answer& answer) {
  if (!AskedToKeepStop(tried, sampling)) return true;
  const auto& choices = answer.choices;
  keeps_stop_ = keeps_stop_ || std::any_of(choices.begin(), choices.end(),
                                           [&](const Choice& choice) { return HasStop(choice, sampling); });
  const auto lacks = [&](const Choice& choice) { return MayLackStop(choice, sampling); };
  if (keeps_stop_ || std::none_of(choices.begin(), choices.end(), lacks)) return true;
  dialect_.include_stop = false;
  return false;
}

}  // namespace drover::completions
