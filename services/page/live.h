// The run page of a run that goes on, at the HTTP port of its learner: the same document, which asks for what is new.
//
//   GET /                                                            the page, without data
//   GET /run.json?of=TOKEN&metrics=N&evaluations=N&samples=N         what is behind these places of the run's files
//
// The answer: {"of": TOKEN, "head": name, recipe and summary,
//              "metrics", "evaluations": columns (columns.h), "samples": [groups],
//              "next": {"metrics": N, "evaluations": N, "samples": N}, "more": whether to ask again at once,
//              "skipped": bytes of samples.jsonl that were passed over}
//
// Places are bytes of the files. Another TOKEN than the asker's (another start of the learner, which may have taken steps
// back) answers from the beginning, and the asker forgets what it had. An answer is bounded: about 1 MiB of each file, and
// of samples from before the asker came the newest MiB.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "services/http/routes.h"
#include "services/run/run_folder.h"

namespace drover::page {

struct LiveOptions {
  run::RunFolder folder{""};
  // The start of the learner, 0 before there is one; called from the server's threads.
  std::function<uint64_t()> incarnation;
};

// Reads and changes nothing. What goes wrong with a file is answered as 500 with the reason.
void AddLivePage(LiveOptions options, http::Routes& routes);

}  // namespace drover::page
