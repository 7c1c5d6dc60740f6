"""Fleet: what the on-call watches. Does the run go on, are its processes well, does everything reach everything."""
from grafana import (GREEN, RED, YELLOW, dashboard, graph, quantile, rate, row, select, spread, stat, table, thresholds)

LAG = (f"max by (run) ({select('drover_learner_weight_version')}) - on (run) group_right () "
       f"max by (run, pod) ({select('drover_actor_weight_version')})")

AT_A_GLANCE = row(
    None,
    stat("Phase", "What the learner does now.", f"max by (run, phase) ({select('drover_learner_phase')}) == 1", "none", legend="{{phase}}",
         text="name", spark=False),
    stat("Alerts firing", "Alerts of these runs that fire now; the red marks in the graphs say when they did.",
         f"count({select('ALERTS', 'alertstate=' + chr(34) + 'firing' + chr(34))}) or vector(0)", "none",
         thresholds((1, RED), base=GREEN), legend="alerts", spark=False, decimals=0),
    stat("Since the newest rollout", "Time since a rollout was last trained. Alert DroverNoOptimizerStep: half an hour, or three usual rollouts.",
         f"time() - max by (run) ({select('drover_learner_step_timestamp_seconds')} > 0)", "s", thresholds((600, YELLOW), (1800, RED)),
         spark=False, decimals=0),
    stat("Work at risk", "Training since the newest checkpoint: what a crash of the learner would undo. Alert DroverCheckpointOld: 2 hours.",
         f"clamp_min(max by (run) ({select('drover_learner_step_timestamp_seconds')} > 0) - max by (run) ("
         f"{select('drover_learner_checkpoint_timestamp_seconds')} > 0), 0)", "s", thresholds((3600, YELLOW), (7200, RED)), spark=False, decimals=0),
    stat("Actors ready", "Actors with confirmed weights that are not draining.", f"sum by (run) ({select('drover_actor_ready')})", "none",
         thresholds((1, GREEN), base=RED), decimals=0),
    stat("Processes down", "Learners, actors and verifiers whose metrics cannot be read.", f"sum by (run) (1 - {select('up')})", "none",
         thresholds((1, RED)), decimals=0),
)

ACTORS = row(
    "Generation",
    graph("Actors", "Ready ones, all that Prometheus reads, those that the learner heard of in the last minute, and those that drain.",
          [(f"sum by (run) ({select('drover_actor_ready')})", "{{run}}: ready"),
           (f"sum by (run) ({select('up', 'component=' + chr(34) + 'actor' + chr(34))})", "{{run}}: up"),
           (f"max by (run) ({select('drover_learner_actors')})", "{{run}}: seen by the learner"),
           (f"sum by (run) ({select('drover_actor_draining')})", "{{run}}: draining")], "none", low=0),
    graph("Tokens per second of an actor", "Response tokens sampled. One far below the others has a slow node or no work.",
          spread(f"rate({select('drover_actor_generated_tokens_total')}[$__rate_interval])"), "suffix: tok/s", low=0),
    graph("Versions behind", "How far the actors' weights are behind the newest version; one that evaluates an older version is behind by its choice. More than the staleness bound for long: DroverActorBehind.",
          spread(f"({LAG})"), "suffix: versions"),
    graph("Groups in hand", "Groups leased to actors: waiting for their weight version, being generated, being graded or submitted.",
          [(f"sum by (run) ({select('drover_actor_waiting_groups')})", "{{run}}: waiting"),
           (f"sum by (run) ({select('drover_actor_generating_groups')})", "{{run}}: generating"),
           (f"sum by (run) ({select('drover_actor_grading_groups')})", "{{run}}: grading")], "suffix: groups", low=0, stack="normal"),
    graph("What became of groups", "Groups by their end, as the actors count them. Expired, stale and failed ones are generated again.",
          [(rate("drover_actor_groups_total", "run, outcome"), "{{run}}: {{outcome}}")], "suffix: groups/s", low=0),
    graph("Seconds of a group", "From its lease to its answered submission.",
          [(quantile(0.5, "drover_actor_group_seconds"), "{{run}}: p50"), (quantile(0.95, "drover_actor_group_seconds"), "{{run}}: p95")], "s", low=0),
    table("Every actor", "One line an actor: the furthest behind on top.",
          [(LAG, "Versions behind", "none"),
           (f"max by (run, pod) ({select('drover_actor_ready')})", "Ready", "none"),
           (f"sum by (run, pod) (rate({select('drover_actor_generated_tokens_total')}[$__rate_interval]))", "Tokens per second", "none"),
           (f"sum by (run, pod) (rate({select('drover_actor_idle_seconds_total')}[$__rate_interval]))", "Idle", "percentunit"),
           (f"max by (run, pod) ({select('drover_actor_leases_held')})", "Leases held", "none"),
           (f"time() - max by (run, pod) ({select('drover_actor_group_timestamp_seconds')} > 0)", "Since its last group", "s"),
           (f"max by (run, pod) ({select('process_resident_memory_bytes', 'component=' + chr(34) + 'actor' + chr(34))})", "Memory", "bytes")],
          "pod"),
)

