#include "base/digest.h"

#include <xxhash.h>

#include "base/check.h"

namespace drover {
namespace {

std::string ToHex(XXH128_hash_t hash) {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, hash);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned char byte : bytes.digest) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

}  // namespace

struct Digester::State {
  XXH3_state_t* xxh = XXH3_createState();
  ~State() { XXH3_freeState(xxh); }
};

Digester::Digester() : state_(std::make_unique<State>()) {
  DROVER_CHECK(state_->xxh != nullptr);
  XXH3_128bits_reset(state_->xxh);
}

Digester::~Digester() = default;

void Digester::Update(const void* data, size_t bytes) { XXH3_128bits_update(state_->xxh, data, bytes); }

std::string Digester::Hex() const { return ToHex(XXH3_128bits_digest(state_->xxh)); }

std::string HexDigest(std::string_view data) { return ToHex(XXH3_128bits(data.data(), data.size())); }

uint64_t Hash64(std::string_view data) { return XXH3_64bits(data.data(), data.size()); }

}  // namespace drover
