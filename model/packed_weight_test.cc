#include "model/packed_weight.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace drover::model {
namespace {

// The weight times 1, by the packed matrix.
torch::Tensor Sums(PackedWeight& packed, const torch::Tensor& weight, torch::ScalarType dtype) {
  const torch::Tensor x = at::ones({1, weight.size(1)}, dtype);
  const torch::Tensor out = at::empty({1, weight.size(0)}, at::kFloat);
  cpu::LinearCall call;
  call.x = x.const_data_ptr();
  call.x_stride = x.size(1);
  call.rows = 1;
  call.output = cpu::Output::kFloat32;
  call.out = out.mutable_data_ptr();
  call.out_stride = weight.size(0);
  cpu::Linear(packed.Of(weight, {}, dtype), call);
  return out;
}

torch::Tensor Weight() { return at::arange(6, at::kFloat).reshape({2, 3}); }

TEST(PackedWeight, FollowsEveryKindOfChange) {
  for (const torch::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    PackedWeight packed;
    torch::Tensor weight = Weight().requires_grad_();
    EXPECT_TRUE(Sums(packed, weight, dtype).equal(at::tensor({3.0F, 12.0F}).unsqueeze(0)));
    {
      at::NoGradGuard no_grad;
      weight.add_(1.0);
    }
    EXPECT_TRUE(Sums(packed, weight, dtype).equal(at::tensor({6.0F, 15.0F}).unsqueeze(0)));
    weight.detach().copy_(Weight());
    EXPECT_TRUE(Sums(packed, weight, dtype).equal(at::tensor({3.0F, 12.0F}).unsqueeze(0)));
    {
      c10::InferenceMode inference;
      weight.detach().mul_(2.0);
    }
    EXPECT_TRUE(Sums(packed, weight, dtype).equal(at::tensor({6.0F, 24.0F}).unsqueeze(0)));
  }
}

TEST(PackedWeight, TakesViewsOtherTensorsAndDtypes) {
  PackedWeight packed;
  const torch::Tensor whole = at::arange(12, at::kFloat).reshape({4, 3});
  EXPECT_TRUE(Sums(packed, whole.narrow(0, 1, 2), at::kFloat).equal(at::tensor({12.0F, 21.0F}).unsqueeze(0)));
  EXPECT_TRUE(
      Sums(packed, whole.narrow(0, 2, 2), at::kBFloat16).equal(at::tensor({21.0F, 30.0F}).unsqueeze(0)));
  EXPECT_TRUE(Sums(packed, whole.to(at::kBFloat16), at::kFloat).equal(whole.sum(1).unsqueeze(0)));
  EXPECT_TRUE(
      Sums(packed, whole.t().narrow(0, 0, 2), at::kFloat).equal(at::tensor({18.0F, 22.0F}).unsqueeze(0)));
  whole.narrow(0, 0, 1).fill_(1.0);
  EXPECT_TRUE(Sums(packed, whole, at::kFloat).equal(whole.sum(1).unsqueeze(0)));
  EXPECT_TRUE(packed.Wide(whole.to(at::kBFloat16)).equal(whole));
}

}  // namespace
}  // namespace drover::model
