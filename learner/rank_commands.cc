#include "learner/rank_commands.h"

#include <iterator>

namespace drover::learner {

v1::RankCommand UpdateCommand(const std::vector<v1::Group>& groups, uint64_t rollout, uint64_t version,
                              double rate_scale) {
  v1::RankCommand command;
  v1::RankCommand::Update& update = *command.mutable_update();
  update.set_rollout(rollout);
  update.set_version(version);
  update.set_rate_scale(rate_scale);
  for (const v1::Group& group : groups) *update.add_groups() = group;
  return command;
}

v1::RankCommand SupervisedCommand(const std::vector<SupervisedExample>& examples,
                                  const SupervisedOptions& options) {
  v1::RankCommand command;
  v1::RankCommand::SupervisedStep& step = *command.mutable_supervised_step();
  step.set_learning_rate(options.learning_rate);
  step.set_mean_over_examples(options.mean_over == MeanOver::kExamples);
  step.set_microbatch_tokens(options.microbatch_tokens);
  for (const SupervisedExample& example : examples) {
    auto* sent = step.add_examples();
    sent->mutable_prompt_token_ids()->Add(example.prompt_token_ids.begin(), example.prompt_token_ids.end());
    sent->mutable_response_token_ids()->Add(example.response_token_ids.begin(),
                                            example.response_token_ids.end());
    sent->set_learned(example.learned.data(), example.learned.size());
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
                        {sent.response_token_ids().begin(), sent.response_token_ids().end()},
                        {sent.learned().begin(), sent.learned().end()}});
  }
  return examples;
}

SupervisedOptions OptionsOf(const v1::RankCommand::SupervisedStep& step) {
  return {.learning_rate = step.learning_rate(),
          .mean_over = step.mean_over_examples() ? MeanOver::kExamples : MeanOver::kTokens,
          .microbatch_tokens = step.microbatch_tokens()};
}

}  // namespace drover::learner
