#pragma once
/// The little of H.264's byte stream (ITU-T H.264, Annex B) that a muxer has to read.
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace nestbox::av {

/// "avc1.PPCCLL" (RFC 6381) with profile, constraints and level of the first SPS in Annex B `headers`. Nothing when
/// there is none.
std::optional<std::string> avc_codec_string(std::span<const std::uint8_t> headers);

}  // namespace nestbox::av
