#pragma once
/// A raw picture as the capture thread publishes it.
#include <chrono>
#include <cstdint>
#include <optional>

#include "nestbox/base/clock.h"

namespace nestbox {

/// Borrowed 8-bit samples: row r is data[r * stride] .. data[r * stride + width). Width in bytes, height in rows.
struct PlaneView {
  const std::uint8_t* data = nullptr;
  int width = 0, height = 0, stride = 0;
};

/// As PlaneView, for the capture thread, the only writer a slot ever has.
struct MutablePlane {
  std::uint8_t* data = nullptr;
  int width = 0, height = 0, stride = 0;
  operator PlaneView() const noexcept { return {data, width, height, stride}; }
};

/// How 4:2:0 chroma is laid out. Width and height of a picture are even.
enum class PixelFormat : std::uint8_t {
  kI420,  ///< three planes: Y, U, V; U and V are half of Y in each direction
  kNv12,  ///< two planes: Y and interleaved UV, which is as wide in bytes as Y and half as high
};

/// A borrowed 4:2:0 picture, BT.709 limited range unless its source says otherwise. With kNv12 `u` is the UV plane and
/// `v` is empty.
struct ImageView {
  PixelFormat format = PixelFormat::kI420;
  int width = 0, height = 0;
  PlaneView y, u, v;
};

struct MutableImage {
  PixelFormat format = PixelFormat::kI420;
  int width = 0, height = 0;
  MutablePlane y, u, v;
  operator ImageView() const noexcept { return {format, width, height, y, u, v}; }
};

/// What a picture may be called. Nothing frozen or simulated is ever called live.
enum class Content : std::uint8_t {
  kLive,       ///< from a camera or a recording that its owner named
  kSimulated,  ///< from the simulated nest box
  kSlate,      ///< a still with a line of text, in place of a picture
};

/// One completed capture, immutable once published. Its pointers and descriptor are borrowed from the lease that
/// shows it.
struct Frame {
  std::uint64_t sequence = 0;  ///< the source's own count; a gap counts frames it dropped
  BootTime captured_at{};      ///< exposure of the first sensor row
  ImageView main;              ///< the picture that is encoded
  PlaneView analysis;          ///< luma of the low-resolution stream, of the same moment
  int main_dmabuf_fd = -1;     ///< the whole main picture for hardware encoders; -1 where there is none
  Content content = Content::kLive;
  std::optional<std::chrono::nanoseconds> exposure;  ///< as reported; unknown for many sources
  std::optional<float> gain;                         ///< analogue times digital
  std::optional<float> lux;                          ///< the scene estimate; misleading while an infra-red lamp is on
  std::optional<int> focus_measure;                  ///< the camera's own; higher is sharper
  std::optional<float> lens_position;                ///< dioptres
};

}  // namespace nestbox
