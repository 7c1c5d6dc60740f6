#include "model/large_tensors.h"

#include <ATen/ATen.h>
#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

namespace drover::model {
namespace {

constexpr int64_t kFloats = int64_t{kLargeTensor} / 4;

int64_t AddressOf(const at::Tensor& tensor) { return reinterpret_cast<int64_t>(tensor.data_ptr()); }

class LargeTensors : public ::testing::Test {
 protected:
  LargeTensors() {
    UseLargeTensorMemory();
    GiveKeptTensorsBack();
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
  at::Tensor tensor = at::empty({kFloats * 8});
  const int64_t place = AddressOf(tensor);
  const at::Tensor other = at::empty({kFloats * 20});
  const size_t before = KeptTensorBytes();
  tensor.reset();
  EXPECT_EQ(KeptTensorBytes(), before + 8 * kLargeTensor);
  const at::Tensor larger = at::empty({kFloats * 8 + 1}), smaller = at::empty({kFloats * 6});
  EXPECT_NE(AddressOf(larger), place) << "it does not fit";
  EXPECT_NE(AddressOf(smaller), place) << "it would be a third too large";
  const at::Tensor a_little_smaller = at::empty({kFloats * 7});
  EXPECT_EQ(AddressOf(a_little_smaller), place);
}

// Two kinds of step, one after the other, take no more than the larger one, and a step like the one before no new pages.
TEST_F(LargeTensors, KeptOnesAreNoMemoryOfTheirOwn) {
  constexpr int64_t kMost = 2000;  // megabytes, which nobody writes to
  std::vector<at::Tensor> tensors;
  const auto step = [&](int64_t count, int64_t megabytes) {
    std::vector<int64_t> places;
    for (int64_t i = 0; i < count; ++i) {
      tensors.push_back(at::empty({kFloats * megabytes}));
      places.push_back(AddressOf(tensors.back()));
      EXPECT_LE((i + 1) * megabytes * kLargeTensor + KeptTensorBytes(), kMost * kLargeTensor + kKeptBytes);
    }
    tensors.clear();
    std::sort(places.begin(), places.end());
    return places;
  };
  const std::vector<int64_t> first = step(kMost / 40, 40);
  EXPECT_GE(KeptTensorBytes(), kMost * kLargeTensor);
  EXPECT_EQ(step(kMost / 40, 40), first);
  step(kMost / 100, 100);
  step(kMost / 40, 40);
  GiveKeptTensorsBack();
  EXPECT_LE(KeptTensorBytes(), kKeptBytes);
}

TEST_F(LargeTensors, ThreadsTakeAndGiveAtOnce) {
  std::vector<std::thread> threads;
  for (int64_t t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int64_t i = 0; i < 200; ++i) {
        const at::Tensor tensor = at::full({kFloats + 4096 * (i % 7)}, static_cast<double>(t));
        ASSERT_EQ(tensor[-1].item<double>(), static_cast<double>(t));
        ASSERT_EQ(tensor[0].item<double>(), static_cast<double>(t));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Some operations of LibTorch take their workspace so.
TEST_F(LargeTensors, MemoryWithoutATensorIsFreedByItsAddress) {
  c10::Allocator& allocator = *c10::GetCPUAllocator();
  const size_t before = KeptTensorBytes();
  for (const size_t bytes : {size_t{0}, size_t{64}, 50 * kLargeTensor}) {
    void* const data = allocator.raw_allocate(bytes);
    allocator.raw_deallocate(data);
  }
  EXPECT_GE(KeptTensorBytes(), 50 * kLargeTensor);
  EXPECT_LE(KeptTensorBytes(), before + 50 * kLargeTensor);
}

// And no reason to keep more than before.
TEST_F(LargeTensors, OneThatCannotBeIsAnError) {
  std::vector<at::Tensor> tensors;
  for (int64_t i = 0; i < 20; ++i) tensors.push_back(at::empty({kFloats * 100}));
  EXPECT_THROW(at::empty({int64_t{1} << 58}), c10::Error);
  tensors.clear();
  for (int64_t i = 0; i < 20; ++i) tensors.push_back(at::empty({kFloats * 60}));
  EXPECT_LE(KeptTensorBytes(), (2000 - 20 * 60) * kLargeTensor + kKeptBytes);
}

}  // namespace
}  // namespace drover::model
