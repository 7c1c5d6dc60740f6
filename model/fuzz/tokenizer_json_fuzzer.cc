// Any bytes as a tokenizer.json: an error, or a tokenizer that encodes and decodes without harm.
#include "base/check.h"
#include "model/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using drover::model::Tokenizer;
  auto tokenizer = Tokenizer::Parse({reinterpret_cast<const char*>(data), size});
  if (!tokenizer.ok()) return 0;
  for (const char* text :
       {"", "abba ab  12\n<eos>", "<pad> \xC3\xA9\xE6\xBC\xA2 a b\t", "aaaaaaaaaaaaaaaaaaaaaaaa"}) {
    auto ids = (*tokenizer)->Encode(text);
    if (!ids.ok()) continue;
    for (uint32_t id : *ids) DROVER_CHECK(id < (*tokenizer)->size());
    (*tokenizer)->Decode(*ids, {.skip_special_tokens = true});
    ids = (*tokenizer)->Encode(text, {.add_special_tokens = true});
    DROVER_CHECK(ids.ok());
    (*tokenizer)->Decode(*ids);
  }
  return 0;
}
