#include "learner/rank_commands.h"

#include <iterator>

namespace drover::learner {

v1::RankCommand UpdateCommand(const std::vector<v1::Group>& groups, uint64_t rollout, uint64_t version) {
  v1::RankCommand command;
  v1::RankCommand::Update& update = *command.mutable_update();
  update.set_rollout(rollout);
  update.set_version(version);
  for (const v1::Group& group : groups) *update.add_groups() = group;
  return command;
}

v1::RankCommand SupervisedCommand(const std::vector<SupervisedExample>& examples, double learning_rate) {
  v1::RankCommand command;
  v1::RankCommand::SupervisedStep& step = *command.mutable_supervised_step();
  step.set_learning_rate(learning_rate);
  for (const SupervisedExample& example : examples) {
    auto* sent = step.add_examples();
    sent->mutable_prompt_token_ids()->Add(example.prompt_token_ids.begin(), example.prompt_token_ids.end());
    sent->mutable_response_token_ids()->Add(example.response_token_ids.begin(),
                                            example.response_token_ids.end());
  }
  return command;
}

std::vector<v1::Group> TakeGroups(v1::RankCommand::Update* update) {
  auto& groups = *update->mutable_groups();
  return {std::make_move_iterator(groups.begin()), std::make_move_iterator(groups.end())};
}

std::vector<SupervisedExample> Examples(const v1::RankCommand::SupervisedStep& step) {
  std::vector<SupervisedExample> examples;
  for (const auto& sent : step.examples()) {
    examples.push_back({{sent.prompt_token_ids().begin(), sent.prompt_token_ids().end()},
                        {sent.response_token_ids().begin(), sent.response_token_ids().end()}});
  }
  return examples;
}

}  // namespace drover::learner
