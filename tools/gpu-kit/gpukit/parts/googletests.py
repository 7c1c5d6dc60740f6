"""Parts that are GoogleTest programs: (b) CUDA tests, (c) agreement, (e) collectives, (g) memory checks."""
import json

import machine
import process
from part import PartFailed, PartSkipped

from .training import Run, check_device, tiny

OWN_PARTS = "*Nccl*:*TwoRanks*"  # they are part (e)


def run_tests(context, program, chosen="*", before=()):
    """Runs a GoogleTest program on the part's device; its cases. PartFailed names the first that failed."""
    result = context.folder / f"{program}.json"
    command = [*before, context.kit.test(program), f"--gtest_filter={chosen}", f"--gtest_output=json:{result}"]
    log = context.log()
    environment = {**context.environment, "DROVER_TEST_DEVICE": context.device, "DROVER_FIXTURES": str(context.kit.fixtures)}
    ended = process.run(command, log, environment, context.left())
    try:
        suites = json.loads(result.read_text(errors="replace"))["testsuites"]
    except (OSError, ValueError) as error:
        raise PartFailed(f"{program} wrote no result (status {ended.status}): {process.last_words(ended.text)}") from error
    cases = [(f"{suite['name']}.{case['name']}", case) for suite in suites for case in suite["testsuite"]]
    counts = {"passed": sum(case["result"] == "COMPLETED" and not case.get("failures") for _, case in cases),
              "failed": sum(bool(case.get("failures")) for _, case in cases),
              "skipped": sum(case["result"] == "SKIPPED" for _, case in cases)}
    failed = [(name, case) for name, case in cases if case.get("failures")]
    if failed:
        name, case = failed[0]
        first = " ".join(case["failures"][0]["failure"].split())[:300]
        raise PartFailed(f"{program}: {len(failed)} of {len(cases)} failed, first {name}: {first}", {program: counts})
    if ended.status != 0:
        raise PartFailed(f"{program} ended with status {ended.status}: {process.last_words(ended.text)}", {program: counts})
    if not counts["passed"]:
        raise PartFailed(f"{program}: no test ran ({counts['skipped']} skipped)", {program: counts})
    return counts, cases


def cuda_tests(context):
    figures = {}
    for program in ("learner_cuda_test", "actor_cuda_test"):
        figures[program], _ = run_tests(context, program, f"*-{OWN_PARTS}")
    return figures


def agreement(context):
    """The largest gap of each kind over all models, and of which."""
    counts, cases = run_tests(context, "gpu_agreement_test")
    figures = {"gpu_agreement_test": counts}
    for name, case in cases:
        model = name.rsplit("/", 1)[-1] if case.get("value_param") is None else case["value_param"].strip('"')
        for key, text in case.items():
            if not key.startswith(("float32_", "bfloat16_")):
                continue
            value = float(text)
            if value >= figures.get(key, {"largest": -1.0})["largest"]:
                figures[key] = {"largest": value, "of": model}
    return figures


def collectives(context):
    figures = {}
    figures["learner_cuda_test"], _ = run_tests(context, "learner_cuda_test", OWN_PARTS)
    with Run(context, tiny(steps=3, **{"learner.ranks": 2})) as run:
        summary = run.finish()
    check_device(context, run)
    figures["rollouts_of_two_ranks"] = summary["steps"]
    return figures


def memcheck(context):
    """The same cases without the tool on the CPU."""
    chosen = {"learner_cuda_test": "CudaTest.UpdatesAgree*:CudaTest.SharedPrompts*", "actor_cuda_test": "CudaEngine.Bfloat16*:CudaEngine.Swapped*"}
    before = []
    if not context.rehearsal:
        tool = machine.find_tool("compute-sanitizer")
        if tool is None:
            raise PartSkipped("this machine has no compute-sanitizer (it comes with the CUDA toolkit)")
        before = [tool, "--tool", "memcheck", "--error-exitcode", "9", "--report-api-errors", "no"]
    return {program: run_tests(context, program, which, before)[0] for program, which in chosen.items()}
