# The embedded default made so small that a run takes seconds. Sourced.
TINY=(--set run.steps=2 --set rollout.prompts=8 --set rollout.group_size=4 --set rollout.max_response_tokens=24
  --set learner.minibatch_responses=16 --set learner.microbatch_responses=16 --set pretrain.batches=60
  --set pretrain.batch_size=16 --set evaluation.questions=8 --set data.arithmetic.min_digits=1
  --set data.arithmetic.max_digits=1 --set data.heldout_share=0.3 --set model.embedded.hidden_size=32
  --set model.embedded.layers=1 --set model.embedded.heads=2 --set model.embedded.kv_heads=2
  --set model.embedded.intermediate_size=64)