LEASES = row(
    "Leases",
    graph("Leases held", "Leases that actors hold, and requests of actors that wait for one: waiting ones mean idle actors.",
          [(f"max by (run) ({select('drover_experience_held_leases')})", "{{run}}: held"),
           (f"max by (run) ({select('drover_experience_waiting_calls')})", "{{run}}: requests waiting")], "none", low=0),
    graph("Rollout being collected", "Groups accepted of the rollout that is being collected, as a share of what it needs.",
          [(f"max by (run) ({select('drover_experience_rollout_accepted_groups')}) / (max by (run) ("
            f"{select('drover_experience_rollout_needed_groups')}) > 0)", "{{run}}")], "percentunit", low=0, high=1),
    graph("Leases not trained", "Leases of the surviving line that ended otherwise. Expired: an actor vanished. Stale: an actor missed versions.",
          [(f"max by (run, state) ({select('drover_learner_leases', 'state=~' + chr(34) + 'expired|failed|filtered|stale' + chr(34))})",
            "{{run}}: {{state}}")], "suffix: leases", low=0),
    graph("Seconds of a submission", "From a group's arrival at the learner to its durable answer: the journal's disk.",
          [(quantile(0.5, "drover_experience_submit_seconds"), "{{run}}: p50"), (quantile(0.95, "drover_experience_submit_seconds"), "{{run}}: p95")],
          "s", low=0),
    graph("Waiting for the journal", "Groups submitted that wait to be written.",
          [(f"max by (run) ({select('drover_experience_queued_groups')})", "{{run}}")], "suffix: groups", low=0),
    graph("Learner's time", "Shares of rank 0's time. Much publishing or checkpointing points at the network or the volume.",
          [(rate("drover_learner_activity_seconds_total", "run, activity"), "{{run}}: {{activity}}")], "percentunit", low=0, stack="percent"),
)

WEIGHTS = row(
    "Weights",
    graph("Bytes of weights", "Sent by the learner and received by the actors, a second.",
          [(rate("drover_weights_sent_bytes_total"), "{{run}}: sent"), (rate("drover_weights_received_bytes_total"), "{{run}}: received")], "Bps", low=0),
    graph("Seconds of a weight sync", "From a version's first frame to its verified digest at the actor, and putting it in place.",
          [(quantile(0.5, "drover_weights_sync_seconds"), "{{run}}: receive p50"), (quantile(0.95, "drover_weights_sync_seconds"), "{{run}}: receive p95"),
           (quantile(0.95, "drover_actor_swap_seconds"), "{{run}}: swap p95")], "s", low=0),
    graph("Streams", "Open weight streams at the learner, and actors whose stream has brought a whole version.",
          [(f"max by (run) ({select('drover_weights_subscribers')})", "{{run}}: open"), (f"sum by (run) ({select('drover_weights_stream_up')})", "{{run}}: up")],
          "none", low=0),
)

ERRORS = row(
    "Errors",
    graph("Calls to the learner", "Failed calls of actors, by kind.", [(rate("drover_actor_learner_errors_total", "run, kind"), "{{run}}: {{kind}}")],
          "suffix: errors/s", low=0, size=(6, 8)),
    graph("Weight streams", "Ends of the weight stream other than the actor's own, by kind.",
          [(rate("drover_weights_stream_errors_total", "run, kind"), "{{run}}: {{kind}}")], "suffix: errors/s", low=0, size=(6, 8)),
    graph("Grading", "Failed grading attempts of actors, by kind.", [(rate("drover_grading_errors_total", "run, kind"), "{{run}}: {{kind}}")],
          "suffix: errors/s", low=0, size=(6, 8)),
    graph("Never expected", "Weights that did not fit their digest, and optimizer steps that were not finite, within an hour.",
          [(f"sum by (run) (increase({select('drover_weights_digest_mismatches_total')}[1h]))", "{{run}}: digest mismatches"),
           (f"sum by (run) (increase({select('drover_learner_skipped_steps_total')}[1h]))", "{{run}}: steps skipped")], "none", low=0, size=(6, 8)),
)

PROCESSES = row(
    "Processes",
    graph("Restarts", "Starts of containers within an hour, by component; three in half an hour of one pod raise DroverRestartLoop.",
          [(f"sum by (run, component) (changes({select('process_start_time_seconds')}[1h]))", "{{run}}: {{component}}")], "none", low=0, size=(6, 8)),
    graph("Processor", "Cores in use by component.", [(rate("process_cpu_seconds_total", "run, component"), "{{run}}: {{component}}")], "suffix: cores", low=0,
          size=(6, 8)),
    graph("Memory", "Resident memory of the largest process of each component.",
          [(f"max by (run, component) ({select('process_resident_memory_bytes')})", "{{run}}: {{component}}")], "bytes", low=0, size=(6, 8)),
    graph("File descriptors", "Of the process that has most open, as a share of its limit.",
          [(f"max by (run, component) ({select('process_open_fds')} / {select('process_max_fds')})", "{{run}}: {{component}}")], "percentunit", low=0,
          size=(6, 8)),
    graph("Seconds of a checkpoint", "To write one while training goes on, and how many could not be written. Alert DroverCheckpointFailed.",
          [(quantile(0.95, "drover_learner_checkpoint_seconds"), "{{run}}: p95"),
           (f"sum by (run) (increase({select('drover_learner_checkpoint_failures_total')}[$__rate_interval]))", "{{run}}: failed")], "none", low=0, size=(12, 6)),
    graph("Free disk", "Bytes that could still be written where the run's files are, after each rollout. Alert DroverDiskFilling: 1 GiB, or full in four hours.",
          [(f"max by (run) ({select('drover_learner_disk_free_bytes')} > 0)", "{{run}}")], "bytes", low=0, size=(12, 6)),
)

DASHBOARD = dashboard("drover-fleet", "Drover / Fleet", "What the on-call watches: processes, leases, weights, errors. Guide: docs/guides/dashboards.md; "
                      "runbooks: docs/runbooks/.", [AT_A_GLANCE, ACTORS, LEASES, WEIGHTS, ERRORS, PROCESSES], since="now-3h")
