// Any bytes as a tokenizer.json: an error, or a tokenizer that encodes and decodes without harm.
#include "base/check.h"
#include "model/tokenizer.h"
#include "model/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using drover::model::FirstInvalidUtf8;
  using drover::model::Tokenizer;
  auto tokenizer = Tokenizer::Parse({reinterpret_cast<const char*>(data), size});
  if (!tokenizer.ok()) return 0;
  for (const char* text : {"", "abba ab  12\n<eos>", "<pad> \xC3\xA9\xE6\xBC\xA2 a b\t",
                           " \xC3\x89\xE2\x96\x81 ab\xE2\x96\x81", "aaaaaaaaaaaaaaaaaaaaaaaa"}) {
    auto ids = (*tokenizer)->Encode(text);
    if (!ids.ok()) continue;
    for (uint32_t id : *ids) DROVER_CHECK(id < (*tokenizer)->size());
    (*tokenizer)->Decode(*ids, {.skip_special_tokens = true});
    DROVER_CHECK(!FirstInvalidUtf8((*tokenizer)->Decode(*ids)));
    ids = (*tokenizer)->Encode(text, {.add_special_tokens = true});
    DROVER_CHECK(ids.ok());
    (*tokenizer)->Decode(*ids);
  }
  return 0;
}
