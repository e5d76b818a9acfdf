#pragma once
/// The one place that knows libcamera's versions: 0.0.3 in bookworm, 0.4.0 in trixie, 0.7.1 in its backports.
#include <libcamera/libcamera.h>
#include <libcamera/version.h>

#include <cstdint>

#define NESTBOX_LIBCAMERA_SINCE(minor, patch)                          \
  (LIBCAMERA_VERSION_MAJOR > 0 || LIBCAMERA_VERSION_MINOR > (minor) || \
   (LIBCAMERA_VERSION_MINOR == (minor) && LIBCAMERA_VERSION_PATCH >= (patch)))

namespace nestbox::capture {

struct Flips {
  bool mirror = false, flip = false;
};

#if NESTBOX_LIBCAMERA_SINCE(2, 0)

inline void set_flips(libcamera::CameraConfiguration& configuration, Flips flips) {
  using libcamera::Orientation;
  configuration.orientation = flips.mirror ? (flips.flip ? Orientation::Rotate180 : Orientation::Rotate0Mirror)
                                           : (flips.flip ? Orientation::Rotate180Mirror : Orientation::Rotate0);
}
inline Flips flips_of(const libcamera::CameraConfiguration& configuration) {
  using libcamera::Orientation;
  const auto it = configuration.orientation;
  return {it == Orientation::Rotate180 || it == Orientation::Rotate0Mirror,
          it == Orientation::Rotate180 || it == Orientation::Rotate180Mirror};
}
inline const libcamera::Control<std::int32_t>* hdr_control() {
  return &libcamera::controls::HdrMode;
}

#else

inline void set_flips(libcamera::CameraConfiguration& configuration, Flips flips) {
  using libcamera::Transform;
  configuration.transform =
      (flips.mirror ? Transform::HFlip : Transform::Identity) | (flips.flip ? Transform::VFlip : Transform::Identity);
}
inline Flips flips_of(const libcamera::CameraConfiguration& configuration) {
  using libcamera::Transform;
  return {!!(configuration.transform & Transform::HFlip), !!(configuration.transform & Transform::VFlip)};
}
inline const libcamera::Control<std::int32_t>* hdr_control() {
  return nullptr;
}

#endif

/// Shutter (microseconds) and analogue gain, each 0 for automatic.
inline void set_exposure(libcamera::ControlList& list, std::int32_t shutter, float gain) {
  namespace controls = libcamera::controls;
#if NESTBOX_LIBCAMERA_SINCE(5, 0)
  list.set(controls::ExposureTimeMode, shutter > 0 ? controls::ExposureTimeModeManual : controls::ExposureTimeModeAuto);
  list.set(controls::AnalogueGainMode, gain > 0 ? controls::AnalogueGainModeManual : controls::AnalogueGainModeAuto);
  if (shutter > 0) list.set(controls::ExposureTime, shutter);
  if (gain > 0) list.set(controls::AnalogueGain, gain);
#else
  // One switch for both; while it is on, a value of 0 leaves that half to the camera.
  list.set(controls::AeEnable, shutter == 0 || gain == 0);
  list.set(controls::ExposureTime, shutter);
  list.set(controls::AnalogueGain, gain);
#endif
}

/// Whether what is said of a buffer was written at all: version 0.4's virtual cameras leave it as the memory was, most
/// often with another number of planes than the buffer has.
inline bool is_credible(const libcamera::FrameBuffer& buffer) {
#if NESTBOX_LIBCAMERA_SINCE(5, 0) || !NESTBOX_LIBCAMERA_SINCE(4, 0)
  static_cast<void>(buffer);
  return true;
#else
  return buffer.metadata().planes().size() == buffer.planes().size() &&
         buffer.metadata().status <= libcamera::FrameMetadata::FrameCancelled;
#endif
}

}  // namespace nestbox::capture
