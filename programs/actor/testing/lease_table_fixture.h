// A lease table whose clock and peers are the test's.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "programs/actor/lease_table.h"
#include "programs/actor/testing/leases.h"

namespace drover::actor_process {

class LeaseTableTest : public ::testing::Test {
 protected:
  static LeaseTableOptions Options() {
    return {.actor = "actor-0",
            .groups_in_flight = 4,
            .group_size = 2,
            .max_batch = 4,
            .drain_timeout = absl::Seconds(20)};
  }

  // `evaluating`: the version that the learner says is being evaluated.
  void Take(const std::vector<v1::Lease>& leases, bool finished = false,
            std::optional<uint64_t> evaluating = std::nullopt) {
    v1::LeaseGroupsResponse answer;
    for (const v1::Lease& lease : leases) *answer.add_leases() = lease;
    answer.set_finished(finished);
    if (evaluating.has_value()) answer.set_evaluating(*evaluating);
    table_.Take(std::move(answer), now_);
  }
  // These weights are there, and in the engine.
  void Weights(uint32_t incarnation, uint64_t version) {
    table_.NoteWeights({incarnation, version});
    table_.Swapped({incarnation, version});
  }
  // The lease that begins; 0: none.
  uint64_t Start(const EngineLoad& load = {}) {
    const auto lease = table_.Start(load);
    return lease == nullptr ? 0 : lease->lease();
  }
  // A lease of version 0 in each state: 1 submitting, 2 generating, 3 waiting.
  void OneInEachState() {
    Weights(1, 0);
    Take({MakeLease(1, 0), MakeLease(2, 0), MakeLease(3, 5)});
    EXPECT_EQ(Start(), 1u);
    EXPECT_EQ(Start({.groups = 1}), 2u);
    table_.Finish(MakeGroup(1));
    EXPECT_THAT(Held(), ::testing::ElementsAre(1, 1, 1));
  }
  // Groups waiting, generating and submitting.
  std::vector<size_t> Held() const {
    return {table_.groups(LeaseTable::State::kWaiting), table_.groups(LeaseTable::State::kGenerating),
            table_.groups(LeaseTable::State::kSubmitting)};
  }
  // "lease" of what goes back, "!lease" of what goes back as failed.
  std::vector<std::string> Returned() {
    std::vector<std::string> leases;
    for (const v1::ReturnLeasesRequest& request : table_.TakeReturns()) {
      EXPECT_EQ(request.actor(), "actor-0");
      EXPECT_EQ(request.leases_size(), request.tokens_size());
      for (const uint64_t id : request.leases()) {
        leases.push_back((request.failed() ? "!" : "") + std::to_string(id));
      }
    }
    return leases;
  }
  // The learner still knows these of all that is renewed.
  void Renew(const std::vector<uint64_t>& held) {
    v1::RenewLeasesResponse answer;
    for (const uint64_t id : held) answer.add_held(id);
    for (const auto& request : table_.Renewals(now_ + absl::Hours(1))) table_.Renewed(request, answer);
  }

  absl::Time now_ = absl::FromUnixSeconds(1000);
  LeaseTable table_{Options()};
};

}  // namespace drover::actor_process
