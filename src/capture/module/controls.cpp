#include "controls.h"

#include <array>
#include <cmath>

#include "versions.h"

namespace nestbox::capture {
namespace {

namespace controls = libcamera::controls;
using libcamera::ControlId;
using libcamera::ControlInfo;
using libcamera::ControlValue;
using libcamera::Span;

/// The numbers of camera_port.h are libcamera's own.
static_assert(controls::MeteringCentreWeighted == 0 && controls::MeteringSpot == 1 && controls::MeteringMatrix == 2);
static_assert(controls::ConstraintNormal == 0 && controls::ConstraintHighlight == 1 &&
              controls::ConstraintShadows == 2);
static_assert(controls::AwbAuto == 0 && controls::AwbIncandescent == 1 && controls::AwbTungsten == 2 &&
              controls::AwbFluorescent == 3 && controls::AwbIndoor == 4 && controls::AwbDaylight == 5 &&
              controls::AwbCloudy == 6);
static_assert(controls::draft::NoiseReductionModeOff == 0 && controls::draft::NoiseReductionModeFast == 1 &&
              controls::draft::NoiseReductionModeHighQuality == 2);
static_assert(controls::AfModeManual == 0 && controls::AfModeAuto == 1 && controls::AfModeContinuous == 2);
static_assert(controls::AfTriggerStart == 0);

double number(const ControlValue& value) {
  switch (value.type()) {
    case libcamera::ControlTypeBool:
      return value.get<bool>() ? 1 : 0;
    case libcamera::ControlTypeByte:
      return value.get<std::uint8_t>();
    case libcamera::ControlTypeInteger32:
      return value.isArray() ? value.get<Span<const std::int32_t>>()[0] : value.get<std::int32_t>();
    case libcamera::ControlTypeInteger64:
      return static_cast<double>(value.isArray() ? value.get<Span<const std::int64_t>>()[0]
                                                 : value.get<std::int64_t>());
    case libcamera::ControlTypeFloat:
      return static_cast<double>(value.isArray() ? value.get<Span<const float>>()[0] : value.get<float>());
    default:
      return 0;
  }
}

ControlRange range_of(const ControlInfo& info) {
  ControlRange range{number(info.min()), number(info.max()), {}};
  for (const auto& value : info.values()) range.values.push_back(static_cast<int>(number(value)));
  return range;
}

struct Pair {
  CameraControl ours;
  const ControlId* theirs;
};

std::array<Pair, 17> pairs() {
  return {{{CameraControl::kShutter, &controls::ExposureTime},
           {CameraControl::kGain, &controls::AnalogueGain},
           {CameraControl::kExposureValue, &controls::ExposureValue},
           {CameraControl::kMetering, &controls::AeMeteringMode},
           {CameraControl::kExposureConstraint, &controls::AeConstraintMode},
           {CameraControl::kHdr, hdr_control()},
           {CameraControl::kWhiteBalance, &controls::AwbMode},
           {CameraControl::kDenoise, &controls::draft::NoiseReductionMode},
           {CameraControl::kBrightness, &controls::Brightness},
           {CameraControl::kContrast, &controls::Contrast},
           {CameraControl::kSaturation, &controls::Saturation},
           {CameraControl::kSharpness, &controls::Sharpness},
           {CameraControl::kCrop, &controls::ScalerCrop},
           {CameraControl::kAutofocus, &controls::AfMode},
           {CameraControl::kFocusNow, &controls::AfTrigger},
           {CameraControl::kLensPosition, &controls::LensPosition},
           {CameraControl::kFrameDuration, &controls::FrameDurationLimits}}};
}

const ControlId* theirs_of(CameraControl ours) {
  for (const auto& pair : pairs()) {
    if (pair.ours == ours) return pair.theirs;
  }
  return nullptr;
}

void write_number(const ControlId& id, double value, libcamera::ControlList& list) {
  if (id.type() == libcamera::ControlTypeFloat) {
    list.set(id.id(), ControlValue(static_cast<float>(value)));
  } else {
    list.set(id.id(), ControlValue(static_cast<std::int32_t>(std::lround(value))));
  }
}

}  // namespace

CameraAbilities abilities_of(const libcamera::Camera& camera) {
  CameraAbilities abilities;
  const auto& offered = camera.controls();
  for (const auto& pair : pairs()) {
    if (pair.theirs == nullptr) continue;
    const auto found = offered.find(pair.theirs);
    if (found == offered.end()) continue;
    abilities.controls[pair.ours] = range_of(found->second);
    if (pair.ours == CameraControl::kCrop && found->second.max().type() == libcamera::ControlTypeRectangle) {
      const auto most = found->second.max().get<libcamera::Rectangle>();
      abilities.crop_max = SensorArea{most.x, most.y, static_cast<int>(most.width), static_cast<int>(most.height)};
    }
  }
  if (const auto most = camera.properties().get(libcamera::properties::ScalerCropMaximum);
      most && !abilities.crop_max) {
    abilities.crop_max = SensorArea{most->x, most->y, static_cast<int>(most->width), static_cast<int>(most->height)};
  }
  return abilities;
}

void write_controls(const ControlSettings& settings, const CameraAbilities& abilities, ExposureState& exposure,
                    libcamera::ControlList& list) {
  bool exposes = false;
  for (const auto& setting : settings) {
    if (abilities.controls.count(setting.control) == 0) continue;
    switch (setting.control) {
      case CameraControl::kShutter:
        exposure.shutter = static_cast<std::int32_t>(std::lround(setting.value));
        exposes = true;
        break;
      case CameraControl::kGain:
        exposure.gain = static_cast<float>(setting.value);
        exposes = true;
        break;
      case CameraControl::kCrop:
        list.set(controls::ScalerCrop,
                 libcamera::Rectangle(setting.crop.left, setting.crop.top, static_cast<unsigned>(setting.crop.width),
                                      static_cast<unsigned>(setting.crop.height)));
        break;
      case CameraControl::kFrameDuration: {
        const auto duration = static_cast<std::int64_t>(std::llround(setting.value));
        const std::array<std::int64_t, 2> limits{duration, duration};
        list.set(controls::FrameDurationLimits, Span<const std::int64_t, 2>(limits));
        break;
      }
      default:
        write_number(*theirs_of(setting.control), setting.value, list);
    }
  }
  if (exposes) set_exposure(list, exposure.shutter, exposure.gain);
}

}  // namespace nestbox::capture
