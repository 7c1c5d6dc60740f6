#include "model/large_tensors.h"

#include <ATen/ATen.h>
#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace drover::model {
namespace {

constexpr int64_t kFloats = int64_t{kLargeTensor} / 4;

int64_t AddressOf(const at::Tensor& tensor) { return reinterpret_cast<int64_t>(tensor.data_ptr()); }

class LargeTensors : public ::testing::Test {
 protected:
  LargeTensors() {
    UseLargeTensorMemory();
    at::empty({int64_t{kKeptBytes} / 4});  // what others left makes room for it, and it for what comes
  }
};

TEST_F(LargeTensors, BeginAtALargePageAndHoldWhatIsWritten) {
  const at::Tensor tensor = at::arange(3 * kFloats, at::kFloat);
  EXPECT_EQ(AddressOf(tensor) % (2 << 20), 0);
  EXPECT_EQ(tensor[-1].item<float>(), static_cast<float>(3 * kFloats - 1));
  const at::Tensor copy = tensor.clone();
  EXPECT_NE(AddressOf(copy), AddressOf(tensor));
  EXPECT_TRUE(at::equal(copy, tensor));
  EXPECT_EQ(AddressOf(at::empty({kFloats - 1})) % 64, 0);
}

TEST_F(LargeTensors, ABlockThatWasFreedIsTheNextOneOfItsSize) {
  at::Tensor tensor = at::empty({kFloats + 5});
  const int64_t place = AddressOf(tensor);
  const at::Tensor other = at::empty({3 * kFloats});
  tensor.reset();
  EXPECT_EQ(KeptTensorBytes(), kLargeTensor + 4096) << "whole pages";
  EXPECT_NE(AddressOf(at::empty({2 * kFloats})), place) << "of another size";
  tensor = at::empty({kFloats + 5});
  EXPECT_EQ(AddressOf(tensor), place);
}

TEST_F(LargeTensors, NoMoreIsKeptThanTheLimit) {
  std::vector<at::Tensor> tensors;
  for (int64_t i = 0; i < 40; ++i) tensors.push_back(at::empty({kFloats * 4}));
  const int64_t last = AddressOf(tensors.back());
  for (at::Tensor& tensor : tensors) tensor.reset();
  EXPECT_EQ(KeptTensorBytes(), kKeptBytes);
  EXPECT_EQ(AddressOf(at::empty({kFloats * 4})), last) << "the newest stay";
  at::empty({int64_t{kKeptBytes}});
  EXPECT_EQ(KeptTensorBytes(), kKeptBytes) << "one that is larger than the limit is in nobody's way";
}

// Some operations of LibTorch take their workspace so.
TEST_F(LargeTensors, MemoryWithoutATensorIsFreedByItsAddress) {
  c10::Allocator& allocator = *c10::GetCPUAllocator();
  for (const size_t bytes : {size_t{0}, size_t{64}, 2 * kLargeTensor}) {
    void* const data = allocator.raw_allocate(bytes);
    allocator.raw_deallocate(data);
  }
  EXPECT_EQ(KeptTensorBytes(), 2 * kLargeTensor);
}

TEST_F(LargeTensors, OneThatCannotBeIsAnError) { EXPECT_THROW(at::empty({int64_t{1} << 58}), c10::Error); }

}  // namespace
}  // namespace drover::model
