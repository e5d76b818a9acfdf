#pragma once
/// Which bytes of a file a Range header asks for (RFC 9110, 14.1.2).
#include <cstdint>
#include <string_view>

namespace nestbox::web {

struct ByteRange {
  enum class Kind : std::uint8_t {
    kWhole,    ///< no header, or one that may be passed over: several ranges, another unit, no range at all
    kPart,     ///< 206
    kOutside,  ///< 416: no byte of it is there
  };
  Kind kind = Kind::kWhole;
  std::uint64_t first = 0, bytes = 0;  ///< what to send; 0 bytes when outside
};

ByteRange byte_range(std::string_view range_header, std::uint64_t file_bytes);

}  // namespace nestbox::web
