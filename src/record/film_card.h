#pragma once
/// Stills with text, and silence, encoded so that they can be joined to clips.
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "nestbox/media/packet.h"

namespace nestbox::record {

using Bytes = std::vector<std::uint8_t>;

/// A number of SPS and PPS that the headers (Annex B) do not use, so that both sets can stand in one file.
int free_parameter_set(const Bytes& headers);

struct Card {
  Bytes headers;                ///< Annex B
  std::vector<Bytes> pictures;  ///< Annex B; the first is a keyframe, with its headers
};
/// Errors: kInternal from the encoder. Without a font installed the card has no words; that is logged.
Result<Card> encode_card(const std::string& text, const VideoInfo& like, int parameter_set, int pictures,
                         std::chrono::nanoseconds picture_duration);

/// One AAC frame of silence. Errors: kUnavailable when our encoder's headers would be others than those of `like`.
Result<Bytes> encode_silence(const AudioInfo& like);

}  // namespace nestbox::record
