// What must hold on a GPU as on the CPU; skipped, with the reason, where there is none (model/testing/device.h).
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "learner/checkpoint.h"
#include "learner/exchange_queue.h"
#include "learner/followers.h"
#include "learner/testing/support.h"
#include "model/device.h"
#include "model/ops_sequences.h"
#include "model/testing/device.h"
#include "ranks/collectives.h"

namespace drover::learner {
namespace {

using testing_support::CopyWeights;
using testing_support::FreshFolder;
using testing_support::MakeRollout;
using testing_support::RunRanks;
using testing_support::SameBits;
using testing_support::TinyModel;
using testing_support::TinyOptions;

class CudaTest : public model::testing::DeviceTest {
 protected:
  // The tiny model's weights on the device.
  std::unique_ptr<model::Transformer> OnDevice(torch::ScalarType dtype = torch::kFloat32,
                                               bool recompute_layers = false) {
    auto model = model::Transformer::Create(
        model::testing::TrainingConfig(),
        {.device = device(), .dtype = dtype, .trainable = true, .recompute_layers = recompute_layers},
        /*seed=*/1, 0.3);
    EXPECT_TRUE(model.ok()) << model.status();
    EXPECT_TRUE((*model)->Import(TinyModel(/*seed=*/1, dtype)->Export().value()).ok());
    return *std::move(model);
  }

