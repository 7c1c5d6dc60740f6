"""Verifier: grading, from the actors that wait for it to the threads that do it."""
from grafana import GREEN, RED, YELLOW, dashboard, graph, heatmap, quantile, rate, row, select, spread, stat, thresholds

VERIFIER = 'component="verifier"'
FAILED = rate("drover_grading_errors_total")

AT_A_GLANCE = row(
    None,
    stat("Grades per second", "Responses graded a second by all verifiers.", rate("drover_verifier_grades_total"), "suffix: grades/s", decimals=0),
    stat("Slowest call in twenty", "95th percentile of a grading call as actors see it, retries included. Alert DroverVerifierSlow: 5 s.",
         quantile(0.95, "drover_grading_seconds"), "s", thresholds((1, YELLOW), (5, RED))),
    stat("Queue time", "95th percentile of the time from a batch's arrival to a thread. Scaling goes by this.",
         quantile(0.95, "drover_verifier_queue_seconds"), "s", thresholds((0.1, YELLOW), (1, RED))),
    stat("Failing", "Failed grading attempts over all attempts. Alert DroverVerifierErrors: 5 %.",
         f"{FAILED} / ({FAILED} + {rate('drover_grading_seconds_count')} > 0)", "percentunit", thresholds((0.01, YELLOW), (0.05, RED)), decimals=1),
    stat("Queue filled", "Grades that wait over those that may wait.",
         f"sum by (run) ({select('drover_verifier_queue_grades')}) / (sum by (run) ({select('drover_verifier_queue_limit_grades')}) > 0)", "percentunit",
         thresholds((0.5, YELLOW), (0.9, RED)), decimals=0),
    stat("Verifiers up", "Verifiers that Prometheus reads.", f"sum by (run) ({select('up', VERIFIER)})", "none", thresholds((1, GREEN), base=RED), decimals=0),
)

CLIENTS = row(
    "What actors see",
    graph("Seconds of a grading call", "As its client sees it, retries included.",
          [(quantile(q, "drover_grading_seconds"), "{{run}}: p" + f"{100 * q:g}") for q in (0.5, 0.95, 0.99)], "s", low=0, limit=5),
    graph("Failed attempts", "By kind: unavailable is a verifier that is gone, resource_exhausted a full queue, deadline_exceeded a slow one.",
          [(rate("drover_grading_errors_total", "run, kind"), "{{run}}: {{kind}}")], "suffix: errors/s", low=0),
    graph("Calls and second attempts", "Grading calls answered, calls tried again after a failure, hedges (sent to another verifier because the first was slow) and "
          "those of both that the retry budget held back.",
          [(rate("drover_grading_seconds_count"), "{{run}}: calls"), (rate("drover_grading_retries_total"), "{{run}}: retries"),
           (rate("drover_grading_hedges_total"), "{{run}}: hedges"), (rate("drover_grading_budget_exhausted_total"), "{{run}}: held back")],
          "suffix: calls/s", low=0),
)

GRADES = row(
    "What is graded",
    graph("Grades by reason", "Why each response got its grade. A sudden no_answer: the template and the reward format do not fit.",
          [(rate("drover_verifier_grades_total", "run, reason") + " > 0", "{{run}}: {{reason}}")], "suffix: grades/s", low=0, stack="normal", size=(12, 9)),
    heatmap("Seconds of a grade", "How long grading one response takes. Each is bounded; a bright upper row is answers at their bound.",
            "drover_verifier_grade_seconds", "s", size=(12, 9)),
)

SERVERS = row(
    "Verifiers",
    graph("Waiting in the queue", "Time of a batch from its arrival to a thread.",
          [(quantile(q, "drover_verifier_queue_seconds"), "{{run}}: p" + f"{100 * q:g}") for q in (0.5, 0.95, 0.99)], "s", low=0),
    graph("Queue", "Grades that wait for a thread, and how many may.",
          [(f"sum by (run) ({select('drover_verifier_queue_grades')})", "{{run}}: waiting"),
           (f"sum by (run) ({select('drover_verifier_queue_limit_grades')})", "{{run}}: limit")], "suffix: grades", low=0),
    graph("Turned away", "Grades refused because a queue was full, and grades not begun because their caller had gone.",
          [(rate("drover_verifier_rejected_grades_total"), "{{run}}: refused"), (rate("drover_verifier_abandoned_grades_total"), "{{run}}: abandoned")],
          "suffix: grades/s", low=0),
    graph("Calls by method", "Calls begun, unary and streamed.", [(rate("drover_verifier_calls_total", "run, method"), "{{run}}: {{method}}")],
          "suffix: calls/s", low=0, size=(6, 8)),
    graph("Calls that failed", "Calls that ended in an error at the verifier, by kind.",
          [(rate("drover_verifier_call_errors_total", "run, kind"), "{{run}}: {{kind}}")], "suffix: errors/s", low=0, size=(6, 8)),
    graph("Balance", "Grades per second of a verifier. Least far below most: connections are not spread over the replicas.",
          spread(f"sum by (run, pod) (rate({select('drover_verifier_grades_total')}[$__rate_interval]))"), "suffix: grades/s", low=0, size=(6, 8)),
    graph("Threads in use", "Share of the verifiers' grading threads that grade.",
          [(f"{rate('drover_verifier_grade_seconds_sum')} / (sum by (run) ({select('drover_verifier_threads')}) > 0)", "{{run}}")], "percentunit", low=0,
          size=(6, 8)),
)

DASHBOARD = dashboard("drover-verifier", "Drover / Verifier", "Grading: what actors see, what is graded, how the verifiers are. "
                      "Guide: docs/guides/dashboards.md.", [AT_A_GLANCE, CLIENTS, GRADES, SERVERS], since="now-3h")
