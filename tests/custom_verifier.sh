#!/usr/bin/env bash
# The example of docs/guides/custom-verifier.md at work: a grader in Python, behind the same proto, grades for
# `drover grade` and for a small training run. Exit 77: skipped, its last line says why.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/.." && pwd)
. "$ROOT/setup/common.sh"
. "$ROOT/setup/python.sh"
. "$ROOT/tests/tiny.sh"
drover="$ROOT/build/bin/drover"
work="$ROOT/build/tests/custom_verifier"
rm -rf "$work" && mkdir -p "$work/stubs"
server=""
trap '[ -z "$server" ] || kill "$server"' EXIT

fail() { echo "custom_verifier: $*"; exit 1; }

# A Python with gRPC and its tools: the system's, or an environment of the project.
python=/usr/bin/python3
if ! "$python" -c 'import grpc, grpc_tools' 2>/dev/null; then
  python_tools verifier || { echo "skipped: grpcio could not be installed (no network?)"; exit 77; }
  python="$DEPS/python-verifier/bin/python"
fi

"$python" -m grpc_tools.protoc -I "$ROOT/proto" --python_out="$work/stubs" --grpc_python_out="$work/stubs" \
  drover/v1/verifier.proto
PYTHONPATH="$work/stubs" "$python" "$ROOT/docs/guides/custom_verifier.py" --listen 127.0.0.1:0 \
  >"$work/address" 2>"$work/server.log" &
server=$!
for _ in $(seq 300); do [ -s "$work/address" ] || sleep 0.1; done
address=$(cat "$work/address")
[ -n "$address" ] || { cat "$work/server.log"; fail "the server did not start"; }

cat >"$work/in.jsonl" <<'LINES'
{"id": 1, "gold": "42", "response": "6 x 7, so 42."}
{"id": 2, "gold": ["41", "43"], "response": "6 x 7, so 42."}
{"id": 3, "gold": "42", "response": "I do not know"}
{"id": 4, "gold": "42", "response": "42", "truncated": true}
LINES
cat >"$work/expected.jsonl" <<'LINES'
{"id":1,"reward":1,"extracted":"42","formatted":true,"reason":"equal_text"}
{"id":2,"reward":0,"extracted":"42","formatted":true,"reason":"different"}
{"id":3,"reward":0,"extracted":null,"formatted":false,"reason":"no_answer"}
{"id":4,"reward":0,"extracted":"42","formatted":true,"reason":"truncated"}
LINES
"$drover" grade --verifier "$address" --grader last_number --in "$work/in.jsonl" --out "$work/out.jsonl"
diff "$work/expected.jsonl" "$work/out.jsonl" || fail "other grades than expected"

# A grader that the server does not have is an error that says so, exit status 2, and no output.
code=0
"$drover" grade --verifier "$address" --grader poems --in "$work/in.jsonl" --out "$work/none.jsonl" \
  2>"$work/error" || code=$?
[ "$code" = 2 ] || fail "status $code for an unknown grader"
grep -q "grader is 'poems'; it may be \['last_number'\]" "$work/error" || fail "said: $(cat "$work/error")"
[ ! -e "$work/none.jsonl" ] || fail "there is an output after an error"

[ -x "$ROOT/build/bin/drover-learner" ] || { echo "no training run: this build has no LibTorch"; exit 0; }
"$drover" train --quiet --out "$work/run" --set "verifiers.addresses=$address" --set reward.grader=last_number \
  --set run.device=cpu "${TINY[@]}"
[ ! -e "$work/run/logs/verifier-0.log" ] || fail "the run started a verifier of its own"
"$python" - "$work/run" <<'CHECK' || fail "the run's samples are not the grader's"
import json, re, sys
summary = json.load(open(sys.argv[1] + "/summary.json"))
assert summary["groups"]["trained"] == 16, summary
responses = 0
for sample in map(json.loads, open(sys.argv[1] + "/samples.jsonl")):
    for response in sample["responses"]:
        numbers = re.findall(r"-?\d+", response["text"])
        right = bool(numbers) and numbers[-1] in sample["gold"] and response["reason"] != "truncated"
        assert response["reward"] == right, (sample["gold"], response)
        assert response["reason"] in ("equal_text", "different", "no_answer", "truncated"), response
        responses += 1
assert responses > 0
CHECK
echo "a verifier in Python graded files and a training run"
