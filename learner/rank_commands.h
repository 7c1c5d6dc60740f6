// What rank 0 tells all ranks to do, itself included: v1::RankCommand made from arguments, and read back.
#pragma once

#include <cstdint>
#include <vector>

#include "drover/v1/group.pb.h"
#include "drover/v1/rank.pb.h"
#include "learner/supervised_example.h"
#include "learner/supervised_options.h"

namespace drover::learner {

v1::RankCommand UpdateCommand(const std::vector<v1::Group>& groups, uint64_t rollout, uint64_t version,
                              double rate_scale);
v1::RankCommand SupervisedCommand(const std::vector<SupervisedExample>& examples,
                                  const SupervisedOptions& options);

// The groups, moved out of the command.
std::vector<v1::Group> TakeGroups(v1::RankCommand::Update* update);
std::vector<SupervisedExample> Examples(const v1::RankCommand::SupervisedStep& step);
SupervisedOptions OptionsOf(const v1::RankCommand::SupervisedStep& step);

}  // namespace drover::learner
