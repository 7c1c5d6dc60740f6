// A stream of a GPU beside the one that computes, and what orders the two. On a CPU, which has no streams, nothing.
//
//   computing thread's stream   compute ─ Now() ─▶ compute on ─────────────▶ Await(made) ─▶ read what was made
//                                           │                                   ▲
//   the side stream                         └─▶ Await(...) ─▶ exchange ─ Now() ─┘
#pragma once

#include <c10/core/Event.h>
#include <c10/core/Stream.h>
#include <torch/types.h>

#include <optional>

namespace drover::learner {

class SideStream {
 public:
  // A moment of a stream: all that it was asked for until then is done. nullopt on a CPU.
  using Moment = std::optional<c10::Event>;

  explicit SideStream(torch::Device device);

  // For c10::OptionalStreamGuard, which makes it the calling thread's. nullopt on a CPU.
  std::optional<c10::Stream> stream() const { return stream_; }

  // Of the calling thread's stream, now.
  Moment Now() const;
  // The calling thread's stream does nothing of what it is asked for from here on before `moment`. The thread goes on at once.
  void Await(const Moment& moment) const;

 private:
  const torch::Device device_;
  std::optional<c10::Stream> stream_;
};

}  // namespace drover::learner
