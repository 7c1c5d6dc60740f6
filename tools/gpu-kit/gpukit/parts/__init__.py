"""The parts in order of value. Limits add up to less than twelve minutes, those of (a) to (d) to less than five."""
from part import Part

from . import googletests, speed, start, training

PARTS = [
    Part("start", "a", "programs start, the GPU is seen, learner and actor serve /metrics with CUDA loaded", 12, 45, start.run),
    Part("tests", "b", "the CUDA tests of learner and actor pass", 25, 60, googletests.cuda_tests),
    Part("agreement", "c", "logits, log-probabilities and gradients are the CPU's: float32 within 1e-4, bfloat16 within its bound",
         20, 45, googletests.agreement),
    Part("train", "d", "the embedded default trains whole with learner and actors on one GPU, as accurate as on the CPU", 100, 145,
         training.whole),
    Part("collectives", "e", "NCCL sums at world size 1; two ranks share the GPU over Gloo", 20, 35, googletests.collectives),
    Part("train-1.5b", "f", "20 optimizer steps in the shape of Qwen2.5-1.5B: tokens/s, share of the matrix rate, launches, memory",
         50, 75, speed.train),
    Part("decode-135m", "f", "decoding at batch 1, 32, 128, 256 in the shape of SmolLM2-135M, beside Hugging Face", 40, 55,
         speed.decode("smollm2-135m")),
    Part("decode-1.5b", "f", "decoding at batch 1, 32, 128, 256 in the shape of Qwen2.5-1.5B, beside Hugging Face", 50, 70,
         speed.decode("qwen2.5-1.5b")),
    Part("decode-7b", "f", "decoding at batch 1, 32, 128, 256 in the shape of Qwen2.5-7B, beside Hugging Face", 65, 85,
         speed.decode("qwen2.5-7b")),
    Part("memcheck", "g", "compute-sanitizer finds no bad access in a step of training and of decoding", 35, 50,
         googletests.memcheck),
    Part("resume", "h", "a run on the GPU that is killed with -9 goes on from its checkpoint, every group trained once", 35, 50,
         training.killed),
]
