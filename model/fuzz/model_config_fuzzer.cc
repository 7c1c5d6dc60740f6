// Any bytes as a config.json: an error, or a configuration that is valid and survives being written and read.
#include "base/check.h"
#include "model/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace drover::model;
  auto config = ParseModelConfig({reinterpret_cast<const char*>(data), size});
  if (!config.ok()) return 0;
  DROVER_CHECK(ValidateModelConfig(*config).ok());
  std::string text = ModelConfigJson(*config);
  auto again = ParseModelConfig(text);
  DROVER_CHECK(again.ok());
  DROVER_CHECK(ModelConfigJson(*again) == text);
  return 0;
}
