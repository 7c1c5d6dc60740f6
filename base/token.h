// Texts that nobody can guess.
#pragma once

#include <string>

namespace drover {

// 128 bits of the system's randomness as 32 hexadecimal digits.
std::string UnguessableToken();

}  // namespace drover
