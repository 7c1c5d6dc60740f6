"""Run: what a researcher watches. Is it learning, is the policy sound, how off-policy is it, where does the time go."""
from grafana import (GREEN, RED, YELLOW, dashboard, graph, heatmap, mean, newest, rate, row, select, spread, stat, thresholds)

LENGTH = "drover_learner_response_length_tokens"

AT_A_GLANCE = row(
    None,
    stat("Rollouts trained", "Rollouts trained so far as a share of those that the recipe asks for (run.steps).",
         f"max by (run) ({select('drover_learner_weight_version')}) / (max by (run) ({select('drover_learner_target_rollouts')}) > 0)",
         "percentunit", decimals=0, maximum=1, spark=False),
    stat("Newest reward", "Mean reward over the responses of the newest rollout.", newest("drover_learner_reward_mean"), "none", decimals=3),
    stat("Newest accuracy", "Greedy accuracy on the held-out questions at the newest evaluation.",
         f"max by (run) ({select('drover_learner_heldout_accuracy_ratio')} and {select('drover_learner_evaluation_timestamp_seconds')} > 0)",
         "percentunit", decimals=1),
    stat("Tokens per second", "Response tokens of the newest rollout over its whole time: generation, grading and training.",
         newest("drover_learner_response_tokens_per_second"), "suffix: tok/s", decimals=0),
    stat("Since the newest rollout", "Time since a rollout was last trained. Alert DroverNoOptimizerStep: half an hour, or three usual rollouts.",
         f"time() - max by (run) ({select('drover_learner_step_timestamp_seconds')} > 0)", "s",
         thresholds((600, YELLOW), (1800, RED)), spark=False, decimals=0),
    stat("Alerts firing", "Alerts of these runs that fire now; the red marks in the graphs say when they did.",
         f"count({select('ALERTS', 'alertstate=' + chr(34) + 'firing' + chr(34))}) or vector(0)", "none",
         thresholds((1, RED), base=GREEN), legend="alerts", spark=False, decimals=0),
)

LEARNING = row(
    "Is it learning?",
    graph("Reward", "Mean reward over the responses of each rollout. It should rise; a fall by half raises DroverRewardFallen.",
          [(newest("drover_learner_reward_mean"), "{{run}}")], "none", low=0, size=(12, 9)),
    graph("Held-out accuracy", "Greedy accuracy on held-out questions. Reward that rises without it is a sign of a reward that is gamed.",
          [(f"max by (run) ({select('drover_learner_heldout_accuracy_ratio')} and {select('drover_learner_evaluation_timestamp_seconds')} > 0)",
            "{{run}}")], "percentunit", low=0, high=1, size=(12, 9)),
    graph("Response length", "Mean length of correct and of incorrect responses. Incorrect ones that grow alone are the length bias that Dr. GRPO removes.",
          [(mean(LENGTH, "run, outcome"), "{{run}}: {{outcome}}"), (newest("drover_learner_response_length_mean_tokens"), "{{run}}: all")],
          "suffix: tok", low=0, size=(12, 9)),
    graph("Shares of responses and groups", "Cut at the length limit (reward 0; alert at 30 %), in the form from which an answer can be read, and groups whose "
          "rewards are all equal (no gradient; alert at 80 %).",
          [(newest("drover_learner_truncated_ratio"), "{{run}}: cut"), (newest("drover_learner_formatted_ratio"), "{{run}}: formatted"),
           (newest("drover_learner_zero_advantage_ratio"), "{{run}}: groups all equal")], "percentunit", low=0, high=1, size=(12, 9)),
)

POLICY = row(
    "Is the policy sound?",
    graph("Entropy", "Mean entropy per token. A fall to a fifth before the task is solved raises DroverEntropyCollapse.",
          [(newest("drover_learner_entropy_nats"), "{{run}}")], "suffix: nats", low=0),
    graph("KL divergence", "k3 per token: to the frozen reference (0 without one) and from the old policy to the current one.",
          [(newest("drover_learner_kl_nats"), "{{run}}: to the reference"), (newest("drover_learner_old_kl_nats"), "{{run}}: from the old policy")],
          "suffix: nats"),
    graph("Gradient norm", "Before clipping, mean over the rollout's optimizer steps. A jump comes before a collapse.",
          [(newest("drover_learner_gradient_norm"), "{{run}}")], "none", low=0),
    graph("Clipped and masked tokens", "Share of tokens whose probability ratio was clipped, which grows with the number of steps on a rollout and with staleness, "
          "and of those that an importance weight or mask of 0 left out.",
          [(newest("drover_learner_clip_ratio"), "{{run}}: clipped"), (newest("drover_learner_masked_ratio"), "{{run}}: masked")], "percentunit", low=0,
          size=(6, 8)),
    graph("Loss and advantages", "The loss (near 0 by construction: watch its jumps) and the standard deviation of the advantages, which is the signal.",
          [(newest("drover_learner_loss"), "{{run}}: loss"), (newest("drover_learner_advantage_std"), "{{run}}: advantage std")], "none", size=(6, 8)),
    graph("Value head", "PPO alone (advantage.baseline VALUE). Share of the returns' variance that the values explain, which rises to its own level in the first rollouts and "
          "falls where the policy outruns its critic; and the value loss per token.",
          [(newest("drover_learner_explained_variance_ratio"), "{{run}}: explained variance"), (newest("drover_learner_value_loss"), "{{run}}: value loss")], "none", size=(6, 8)),
    graph("Learning rate", "Of the rollout's last optimizer step.", [(newest("drover_learner_learning_rate"), "{{run}}")], "sci", low=0, size=(6, 8)),
)

