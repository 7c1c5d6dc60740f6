// The leases that actors hold, with their deadlines. Pure: time is passed in. Deadlines live in memory only: after a
// restart every held lease is expired anyway.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "drover/v1/experience.pb.h"

namespace drover::experience {

struct HeldLease {
  std::shared_ptr<const v1::Lease> lease;
  std::string actor;
  absl::Duration deadline;

  // Whether who says so holds it: the name is the actor's, and the token the one that it was leased with.
  bool BelongsTo(const std::string& name, const std::string& token) const {
    return actor == name && lease->token() == token;
  }
};

// Not thread-safe. Both kinds of leases; their ids differ.
class HeldLeases {
 public:
  void Add(HeldLease held);
  // nullptr when it is not held. Valid until the next change.
  const HeldLease* Find(uint64_t lease) const;
  // False when it is not held.
  bool Renew(uint64_t lease, absl::Duration deadline);
  bool Remove(uint64_t lease);
  void Clear();
  // Those whose deadline is not after `now`, earliest first. They stay until removed.
  std::vector<uint64_t> Expired(absl::Duration now) const;
  size_t size() const { return leases_.size(); }
  // Of all held leases, and of an evaluation's.
  uint64_t responses() const { return responses_; }
  uint64_t evaluation_responses() const { return evaluation_responses_; }

 private:
  std::map<uint64_t, HeldLease> leases_;
  std::set<std::pair<absl::Duration, uint64_t>> by_deadline_;
  uint64_t responses_ = 0;
  uint64_t evaluation_responses_ = 0;
};

}  // namespace drover::experience
