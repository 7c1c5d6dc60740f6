#include "model/tensor_memory.h"

#include <ATen/ATen.h>

#include "base/check.h"

namespace drover::model {

void GiveBackMemory(const torch::Tensor& tensor) {
  c10::StorageImpl& storage = *tensor.storage().unsafeGetStorageImpl();
  storage.set_data_ptr_noswap(c10::DataPtr(nullptr, tensor.device()));
  storage.set_nbytes(size_t{0});
}

void TakeMemory(const torch::Tensor& tensor) {
  c10::StorageImpl& storage = *tensor.storage().unsafeGetStorageImpl();
  DROVER_CHECK(storage.allocator() != nullptr && tensor.storage_offset() == 0 && tensor.is_contiguous());
  storage.set_data_ptr_noswap(storage.allocator()->allocate(tensor.nbytes()));
  storage.set_nbytes(tensor.nbytes());
}

}  // namespace drover::model
