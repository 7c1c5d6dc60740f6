// What servers of the API do differently, and how it is found out from what they answer. Pure.
#pragma once

#include "services/completions/protocol.h"

namespace drover::completions {

// Begins with the common dialect and leaves it for good where a server shows that it speaks another. Not thread-safe.
class DialectFinder {
 public:
  const Dialect& dialect() const { return dialect_; }

  // A request in the dialect `tried` was refused as malformed. Whether it is to be asked again, in what dialect() is now.
  bool OnRefusal(const Dialect& tried, const Request& request, const evaluation::Sampling& sampling,
                 const Refusal& refusal);
  // A request in the dialect `tried` was answered. False when it has to be asked again, in what dialect() is now: the responses may lack
  // stop texts that they have to keep.
  bool OnAnswer(const Dialect& tried, const evaluation::Sampling& sampling, const Answer& answer);

 private:
  Dialect dialect_;
  bool keeps_stop_ = false;  // a stop text was seen where include_stop_str_in_output was asked for
};

}  // namespace drover::completions