OFF_POLICY = row(
    "How off-policy is it?",
    graph("Staleness", "Newest published version when a group is trained minus the oldest version among its tokens, and the bound above which it would be dropped.",
          [(newest("drover_learner_staleness_mean_versions"), "{{run}}: mean"), (newest("drover_learner_staleness_max_versions"), "{{run}}: largest"),
           (f"max by (run) ({select('drover_learner_staleness_bound_versions')})", "{{run}}: bound")], "suffix: versions", low=0),
    graph("Log-probability gap", "Absolute difference of a token's log-probability, recorded by the actor and computed by the learner at the same version: mean, "
          "and largest (logarithmic). A mean above 0.05 raises DroverLogprobGap.",
          [(newest("drover_learner_logprob_gap_mean_nats"), "{{run}}: mean"), (newest("drover_learner_logprob_gap_max_nats"), "{{run}}: largest")],
          "suffix: nats", limit=0.05, log=True),
    graph("Probability ratio", "Current over old policy of a token: mean (near 1) and largest; and the mean importance weight of the old policy to the actor's (loss.correction).",
          [(newest("drover_learner_ratio_mean"), "{{run}}: mean"), (newest("drover_learner_ratio_max"), "{{run}}: largest"),
           (newest("drover_learner_importance_mean"), "{{run}}: importance weight")], "none", low=0),
)

TIME = row(
    "Where does the time go?",
    graph("Learner's time", "Shares of rank 0's time. Waiting is for groups of actors: in an on-policy run all of generation, in others a lack of actors.",
          [(rate("drover_learner_activity_seconds_total", "run, activity"), "{{run}}: {{activity}}")], "percentunit", low=0, stack="percent", size=(8, 9)),
    graph("Tokens", "Response tokens that the actors sample and that the learner trains on. More sampled than trained is work thrown away or evaluation. "
          "With actors.speculation also next tokens that were guessed, and those of them that were right.",
          [(rate("drover_actor_generated_tokens_total"), "{{run}}: sampled"), (rate("drover_learner_trained_tokens_total"), "{{run}}: trained"),
           (rate("drover_actor_drafted_tokens_total"), "{{run}}: guessed"), (rate("drover_actor_accepted_tokens_total"), "{{run}}: guessed right")],
          "suffix: tok/s", low=0, size=(8, 9)),
    graph("Evaluation beside training", "Questions of the evaluation in progress that are not graded yet. A line that does not fall: evaluation.share leaves it too "
          "little, or no actor has its weights. And evaluations that a stop or a roll-back ended for good.",
          [(f"max by (run) ({select('drover_learner_evaluation_pending_questions')})", "{{run}}: pending"),
           (f"sum by (run) (increase({select('drover_learner_evaluations_given_up_total')}[1h]))", "{{run}}: evaluations given up in an hour")],
          "none", low=0, size=(8, 9)),
    graph("Seconds of a rollout", "Mean time per rollout: collecting its groups, its optimizer steps, publishing the weights.",
          [(mean("drover_learner_collect_seconds"), "{{run}}: collect"), (mean("drover_learner_train_seconds"), "{{run}}: train"),
           (mean("drover_learner_publish_seconds"), "{{run}}: publish")], "s", low=0, stack="normal"),
    graph("Groups by answer", "Groups that actors submitted, by what the learner answered. Only accepted ones are trained on; the others were generated in vain.",
          [(rate("drover_experience_submissions_total", "run, outcome"), "{{run}}: {{outcome}}")], "suffix: groups/s", low=0),
    graph("Actors' idle time", "Share of the actors' time with nothing to generate. Near 0: more actors make the run faster. High: they wait for the learner.",
          spread(f"rate({select('drover_actor_idle_seconds_total')}[$__rate_interval])"), "percentunit", low=0, high=1),
    heatmap("Lengths of correct responses", "How long the correct responses collected are, over time.", LENGTH, "suffix: tok", more='outcome="correct"'),
    heatmap("Lengths of incorrect responses", "How long the incorrect responses collected are, over time. A bright top row: they are cut.", LENGTH, "suffix: tok",
            more='outcome="incorrect"'),
)

DASHBOARD = dashboard("drover-run", "Drover / Run", "What a researcher watches of a training run. Guide: docs/guides/dashboards.md.",
                      [AT_A_GLANCE, LEARNING, POLICY, OFF_POLICY, TIME])