  std::unique_ptr<Trainer> TrainerOnDevice(Collectives& collectives, TrainerOptions options = TinyOptions()) {
    const bool recompute = options.sharding.sharding == Sharding::kWeights;
    auto trainer = Trainer::Create(options, OnDevice(torch::kFloat32, recompute), &collectives);
    EXPECT_TRUE(trainer.ok()) << trainer.status();
    return *std::move(trainer);
  }
};

TEST_F(CudaTest, LogitsAgreeWithTheCpu) {
  const auto cpu = TinyModel(), gpu = OnDevice();
  const torch::Tensor ids_BT = at::arange(24, at::kLong).remainder(23).reshape({3, 8});
  const torch::Tensor on_cpu = cpu->Logits(cpu->Hidden(ids_BT).flatten(0, 1));
  const torch::Tensor on_gpu = gpu->Logits(gpu->Hidden(ids_BT.to(device())).flatten(0, 1)).cpu();
  EXPECT_LT((on_cpu - on_gpu).abs().max().item<double>(), 1e-4);
}

// The bytes that are streamed to the actors, and their digest, do not depend on where the weights live.
TEST_F(CudaTest, PublishedBytesAreThoseOfTheCpu) {
  for (const torch::ScalarType dtype : {torch::kFloat32, torch::kBFloat16}) {
    const model::WeightSet on_cpu = TinyModel(1, dtype)->Export().value();
    const model::WeightSet on_gpu = OnDevice(dtype)->Export().value();
    ASSERT_EQ(on_cpu.tensors.size(), on_gpu.tensors.size());
    for (size_t i = 0; i < on_cpu.tensors.size(); ++i) {
      EXPECT_EQ(*on_cpu.tensors[i].data, *on_gpu.tensors[i].data)
          << on_cpu.tensors[i].meta.name << " " << c10::toString(dtype);
    }
    EXPECT_EQ(on_cpu.digest, on_gpu.digest);
  }
}

TEST_F(CudaTest, UpdatesAgreeWithTheCpu) {
  const auto alone = LocalCollectives();
  TrainerOptions options = TinyOptions();
  options.mask_truncated = true;
  options.loss.kl_coefficient = 0.02;
  auto cpu = Trainer::Create(options, TinyModel(), alone.get()).value();
  const auto gpu = TrainerOnDevice(*alone, options);
  ASSERT_TRUE(cpu->BeginReinforcement().ok());
  ASSERT_TRUE(gpu->BeginReinforcement().ok());
  for (uint64_t rollout = 0; rollout < 3; ++rollout) {
    const auto groups = MakeRollout(*TinyModel(), /*seed=*/3 + rollout);
    const auto on_cpu = cpu->Update(groups, rollout, rollout), on_gpu = gpu->Update(groups, rollout, rollout);
    ASSERT_TRUE(on_cpu.ok() && on_gpu.ok()) << on_gpu.status();
    EXPECT_NEAR(on_gpu->loss, on_cpu->loss, 1e-4);
    EXPECT_NEAR(on_gpu->grad_norm, on_cpu->grad_norm, 1e-3 * std::max(1.0, on_cpu->grad_norm));
    EXPECT_NEAR(on_gpu->entropy, on_cpu->entropy, 1e-3);
    EXPECT_NEAR(on_gpu->kl_reference, on_cpu->kl_reference, 1e-4);
    EXPECT_EQ(on_gpu->skipped_steps, 0);
  }
}

// Prompts that are most of what is computed, whole groups in a microbatch: rows of a prompt with each of its responses, made
// in attention, and gradients of its keys and values that are sums over them (model/segment_rows.h).
TEST_F(CudaTest, SharedPromptsAgreeWithTheCpu) {
  const auto alone = LocalCollectives();
  TrainerOptions options = TinyOptions();
  options.plan.minibatch_responses = options.microbatch_responses = 16;
  auto cpu = Trainer::Create(options, TinyModel(), alone.get()).value();
  const auto gpu = TrainerOnDevice(*alone, options);
  testing_support::RolloutShape shape;
  shape.prompt_tokens = 30;
  shape.max_response_tokens = 5;
  const auto groups = MakeRollout(*TinyModel(), /*seed=*/9, shape);
  const auto on_cpu = cpu->Update(groups, 0, 0), on_gpu = gpu->Update(groups, 0, 0);
  ASSERT_TRUE(on_cpu.ok() && on_gpu.ok()) << on_gpu.status();
  EXPECT_NEAR(on_gpu->loss, on_cpu->loss, 1e-4);
  EXPECT_NEAR(on_gpu->grad_norm, on_cpu->grad_norm, 1e-3 * std::max(1.0, on_cpu->grad_norm));
}

// The gradient of a prompt's values is a sum over the rows of 300 responses, which GPUs add to memory one by one: in bfloat16
// much of it would be lost. (LibTorch's additions on CPUs are wide in any case.)
TEST_F(CudaTest, GradientsOfSharedPromptsAreAddedInFloat32) {
  constexpr int64_t kPrompt = 5, kResponses = 300, kTokens = kPrompt + kResponses;
  std::vector<model::Segment> segments = {{0, kPrompt, 0, 0}};
  for (int64_t r = 0; r < kResponses; ++r) segments.push_back({kPrompt + r, 1, 0, kPrompt});
  at::manual_seed(7);
  const torch::Tensor query_NHd = at::randn({kTokens, 4, 8}).to(at::kBFloat16);
  const torch::Tensor key_NKd = at::randn({kTokens, 2, 8}).to(at::kBFloat16);
  const torch::Tensor value_NKd = at::randn({kTokens, 2, 8}).to(at::kBFloat16);
  const auto gradient = [&](torch::Device on, torch::ScalarType dtype) {
    const model::ops::Sequences sequences(segments, on, /*by_rows=*/true);
    const torch::Tensor leaf =
        value_NKd.to(on, dtype, /*non_blocking=*/false, /*copy=*/true).requires_grad_();
    model::ops::SequenceAttention(query_NHd.to(on, dtype), key_NKd.to(on, dtype), leaf, sequences,
                                  {.scale = 0.4})
        .sum()
        .backward();
    return leaf.grad().narrow(0, 0, kPrompt).to(at::kCPU, at::kDouble);
  };
  const torch::Tensor got = gradient(device(), at::kBFloat16);
  const torch::Tensor wanted = gradient(at::kCPU, at::kDouble);
  EXPECT_LT(((got - wanted).abs() / wanted.abs()).max().item<double>(), 0.01);
}

TEST_F(CudaTest, ASupervisedStepAgreesWithTheCpu) {
  const auto alone = LocalCollectives();
  auto cpu = Trainer::Create(TinyOptions(), TinyModel(), alone.get()).value();
  const auto gpu = TrainerOnDevice(*alone);
  for (int step = 0; step < 3; ++step) {
    const std::vector<SupervisedExample> examples = {{{2, 3}, {4, 5}}, {{6}, {7, 8, 9}}, {{1, 1}, {2}}};
    const auto on_cpu = cpu->SupervisedStep(examples, {.learning_rate = 1e-3}),
               on_gpu = gpu->SupervisedStep(examples, {.learning_rate = 1e-3});
    ASSERT_TRUE(on_cpu.ok() && on_gpu.ok()) << on_gpu.status();
    EXPECT_NEAR(on_gpu->loss, on_cpu->loss, 1e-3);
  }
}

TEST_F(CudaTest, AStepThatIsNotFiniteChangesNothing) {
  const auto alone = LocalCollectives();
  const auto trainer = TrainerOnDevice(*alone);
  const auto groups = MakeRollout(*TinyModel(), /*seed=*/3);
  {
    at::NoGradGuard no_grad;
    trainer->model()
        .weights()
        .at("model.norm.weight")
        .detach()[0]
        .fill_(std::numeric_limits<float>::infinity());
  }
  const auto before = CopyWeights(trainer->model());
  const auto stats = trainer->Update(groups, 0, 0);
  ASSERT_TRUE(stats.ok()) << stats.status();
  EXPECT_EQ(stats->skipped_steps, static_cast<int64_t>(stats->steps.size()));
  EXPECT_TRUE(SameBits(before, CopyWeights(trainer->model())));
}

// A checkpoint that a GPU wrote goes on there as if nothing had happened, and on the CPU from the same bits.
TEST_F(CudaTest, ACheckpointGoesOnWhereItWas) {
  const auto alone = LocalCollectives();
  const auto first = TrainerOnDevice(*alone);
  ASSERT_TRUE(first->Update(MakeRollout(*TinyModel(), 3), 0, 0).ok());
  const std::string dir = FreshFolder("cuda") + "/checkpoint";
  ASSERT_TRUE(SaveCheckpoint(dir, *first, {.rollouts = 1, .version = 1}, {}).ok());
  const auto saved = CopyWeights(first->model());
  ASSERT_TRUE(first->Update(MakeRollout(*TinyModel(), 4), 1, 1).ok());

  const auto again = TrainerOnDevice(*alone);
  ASSERT_TRUE(LoadCheckpoint(dir, again.get()).ok());
  EXPECT_TRUE(SameBits(saved, CopyWeights(again->model())));
  ASSERT_TRUE(again->Update(MakeRollout(*TinyModel(), 4), 1, 1).ok());
  const auto straight = CopyWeights(first->model()), resumed = CopyWeights(again->model());
  for (size_t i = 0; i < straight.size(); ++i) {
    // Sums over rows of the embedding's gradient are atomic additions on a GPU, in no fixed order.
    EXPECT_LT((straight[i] - resumed[i]).abs().max().item<double>(), 1e-5);
  }
  auto on_cpu = Trainer::Create(TinyOptions(), TinyModel(), alone.get()).value();
  ASSERT_TRUE(LoadCheckpoint(dir, on_cpu.get()).ok());
  EXPECT_TRUE(SameBits(saved, CopyWeights(on_cpu->model())));
}

TEST_F(CudaTest, NcclSumsOnTheDevice) {
  if (!on_gpu()) GTEST_SKIP() << "skipped: no GPU (NCCL has no CPU)";
  C10dOptions options;
  options.device = device();
  options.timeout = absl::Minutes(1);
  const auto collectives = JoinC10d(options);  // a group of one goes over NCCL all the same
  ASSERT_TRUE(collectives.ok()) << collectives.status();
  const torch::Tensor tensor = at::full({1000}, 0.5, at::TensorOptions().device(device()));
  ASSERT_TRUE((*collectives)->AllReduceSum(tensor).ok());
  EXPECT_EQ(tensor.sum().item<double>(), 500);
  ASSERT_TRUE((*collectives)->Broadcast(tensor).ok());
  EXPECT_EQ(tensor.sum().item<double>(), 500);
  ASSERT_TRUE((*collectives)->ReduceScatterSum(tensor, at::kBFloat16).ok());
  EXPECT_EQ(tensor.sum().item<double>(), 500);
  ASSERT_TRUE((*collectives)->AllGather(tensor).ok());
  EXPECT_EQ(tensor.sum().item<double>(), 500);
  EXPECT_TRUE((*collectives)->Barrier().ok());
}

// Two ranks share the one GPU: their tensors go through the host, over Gloo.
TEST_F(CudaTest, TwoRanksOnOneDeviceSumAndBroadcast) {
  const torch::Device device = this->device();
  RunRanks(
      2, absl::Seconds(60),
      [device](Collectives& ranks) {
        const torch::Tensor sum =
            at::full({1000}, 0.25 * (ranks.rank() + 1), at::TensorOptions(at::kFloat).device(device));
        ASSERT_TRUE(ranks.AllReduceSum(sum).ok());
        EXPECT_EQ(sum.device(), device);
        EXPECT_EQ(sum.sum().item<double>(), 750.0);
        const torch::Tensor ids =
            at::full({4}, ranks.rank() + 5, at::TensorOptions(at::kLong).device(device));
        ASSERT_TRUE(ranks.Broadcast(ids).ok());
        EXPECT_EQ(ids.sum().item<int64_t>(), 20);
        const torch::Tensor runs =
            at::full({4}, ranks.rank() + 1.0, at::TensorOptions(at::kFloat).device(device));
        ASSERT_TRUE(ranks.ReduceScatterSum(runs, at::kBFloat16).ok());
        EXPECT_EQ(runs.narrow(0, 2 * ranks.rank(), 2).sum().item<float>(), 6.0F);
        ASSERT_TRUE(ranks.AllGather(runs).ok());
        EXPECT_EQ(runs.sum().item<float>(), 12.0F);
        EXPECT_TRUE(ranks.Barrier().ok());
      },
      device);
}

TEST_F(CudaTest, TwoRanksOnOneDeviceTakeTheStepOfOne) {
  const auto groups = MakeRollout(*TinyModel(), /*seed=*/5);
  const auto alone = LocalCollectives();
  const auto one = TrainerOnDevice(*alone);
  const auto of_one = one->Update(groups, 0, 0);
  ASSERT_TRUE(of_one.ok()) << of_one.status();
  std::vector<std::vector<torch::Tensor>> weights(2);
  RunRanks(
      2, absl::Seconds(60),
      [&](Collectives& ranks) {
        const auto trainer = TrainerOnDevice(ranks);
        if (ranks.rank() != 0) {
          ASSERT_TRUE(FollowLeader(*trainer, ranks).ok());
        } else {
          const auto stats = trainer->Update(groups, 0, 0);
          ASSERT_TRUE(stats.ok()) << stats.status();
          EXPECT_NEAR(stats->loss, of_one->loss, 1e-5);
          EXPECT_NEAR(stats->grad_norm, of_one->grad_norm, 1e-3 * std::max(1.0, of_one->grad_norm));
          ASSERT_TRUE(trainer->StopFollowers().ok());
        }
        weights[ranks.rank()] = CopyWeights(trainer->model());
      },
      device());
  EXPECT_TRUE(SameBits(weights[0], weights[1]));
}

// What is exchanged on a stream of its own reads what was computed before it, and is read by what is computed behind the wait;
// with work of many milliseconds in front of either, so that a missing order shows. Freed memory is taken again at once.
TEST_F(CudaTest, ExchangesAndComputationWaitForEachOther) {
  ExchangeQueue queue(/*threaded=*/true, device());
  const auto on_device = at::TensorOptions(at::kFloat).device(device());
  const int64_t side = on_gpu() ? 4096 : 64;
  const torch::Tensor busy = at::full({side, side}, 1.0 / static_cast<double>(side), on_device);
  const auto slowly = [&](const torch::Tensor& x) {  // x, by way of products whose result is 1
    return x * at::matmul(at::matmul(busy, busy), busy).sum() / static_cast<double>(side);
  };
  for (int round = 1; round <= 20; ++round) {
    const torch::Tensor brought = at::zeros({1 << 16}, on_device);
    uint64_t number = 0;
    {
      const torch::Tensor given = slowly(at::full({1 << 16}, round, on_device));
      number = queue.Post([given, brought, &slowly] {
        brought.copy_(slowly(given));
        return absl::OkStatus();
      });
    }
    const torch::Tensor beside = at::full({1 << 16}, -1.0, on_device);  // not where `given` is
    ASSERT_TRUE(queue.Wait(number).ok());
    const torch::Tensor behind = brought + beside;
    EXPECT_NEAR(behind.min().item<float>(), round - 1, 1e-2);
    EXPECT_NEAR(behind.max().item<float>(), round - 1, 1e-2);
  }
}

// Gradients and weights that two ranks share are exchanged while layers are computed.
TEST_F(CudaTest, SharedStateTakesTheStepsOfWholeState) {
  const auto train = [&](const TrainerOptions& options) {
    std::vector<std::vector<float>> weights;
    RunRanks(
        2, absl::Seconds(60),
        [&](Collectives& ranks) {
          const auto trainer = TrainerOnDevice(ranks, options);
          if (ranks.rank() != 0) {
            ASSERT_TRUE(FollowLeader(*trainer, ranks).ok());
            return;
          }
          for (uint64_t rollout = 0; rollout < 3; ++rollout) {
            const auto stats = trainer->Update(MakeRollout(*TinyModel(), 5 + rollout), rollout, rollout);
            ASSERT_TRUE(stats.ok()) << stats.status();
          }
          const auto whole = trainer->ExportWeights();
          ASSERT_TRUE(whole.ok()) << whole.status();
          for (const model::WeightTensor& tensor : whole->tensors) {
            const auto* const numbers = reinterpret_cast<const float*>(tensor.data->data());
            weights.emplace_back(numbers, numbers + tensor.meta.bytes / sizeof(float));
          }
          ASSERT_TRUE(trainer->StopFollowers().ok());
        },
        device());
    return weights;
  };
  TrainerOptions options = TinyOptions();
  const auto expected = train(options);
  for (const Sharding sharding : {Sharding::kGradients, Sharding::kWeights}) {
    options.sharding.sharding = sharding;
    const auto shared = train(options);
    ASSERT_EQ(shared.size(), expected.size());
    for (size_t i = 0; i < shared.size(); ++i) {
      EXPECT_THAT(shared[i], testing::Pointwise(testing::FloatNear(1e-5F), expected[i])) << i;
    }
  }
}

TEST(DeviceTest, AskingForCudaWhereThereIsNoneSaysWhy) {
  const auto device = model::ResolveDevice("cuda:0");
  if (device.ok()) GTEST_SKIP() << "skipped: this machine has a GPU";
  EXPECT_EQ(device.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(device.status().message().find("CUDA"), absl::string_view::npos);
}

}  // namespace
}  // namespace drover::learner
