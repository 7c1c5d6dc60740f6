#include "model/byte_alphabet.h"

#include <array>

#include "model/utf8.h"

namespace drover::model {
namespace {

struct Alphabet {
  std::array<char32_t, 256> character;
  std::array<int16_t, 0x144> byte;  // by character; -1 for those that spell no byte
};

constexpr Alphabet MakeAlphabet() {
  Alphabet alphabet{};
  for (int16_t& byte : alphabet.byte) byte = -1;
  char32_t next = 0x100;
  for (int b = 0; b < 256; ++b) {
    bool itself = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
    char32_t c = itself ? static_cast<char32_t>(b) : next++;
    alphabet.character[b] = c;
    alphabet.byte[c] = static_cast<int16_t>(b);
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = MakeAlphabet();

}  // namespace

char32_t ByteCharacter(uint8_t byte) { return kAlphabet.character[byte]; }

std::string SpellBytes(std::string_view bytes) {
  std::string spelled;
  for (char byte : bytes) AppendUtf8(ByteCharacter(static_cast<uint8_t>(byte)), spelled);
  return spelled;
}

std::optional<std::string> UnspellBytes(std::string_view spelled) {
  std::string bytes;
  for (size_t i = 0; i < spelled.size();) {
    char32_t c = NextCodePoint(spelled, i);
    if (c >= kAlphabet.byte.size() || kAlphabet.byte[c] < 0) return std::nullopt;
    bytes += static_cast<char>(kAlphabet.byte[c]);
  }
  return bytes;
}

}  // namespace drover::model
