// XXH3 digests: 128 bits for weights and groups, 64 bits for the records of files. They find corruption, not
// forgery.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace drover {

// A running XXH3-128. Not thread-safe.
class Digester {
 public:
  Digester();
  ~Digester();
  Digester(const Digester&) = delete;
  Digester& operator=(const Digester&) = delete;

  void Update(const void* data, size_t bytes);
  void Update(std::string_view data) { Update(data.data(), data.size()); }

  // 32 lower-case hexadecimal digits of what was given so far (XXH128's canonical, big-endian form).
  std::string Hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The 32 hexadecimal digits of XXH3-128 over `data`.
std::string HexDigest(std::string_view data);

// XXH3-64 over `data` with seed 0: the checksum of journal records and the hash that splits question sets.
uint64_t Hash64(std::string_view data);

}  // namespace drover
