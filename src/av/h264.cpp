#include "av/h264.h"

#include <fmt/format.h>

namespace nestbox::av {

std::optional<std::string> avc_codec_string(std::span<const std::uint8_t> headers) {
  constexpr unsigned kNalTypeMask = 0x1f, kSps = 7;
  constexpr std::size_t kStartCode = 3, kBytesNeeded = kStartCode + 4;  // NAL header, profile, constraints, level
  for (std::size_t i = 0; i + kBytesNeeded <= headers.size(); ++i) {
    const auto nal = headers.subspan(i);
    const bool starts = nal[0] == 0 && nal[1] == 0 && nal[2] == 1;
    if (starts && (nal[kStartCode] & kNalTypeMask) == kSps) {
      return fmt::format("avc1.{:02X}{:02X}{:02X}", nal[kStartCode + 1], nal[kStartCode + 2], nal[kStartCode + 3]);
    }
  }
  return std::nullopt;
}

}  // namespace nestbox::av
