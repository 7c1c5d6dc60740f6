// What must hold on a GPU as on the CPU; skipped, with the reason, where there is none.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "learner/collectives.h"
#include "learner/testing.h"
#include "model/device.h"

namespace drover::learner {
namespace {

using testing_support::MakeRollout;
using testing_support::TinyConfig;
using testing_support::TinyModel;
using testing_support::TinyOptions;

class CudaTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto device = model::ResolveDevice("cuda:0");
    if (!device.ok()) GTEST_SKIP() << "skipped: no GPU (" << device.status().message() << ")";
    device_ = *device;
  }

  // The tiny model's weights on the GPU.
  std::unique_ptr<model::Transformer> ModelOnGpu() {
    auto model =
        model::Transformer::Create(TinyConfig(), {.device = device_, .trainable = true}, /*seed=*/1, 0.3);
    EXPECT_TRUE(model.ok()) << model.status();
    EXPECT_TRUE((*model)->Import(TinyModel()->Export().value()).ok());
    return *std::move(model);
  }

  torch::Device device_ = torch::kCPU;
};

TEST_F(CudaTest, LogitsAgreeWithTheCpu) {
  const auto cpu = TinyModel(), gpu = ModelOnGpu();
  const torch::Tensor ids_BT = at::arange(24, at::kLong).remainder(23).reshape({3, 8});
  const torch::Tensor on_cpu = cpu->Logits(cpu->Hidden(ids_BT).flatten(0, 1));
  const torch::Tensor on_gpu = gpu->Logits(gpu->Hidden(ids_BT.to(device_)).flatten(0, 1)).cpu();
  EXPECT_LT((on_cpu - on_gpu).abs().max().item<double>(), 1e-3);
}

TEST_F(CudaTest, AnUpdateAgreesWithTheCpu) {
  const auto alone = LocalCollectives();
  auto cpu = Trainer::Create(TinyOptions(), TinyModel(), alone.get());
  auto gpu = Trainer::Create(TinyOptions(), ModelOnGpu(), alone.get());
  ASSERT_TRUE(cpu.ok() && gpu.ok());
  const auto groups = MakeRollout((*cpu)->model(), /*seed=*/3);
  const auto on_cpu = (*cpu)->Update(groups, 0, 0), on_gpu = (*gpu)->Update(groups, 0, 0);
  ASSERT_TRUE(on_cpu.ok() && on_gpu.ok());
  EXPECT_NEAR(on_gpu->loss, on_cpu->loss, 1e-4);
  EXPECT_NEAR(on_gpu->grad_norm, on_cpu->grad_norm, 1e-3 * std::max(1.0, on_cpu->grad_norm));
}

TEST_F(CudaTest, NcclSumsOnTheDevice) {
  C10dOptions options;
  options.device = device_;
  options.timeout = absl::Minutes(1);
  const auto collectives = JoinC10d(options);  // a group of one goes over NCCL all the same
  ASSERT_TRUE(collectives.ok()) << collectives.status();
  const torch::Tensor tensor = at::full({1000}, 0.5, at::TensorOptions().device(device_));
  ASSERT_TRUE((*collectives)->AllReduceSum(tensor).ok());
  EXPECT_EQ(tensor.sum().item<double>(), 500);
  EXPECT_TRUE((*collectives)->Barrier().ok());
}

TEST(DeviceTest, AskingForCudaWhereThereIsNoneSaysWhy) {
  const auto device = model::ResolveDevice("cuda:0");
  if (device.ok()) GTEST_SKIP() << "skipped: this machine has a GPU";
  EXPECT_EQ(device.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(device.status().message().find("CUDA"), absl::string_view::npos);
}

}  // namespace
}  // namespace drover::learner
