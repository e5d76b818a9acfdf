#pragma once
/// What the capture thread needs of a camera library, in words of our own. Behind it stand libcamera, in a module that
/// is loaded when the daemon runs (camera_module.h), and a test's camera.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/base/result.h"

namespace nestbox::capture {

/// Grows with every change of this header: a module that was built from another one is refused.
inline constexpr int kCameraPortVersion = 2;

enum class CameraLocation : std::uint8_t { kUnknown, kFront, kBack, kExternal };

struct CameraInfo {
  std::string id;     ///< stays the same while the camera is in the same socket
  std::string model;  ///< "imx708"
  CameraLocation location = CameraLocation::kUnknown;
};

/// How samples lie in a buffer; names say the order in memory.
enum class CameraPixels : std::uint8_t { kI420, kNv12, kRgb24, kBgr24, kYuyv, kMjpeg, kOther };

enum class ColourMatrix : std::uint8_t { kUnknown, kBt601, kBt709 };

struct StreamWish {
  int width = 0, height = 0;
};

struct CameraWish {
  StreamWish main;
  std::optional<StreamWish> analysis;  ///< a second, small stream of the same moments
  bool mirror = false, flip = false;   ///< left to right; top to bottom
  int framerate = 30;                  ///< what a USB cable carries depends on it
  std::size_t buffers = 0;
};

struct StreamShape {
  CameraPixels pixels = CameraPixels::kOther;
  std::string format_name;  ///< as the library calls it, for messages
  int width = 0, height = 0;
  int stride = 0;  ///< of the first plane, in bytes; 0 where there are no rows (MJPEG)
};

/// What a configured camera delivers, after whatever it has made of the wish.
struct CameraPlan {
  StreamShape main;
  std::optional<StreamShape> analysis;
  bool mirrors = false, flips = false;  ///< what it does of the wish
  ColourMatrix matrix = ColourMatrix::kUnknown;
  bool full_range = false;
  std::size_t requests = 0;   ///< one buffer of each stream for each
  std::size_t in_flight = 0;  ///< no more of them may be queued at once
};

/// A part of a buffer. A picture's planes may lie in one descriptor or in several.
struct BufferPlane {
  int fd = -1;  ///< a dmabuf; the library's own: dup() it to keep it
  std::size_t offset = 0, length = 0;
};

struct RequestBuffers {
  std::vector<BufferPlane> main, analysis;
};

/// Live settings, in libcamera's units and numbers unless said otherwise. A shutter or gain of 0 is automatic.
enum class CameraControl : std::uint8_t {
  kShutter,             ///< microseconds
  kGain,                ///< analogue
  kExposureValue,       ///< stops
  kMetering,            ///< 0 centre, 1 spot, 2 matrix
  kExposureConstraint,  ///< 0 normal, 1 highlights, 2 shadows
  kHdr,                 ///< 0 off, 2 several exposures, 3 one exposure
  kWhiteBalance,        ///< 0 auto, 1 incandescent, 2 tungsten, 3 fluorescent, 4 indoor, 5 daylight, 6 cloudy
  kDenoise,             ///< 0 off, 1 fast, 2 high
  kBrightness,
  kContrast,
  kSaturation,
  kSharpness,
  kCrop,           ///< `crop` of the setting, in sensor pixels
  kAutofocus,      ///< 0 manual, 1 once, when triggered, 2 all the time
  kFocusNow,       ///< 0: begin to focus
  kLensPosition,   ///< dioptres
  kFrameDuration,  ///< microseconds; shortest and longest are the same
};

struct SensorArea {
  int left = 0, top = 0, width = 0, height = 0;
  bool operator==(const SensorArea&) const = default;
};

struct ControlSetting {
  CameraControl control{};
  double value = 0;
  SensorArea crop{};
  bool operator==(const ControlSetting&) const = default;
};
using ControlSettings = std::vector<ControlSetting>;

/// Which settings a configured camera takes.
struct ControlRange {
  double min = 0, max = 0;
  std::vector<int> values;  ///< of an enumeration; empty: all from min to max
};
struct CameraAbilities {
  std::map<CameraControl, ControlRange> controls;
  std::optional<SensorArea> crop_max;  ///< the sensor's area that the whole picture is made of
};

struct CompletedRequest {
  enum class Status : std::uint8_t { kPicture, kDamaged, kCancelled, kUnplugged };
  std::size_t request = 0;
  Status status = Status::kCancelled;
  std::optional<std::uint32_t> sequence;     ///< the driver's count; a gap counts pictures that were lost
  std::size_t bytes_used = 0;                ///< of the main buffer; for MJPEG
  std::optional<std::int64_t> sensor_stamp;  ///< nanoseconds; CLOCK_BOOTTIME, or MONOTONIC from some drivers
  std::optional<std::int64_t> exposure_us;
  std::optional<float> gain;  ///< analogue times digital
  std::optional<float> lux;
  std::optional<int> focus_measure;    ///< higher is sharper
  std::optional<float> lens_position;  ///< dioptres
};

/// One acquired camera. Thread-bound.
///
///   [acquired] -- configure() --> [configured] -- start() --> [running] -- stop() --> [configured]
class CameraSession {
 public:
  /// Runs on the library's own thread, also from inside stop(): it may only post.
  using Completed = std::function<void(const CompletedRequest&)>;

  /// Releases the camera. Precondition: not running.
  virtual ~CameraSession() = default;
  /// Once. Makes buffers and requests. Errors: kUnavailable when the camera refuses.
  virtual Result<CameraPlan> configure(const CameraWish& wish) = 0;
  virtual CameraAbilities abilities() const = 0;
  /// One for each request of the plan; descriptors live as long as the session.
  virtual std::vector<RequestBuffers> buffers() const = 0;
  virtual Result<void> start(const ControlSettings& settings, Completed on_completed) = 0;
  /// A request that is not queued at present; `settings` take effect with it, or as soon after as the camera can.
  virtual Result<void> queue(std::size_t request, const ControlSettings& settings) = 0;
  /// When it returns, no request is queued and no callback runs.
  virtual void stop() = 0;
  /// After stop(): the device went without a word, and the library cannot be taken down any more. Session and backend
  /// are to be left as they are, until the process ends.
  virtual bool is_lost() const { return false; }
};

/// A camera library. Thread-bound; outlives its sessions.
class CameraBackend {
 public:
  virtual ~CameraBackend() = default;
  virtual std::string name() const = 0;  ///< "libcamera 0.7.1"
  /// Those present now; the order is the library's.
  virtual std::vector<CameraInfo> cameras() = 0;
  /// Acquires. Errors: kNotFound; kBusy when another program has it; kUnavailable.
  virtual Result<std::unique_ptr<CameraSession>> open(const std::string& id) = 0;
};

/// Gives a backend that has looked for cameras anew. Errors: kNotFound when there is no library for it.
using BackendMaker = std::function<Result<std::shared_ptr<CameraBackend>>()>;

/// What a module exports, with C linkage: the version of this header that it was built from, and a maker that gives
/// null where the library does not start.
inline constexpr const char* kPortVersionSymbol = "nestbox_camera_port_version";
inline constexpr const char* kMakeBackendSymbol = "nestbox_make_camera_backend";
using PortVersionFunction = int();
using MakeBackendFunction = CameraBackend*();

}  // namespace nestbox::capture
