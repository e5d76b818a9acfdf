#pragma once
/// An open capture device, so that a test can hold another in its place.
#include <array>
#include <functional>
#include <memory>
#include <string>

#include "nestbox/base/clock.h"
#include "nestbox/base/result.h"

namespace nestbox {

inline constexpr int kPcmChannels = 2;
inline constexpr int kPcmBlockFramesMax = 1024;

/// A stretch of captured sound, interleaved, full scale 1.
struct PcmBlock {
  std::array<float, std::size_t{kPcmChannels} * kPcmBlockFramesMax> samples;
  int frames = 0;
  BootTime begins_at{};  ///< when its first sample was captured
};

/// Thread-bound.
class PcmDevice {
 public:
  virtual ~PcmDevice() = default;
  virtual int rate_hz() const = 0;
  /// Waits for sound, at most 100 ms; `block.frames` is 0 when there was none. Sound lost to an overrun is a gap of the
  /// stamps. Errors: kUnavailable when the device is gone.
  virtual Result<void> read(PcmBlock& block) = 0;
};

using PcmOpener = std::function<Result<std::unique_ptr<PcmDevice>>(const std::string& device)>;

}  // namespace nestbox
