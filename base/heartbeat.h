// Liveness as progress: each loop of a process says that it goes round; one that was silent for longer than it said is
// stuck, and the process wants to be restarted. A loop that waits for another process is not stuck: it beats while it
// waits, or says how long its call may take.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace drover {

// Thread-safe.
class Heartbeats {
 public:
  // `limit`: silence that is allowed after a beat. `clock`: time since some fixed moment, never going back; null: the
  // steady clock, which a change of the system's time does not move.
  explicit Heartbeats(absl::Duration limit, std::function<absl::Duration()> clock = nullptr);

  struct Shared;
  struct Loop;

  // One loop's pulse. Made by Begin; one made by the default constructor does nothing, so that code without a
  // Heartbeats needs no branch. Its end is the loop's end: a loop that is over is not late. Not thread-safe.
  class Pulse {
   public:
    Pulse() = default;
    Pulse(Pulse&&) noexcept = default;
    Pulse& operator=(Pulse&&) noexcept;
    ~Pulse();

    // It goes round: the next beat comes within the limit.
    void Beat() { Beat(absl::ZeroDuration()); }
    // It begins something with a deadline of its own: the next beat comes within `work` and the limit.
    void Beat(absl::Duration work);

   private:
    friend class Heartbeats;
    void End();
    std::shared_ptr<Shared> shared_;
    std::shared_ptr<Loop> loop_;
  };

  // A loop begins; it counts as its first beat. `name` is for the error ("engine").
  Pulse Begin(std::string name);

  // OK, or DEADLINE_EXCEEDED that names the loops which are late and by how much.
  absl::Status Check() const;

 private:
  std::shared_ptr<Shared> shared_;
};

// Begin, or a pulse that does nothing when `heartbeats` is null.
Heartbeats::Pulse BeginPulse(Heartbeats* heartbeats, std::string name);

}  // namespace drover
