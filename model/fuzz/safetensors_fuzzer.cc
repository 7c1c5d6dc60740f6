// Any bytes as a safetensors file: an error, or tensors that lie inside the file and cover its data once.
#include "base/check.h"
#include "model/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace drover::model;
  std::string_view file(reinterpret_cast<const char*>(data), size);
  SafetensorsMetadata metadata;
  auto tensors = ParseSafetensors(file, &metadata);
  if (!tensors.ok()) return 0;
  size_t total = 0;
  for (const TensorView& tensor : *tensors) {
    DROVER_CHECK(TensorBytes(tensor.dtype, tensor.shape) == tensor.bytes.size());
    DROVER_CHECK(tensor.bytes.data() >= file.data() + 8);
    DROVER_CHECK(tensor.bytes.data() + tensor.bytes.size() <= file.data() + file.size());
    total += tensor.bytes.size();
  }
  uint64_t header = 0;
  for (int i = 7; i >= 0; --i) header = header << 8 | data[i];
  DROVER_CHECK(total + 8 + header == size);
  return 0;
}
