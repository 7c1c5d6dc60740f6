#include "recipe/cross_checks.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "recipe/testing/small_recipe.h"

namespace drover::recipe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Case {
  std::vector<std::string> overrides;
  std::vector<const char*> errors;  // parts of one error each
};

TEST(CrossChecks, Table) {
  const Case cases[] = {
      {{"rollout.prompts=10"},
       {"learner.minibatch_responses: got 128, may be a divisor of rollout.prompts x rollout.group_size = 10 "
        "x 8 = 80"}},
      {{"rollout.prompts=16", "learner.minibatch_responses=128"}, {}},
      {{"actors.tensor_parallel=3"},
       {"actors.tensor_parallel: got 3: a model of 4 query heads (num_attention_heads) cannot be shared out "
        "among 3 ranks: each rank has the same number of heads; it may be 1, 2, 4"}},
      {{"actors.tensor_parallel=4", "model.embedded.kv_heads=2"}, {}},
      {{"learner.ranks=129"},
       {"learner.ranks: got 129, may be at most learner.minibatch_responses = 128, so that every rank"}},
      {{"learner.gradient_exchange=BFLOAT16"},
       {"learner.gradient_exchange: got BFLOAT16, which needs learner.sharding: OPTIMIZER, GRADIENTS or "
        "WEIGHTS"}},
      {{"learner.gradient_exchange=BFLOAT16", "learner.sharding=OPTIMIZER"}, {}},
      {{"learner.gradient_exchange=BFLOAT16", "learner.sharding=WEIGHTS", "learner.ranks=2"}, {}},
      {{"run.checkpoint_every=10", "run.keep_checkpoint_every=30"}, {}},
      {{"run.checkpoint_every=10", "run.keep_checkpoint_every=15"},
       {"run.keep_checkpoint_every: got 15, may be 0 or a multiple of run.checkpoint_every = 10"}},
      {{"run.keep_best_checkpoints=2", "evaluation.every=5"}, {}},
      {{"run.keep_best_checkpoints=2", "evaluation.every=0"},
       {"run.keep_best_checkpoints: got 2, which needs evaluation.every and evaluation.questions above 0"}},
      {{"weights.swap=CONTINUE", "loss.old_logprobs=ACTOR", "staleness.bound=1"}, {}},
      {{"weights.swap=CONTINUE", "staleness.bound=1"},
       {"weights.swap: got CONTINUE, which needs loss.old_logprobs: ACTOR"}},
      {{"weights.swap=CONTINUE", "loss.old_logprobs=ACTOR"},
       {"weights.swap: got CONTINUE, which needs a staleness.bound of at least 1"}},
      {{"weights.swap=CONTINUE"}, {"loss.old_logprobs: ACTOR", "staleness.bound of at least 1"}},
      {{"learner.lora.rank=8"},
       {"learner.lora.rank: got 8, may be 0 without a model.path: a new model's weights are random numbers"}},
      {{"model.path=m", "learner.lora.rank=8", "pretrain.batches=3"},
       {"pretrain.batches: got 3, may be 0 with learner.lora"}},
      {{"model.path=m", "learner.lora.rank=8", "learner.ranks=2", "learner.sharding=OPTIMIZER"},
       {"learner.sharding: got OPTIMIZER, may be NONE with learner.lora"}},
      {{"model.path=m", "learner.lora.rank=8", "learner.ranks=2", "learner.sharding=WEIGHTS"},
       {"learner.sharding: got WEIGHTS, may be NONE with learner.lora"}},
      {{"learner.lora.targets=[\"q_proj\"]"},
       {"learner.lora.targets: are given, but learner.lora.rank is 0"}},
      {{"learner.lora.targets=[\"q_prj\", \"q_proj\", \"q_proj\"]"},
       {"learner.lora.targets: got `q_prj`, may be q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, "
        "down_proj, qkv_proj, gate_up_proj; did you mean q_proj?",
        "learner.lora.targets: has `q_proj` twice"}},
      {{"run.device=cpu"}, {}},
      {{"run.device=cuda:3"}, {}},
      {{"run.device=cuda"}, {"run.device: got `cuda`, may be auto, cpu or cuda:N"}},
      {{"run.device=cuda:-1"}, {"run.device: got `cuda:-1`"}},
      {{"data.template=chat"}, {"data.template: got `chat`, which is the chat template of model.path"}},
      {{"data.template=qwen"}, {"data.template: got `qwen`, may be a shipped template (r1, qwen_math, none"}},
      {{"data.template=Q: {question}="}, {"model.embedded.alphabet: lacks `Q`"}},
      {{"data.reward_format=plian"},
       {"data.reward_format: got `plian`, may be boxed, answer_tag, answer_tag_lenient, plain or empty; did "
        "you mean "
        "plain?"}},
      {{"data.reward_format=boxed"}, {}},
      {{"reward.grader=mathh"},
       {"reward.grader: got `mathh`, may be choice, countdown, exact, math; did you mean math?"}},
      {{"name=../../x"}, {"name: got `../../x`, may be a name of at most 100 bytes without /"}},
      {{"name=.."}, {"name: got `..`"}},
      {{"name=a\tb"}, {"name: got"}},
      {{"name=" + std::string(300, 'n')}, {"name: got `nnn"}},
      {{"name=my run, the 2nd"}, {}},
      {{"reward.min=2", "reward.max=2"}, {"reward.min: got 2, may be below reward.max = 2"}},
      {{"reward.min=-2", "reward.max=0"}, {}},
      {{"verifiers.addresses=nowhere"}, {"verifiers.addresses: address \"nowhere\": it has no port"}},
      {{"data.arithmetic.operations=+/"},
       {"data.arithmetic.operations: got `+/`, may be any of + - *, each once, like \"+-\""}},
      {{"data.arithmetic.operations=++"}, {"data.arithmetic.operations: got `++`"}},
      {{"data.arithmetic.min_digits=4"},
       {"data.arithmetic.min_digits: got 4, may be at most data.arithmetic.max_digits = 3"}},
      {{"data.format=gsm9k"},
       {"data.format: got `gsm9k`, may be jsonl, asdiv, big_math, dapo, gsm8k, math, numina, orz"}},
      {{"data.heldout_format=x"}, {"data.heldout_format: got `x`, may be jsonl, "}},
      {{"data.format=gsm8k", "data.problem_key=q"},
       {"data.problem_key: is of data.format jsonl alone, and that is gsm8k"}},
      {{"data.format=gsm8k", "data.answer_key=a"}, {"data.answer_key: is of data.format jsonl alone"}},
      {{"data.format=gsm8k", "data.heldout_format=jsonl", "data.answer_key=a"}, {}},
      {{"data.train=countdown"},
       {"reward.grader: got `math`, but the questions of data.train countdown",
        "model.embedded.alphabet: lacks"}},
      {{"data.train=word-problems", "data.word_problems.min_steps=2", "data.word_problems.max_steps=1"},
       {"data.word_problems.min_steps: got 2, may be at most data.word_problems.max_steps = 1",
        "model.embedded.alphabet: lacks"}},
      {{"data.countdown.min_numbers=5"},
       {"data.countdown.min_numbers: got 5, may be at most data.countdown.max_numbers = 4"}},
      {{"data.countdown.max_target=50"},
       {"data.countdown.max_number: got 99, may be at most data.countdown.max_target = 50"}},
      {{"data.train=mixture"}, {"data.mixture: may be a list of FILE:WEIGHT, as data.train is mixture"}},
      {{"data.mixture=a:1"}, {"data.mixture: is there, so that data.train may be mixture alone"}},
      {{"data.train=mixture", "data.mixture=[\"a:0.7\", \"b:0.3:gsm8k\"]"}, {}},
      {{"data.train=mixture", "data.mixture=a"}, {"data.mixture: got `a`, may be FILE:WEIGHT"}},
      {{"data.train=mixture", "data.mixture=[\"a:1\", \"b:9999\"]"},
       {"data.mixture: got `a:1`, which is not one prompt of 1000"}},
      {{"data.curriculum.prompts=5"},
       {"data.curriculum.prompts: got 5, may be 0 unless data.train is one file"}},
      {{"data.train=x.jsonl", "data.curriculum.prompts=5"}, {}},
      {{"data.levels=5-3"}, {"data.levels: got `5-3`, may be levels like 3-5 or 1,3-5"}},
      {{"data.levels=1,3-5", "data.subjects=Algebra"}, {}},
      {{"data.min_pass_rate=0.6", "data.max_pass_rate=0.5"},
       {"data.min_pass_rate: got 0.6, may be at most data.max_pass_rate = 0.5"}},
      {{"data.train=x.jsonl", "pretrain.batches=5"}, {"pretrain.batches: got 5, may be 0 unless data.train"}},
      {{"model.embedded.heads=5", "model.embedded.kv_heads=5"},
       {"model.embedded.heads: got 5, may be a divisor of model.embedded.hidden_size = 96"}},
      {{"model.embedded.kv_heads=3"},
       {"model.embedded.kv_heads: got 3, may be a divisor of model.embedded.heads = 4"}},
      {{"model.embedded.heads=32", "model.embedded.kv_heads=32"},
       {"model.embedded.heads: got 32, which makes a head 3 wide; hidden_size / heads must be even"}},
      {{"model.path=m", "model.embedded.heads=5"}, {}},
      {{"model.embedded.alphabet=0123456789+:"}, {"model.embedded.alphabet: lacks `=;`"}},
      {{"model.embedded.alphabet=0123456789+:=;", "pretrain.batches=1", "pretrain.padding=3"},
       {"model.embedded.alphabet: lacks `.,`"}},
      {{"model.embedded.alphabet=00"}, {"model.embedded.alphabet: the alphabet has"}},
      {{"model.embedded.alphabet=\xc3\xa9"}, {"model.embedded.alphabet: the alphabet has"}},
      {{"rollout.max_response_tokens=241"},
       {"rollout.max_response_tokens: got 241, with data.max_prompt_tokens = 16 that is 257 tokens; may be "
        "at most "
        "model.embedded.max_positions = 256 together"}},
      {{"rollout.max_response_tokens=240"}, {}},
      {{"evaluation.max_response_tokens=250"}, {"evaluation.max_response_tokens: got 250"}},
  };
  for (const Case& c : cases) {
    std::vector<testing::Matcher<std::string>> expected;
    for (const char* error : c.errors) expected.push_back(HasSubstr(error));
    EXPECT_THAT(ProblemsWith(c.overrides), testing::ElementsAreArray(expected))
        << testing::PrintToString(c.overrides);
  }
}

}  // namespace
}  // namespace drover::recipe
