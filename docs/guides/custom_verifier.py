"""A verifier in Python: grader "last_number" takes the last whole number of a response for its answer."""
import argparse
import re
from concurrent import futures

import grpc
from drover.v1 import verifier_pb2 as pb, verifier_pb2_grpc as services


def last_number(request: pb.GradeRequest) -> pb.GradeResult:
    answer = (re.findall(rb"-?\d+", request.response) or [b""])[-1]
    right = answer.decode() in request.gold and not request.truncated
    reason = "truncated" if request.truncated else "equal_text" if right else "different" if answer else "no_answer"
    return pb.GradeResult(id=request.id, reward=float(right), formatted=bool(answer), extracted=answer, reason=reason)


class Verifier(services.VerifierServiceServicer):
    GRADERS = {"last_number": last_number}
    def Grade(self, batch, context):
        return pb.GradeBatchResponse(results=[self.grade(request, context) for request in batch.requests])

    def GradeStream(self, requests, context):
        return (self.grade(request, context) for request in requests)

    def grade(self, request, context):
        if request.grader not in self.GRADERS:  # never a reward for what cannot be graded
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"grader is {request.grader!r}; it may be {list(self.GRADERS)}")
        return self.GRADERS[request.grader](request)


if __name__ == "__main__":
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--listen", default="127.0.0.1:50061", help="host:port; port 0 picks one")
    listen = flags.parse_args().listen
    server = grpc.server(futures.ThreadPoolExecutor(), options=[("grpc.max_receive_message_length", 64 << 20)])
    services.add_VerifierServiceServicer_to_server(Verifier(), server)
    port = server.add_insecure_port(listen)
    server.start()
    print(f"{listen.rsplit(':', 1)[0]}:{port}", flush=True)
    server.wait_for_termination()
