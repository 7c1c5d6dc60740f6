// TFRecord, the framing of TensorBoard's event files: each record is
//
//   u64 length, u32 masked CRC-32C of these eight bytes, the bytes, u32 masked CRC-32C of them        all little-endian
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace drover::run {

// Castagnoli's CRC-32 (RFC 3720, appendix B.4).
uint32_t Crc32c(std::string_view data);

// Rotated right by 15 bits, plus 0xa282ead8: a checksum of data that holds checksums.
uint32_t MaskedCrc32c(std::string_view data);

std::string TfRecord(std::string_view data);

}  // namespace drover::run
