#include "model/tensor_memory.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace drover::model {
namespace {

TEST(TensorMemory, GoesAndComesBackForAllThatShareIt) {
  const torch::Tensor flat = at::zeros({6});
  torch::Tensor leaf = at::ones({2, 2}).requires_grad_();
  leaf.set_data(flat.narrow(0, 1, 4).view({2, 2}));
  GiveBackMemory(flat);
  EXPECT_EQ(flat.storage().nbytes(), 0u);
  EXPECT_EQ(leaf.sizes(), at::IntArrayRef({2, 2}));
  TakeMemory(flat);
  const auto version = leaf._version();
  flat.copy_(at::arange(6, at::kFloat));
  EXPECT_EQ(leaf._version(), version) << "autograd's saved leaf is still the one that it saved";
  EXPECT_TRUE(at::equal(leaf.detach(), at::tensor({1.0F, 2.0F, 3.0F, 4.0F}).view({2, 2})));
  (leaf * 2.0).sum().backward();
  EXPECT_TRUE(at::equal(leaf.grad(), at::full({2, 2}, 2.0F)));
}

}  // namespace
}  // namespace drover::model
