#include "capture/camera_controls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace nestbox::capture {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using Control = CameraControl;

/// A camera that has everything.
CameraAbilities everything() {
  CameraAbilities all;
  all.controls = {{Control::kShutter, {100, 200'000, {}}},
                  {Control::kGain, {1, 16, {}}},
                  {Control::kExposureValue, {-8, 8, {}}},
                  {Control::kMetering, {0, 2, {0, 1, 2}}},
                  {Control::kExposureConstraint, {0, 2, {0, 1, 2}}},
                  {Control::kHdr, {0, 4, {0, 3, 4}}},
                  {Control::kWhiteBalance, {0, 6, {0, 1, 2, 3, 4, 5, 6}}},
                  {Control::kDenoise, {0, 2, {0, 1, 2}}},
                  {Control::kBrightness, {-1, 1, {}}},
                  {Control::kContrast, {0, 32, {}}},
                  {Control::kSaturation, {0, 32, {}}},
                  {Control::kSharpness, {0, 16, {}}},
                  {Control::kCrop, {}},
                  {Control::kAutofocus, {0, 2, {0, 1, 2}}},
                  {Control::kFocusNow, {0, 1, {}}},
                  {Control::kLensPosition, {0, 15, {}}},
                  {Control::kFrameDuration, {8'333, 1'000'000, {}}}};
  all.crop_max = SensorArea{16, 24, 4000, 3000};
  return all;
}

struct Row {
  std::string key;
  std::function<void(CameraOptions&)> set;
  Control control;
  double sent;
};

std::vector<Row> rows() {
  return {
      {"shutter", [](auto& o) { o.shutter = milliseconds(10); }, Control::kShutter, 10'000},
      {"gain", [](auto& o) { o.gain = 4; }, Control::kGain, 4},
      {"ev", [](auto& o) { o.ev = -1.5; }, Control::kExposureValue, -1.5},
      {"metering", [](auto& o) { o.metering = "spot"; }, Control::kMetering, 1},
      {"metering", [](auto& o) { o.metering = "matrix"; }, Control::kMetering, 2},
      {"exposure_constraint", [](auto& o) { o.exposure_constraint = "shadows"; }, Control::kExposureConstraint, 2},
      {"exposure_constraint", [](auto& o) { o.exposure_constraint = "highlights"; }, Control::kExposureConstraint, 1},
      {"hdr", [](auto& o) { o.hdr = true; }, Control::kHdr, 3},
      {"awb", [](auto& o) { o.awb = "cloudy"; }, Control::kWhiteBalance, 6},
      {"denoise", [](auto& o) { o.denoise = "off"; }, Control::kDenoise, 0},
      {"denoise", [](auto& o) { o.denoise = "high"; }, Control::kDenoise, 2},
      {"brightness", [](auto& o) { o.brightness = 0.2; }, Control::kBrightness, 0.2},
      {"contrast", [](auto& o) { o.contrast = 1.5; }, Control::kContrast, 1.5},
      {"saturation", [](auto& o) { o.saturation = 0; }, Control::kSaturation, 0},
      {"sharpness", [](auto& o) { o.sharpness = 2; }, Control::kSharpness, 2},
      {"autofocus_mode", [](auto& o) { o.autofocus_mode = "continuous"; }, Control::kAutofocus, 2},
      {"lens_position",
       [](auto& o) {
         o.autofocus_mode = "manual";
         o.lens_position = 6.5;
       },
       Control::kLensPosition, 6.5},
  };
}

ControlChoice choose(const CameraOptions& options, const CameraAbilities& abilities, bool in_software = false) {
  return choose_controls(options, abilities, 1280, 720, in_software);
}

std::optional<ControlSetting> sent(const ControlChoice& choice, Control control) {
  for (const auto& setting : choice.settings) {
    if (setting.control == control) return setting;
  }
  return std::nullopt;
}

TEST(CameraControls, EachSettingIsSentToACameraThatHasIt) {
  for (const auto& row : rows()) {
    CameraOptions options;
    row.set(options);
    const auto choice = choose(options, everything());
    const auto setting = sent(choice, row.control);
    ASSERT_TRUE(setting) << row.key;
    EXPECT_DOUBLE_EQ(setting->value, row.sent) << row.key;
    EXPECT_THAT(choice.notes, IsEmpty()) << row.key;
  }
}

TEST(CameraControls, EachSettingThatACameraDoesNotHaveIsSaidOnce) {
  for (const auto& row : rows()) {
    CameraOptions options;
    row.set(options);
    const auto choice = choose(options, {});
    EXPECT_THAT(choice.settings, IsEmpty()) << row.key;
    EXPECT_THAT(choice.notes, Contains(HasSubstr("camera." + row.key + ": this camera has no "))) << row.key;
  }
}

TEST(CameraControls, DefaultsNeedNoNoteAndAreSentSoThatOneCanGoBackToThem) {
  EXPECT_THAT(choose({}, {}).notes, IsEmpty());
  const auto choice = choose({}, everything());
  EXPECT_THAT(choice.notes, IsEmpty());
  EXPECT_EQ(sent(choice, Control::kShutter)->value, 0);
  EXPECT_EQ(sent(choice, Control::kGain)->value, 0);
  EXPECT_EQ(sent(choice, Control::kDenoise)->value, 1);
  EXPECT_EQ(sent(choice, Control::kHdr)->value, 0);
  EXPECT_FALSE(sent(choice, Control::kLensPosition));
  EXPECT_EQ(sent(choice, Control::kAutofocus)->value, 1);
  EXPECT_TRUE(sent(choice, Control::kFocusNow));
}

TEST(CameraControls, ValuesBeyondTheCamerasRangeAreHeldToItAndThisIsSaid) {
  auto abilities = everything();
  abilities.controls[Control::kContrast] = {0, 2, {}};
  CameraOptions options;
  options.contrast = 5;
  options.gain = 40;
  const auto choice = choose(options, abilities);
  EXPECT_EQ(sent(choice, Control::kContrast)->value, 2);
  EXPECT_EQ(sent(choice, Control::kGain)->value, 16);
  EXPECT_THAT(choice.notes, Contains("camera.contrast: this camera takes 0 to 2; 2 is used"));
  EXPECT_THAT(choice.notes, Contains("camera.gain: this camera takes 1 to 16; 16 is used"));
}

TEST(CameraControls, AnExposureIsNoLongerThanAPicture) {
  CameraOptions options;
  options.shutter = milliseconds(100);
  options.framerate = 30;
  const auto choice = choose(options, everything());
  EXPECT_EQ(sent(choice, Control::kShutter)->value, 33'000);
  EXPECT_THAT(choice.notes, Contains(HasSubstr("camera.shutter: 100 ms is longer than a picture may take")));
}

TEST(CameraControls, ThePaceIsHeldToWhatTheCameraCan) {
  auto abilities = everything();
  CameraOptions options;
  options.framerate = 25;
  EXPECT_EQ(sent(choose(options, abilities), Control::kFrameDuration)->value, 40'000);
  abilities.controls[Control::kFrameDuration] = {66'667, 1'000'000, {}};
  const auto choice = choose(options, abilities);
  EXPECT_EQ(sent(choice, Control::kFrameDuration)->value, 66'667);
  EXPECT_THAT(choice.notes, Contains("camera.framerate: this camera gives 1 to 15 pictures a second at this size; it "
                                     "runs at 15"));
}

TEST(CameraControls, AWordThatTheCameraDoesNotKnowIsSaid) {
  auto abilities = everything();
  abilities.controls[Control::kWhiteBalance].values = {0, 5};
  CameraOptions options;
  options.awb = "tungsten";
  const auto choice = choose(options, abilities);
  EXPECT_FALSE(sent(choice, Control::kWhiteBalance));
  EXPECT_THAT(choice.notes, Contains("camera.awb: this camera has no \"tungsten\"; it has no effect"));
}

TEST(CameraControls, GreyWorldAndExposureZonesAreNotLibcameras) {
  CameraOptions options;
  options.awb = "greyworld";
  options.exposure_zone = Rect{0.2, 0.2, 0.8, 0.8};
  const auto choice = choose(options, everything());
  EXPECT_EQ(sent(choice, Control::kWhiteBalance)->value, 0);
  EXPECT_THAT(choice.notes, Contains(HasSubstr("camera.awb: libcamera has no \"greyworld\"")));
  EXPECT_THAT(choice.notes, Contains(HasSubstr("camera.exposure_zone: this camera has no light meter for a zone")));
}

TEST(CameraControls, TheWholePictureIsTheLargestPartOfTheSensorWithItsProportions) {
  const auto crop = sent(choose({}, everything()), Control::kCrop)->crop;
  EXPECT_EQ(crop, (SensorArea{16, 24 + (3000 - 2250) / 2, 4000, 2250}));
}

TEST(CameraControls, ARegionOfInterestKeepsThePicturesProportions) {
  CameraOptions options;
  options.roi = Rect{0.25, 0.25, 0.75, 0.75};
  EXPECT_EQ(sent(choose(options, everything()), Control::kCrop)->crop, (SensorArea{1016, 962, 2000, 1125}));
  options.roi = Rect{0.9, 0.4, 1, 0.6};
  const auto choice = choose(options, everything());
  const auto crop = sent(choice, Control::kCrop)->crop;
  EXPECT_EQ(crop.width, 800);
  EXPECT_EQ(crop.height, 450);
  EXPECT_EQ(crop.left + crop.width, 4016);
  EXPECT_THAT(choice.notes, Contains(HasSubstr("camera.roi: a part with other proportions")));
  EXPECT_THAT(choose(options, {}).notes, Contains("camera.roi: this camera has no digital zoom; it has no effect"));
}

TEST(CameraControls, WhereAPictureIsConvertedSoftwareDoesWhatTheCameraCannot) {
  CameraOptions options;
  options.brightness = 0.3;
  options.contrast = 1.2;
  options.saturation = 0.5;
  options.roi = Rect{0, 0, 0.5, 0.5};
  const auto alone = choose(options, {}, true);
  EXPECT_THAT(alone.notes, IsEmpty());
  EXPECT_EQ(alone.left.brightness, 0.3);
  EXPECT_EQ(alone.left.roi, options.roi);
  const auto shared = choose(options, everything(), true);
  EXPECT_EQ(shared.left.brightness, 0);
  EXPECT_EQ(shared.left.contrast, 1);
  EXPECT_EQ(shared.left.saturation, 1);
  EXPECT_FALSE(shared.left.roi);
}

TEST(CameraControls, ALensPositionNeedsManualFocus) {
  CameraOptions options;
  options.lens_position = 4;
  const auto choice = choose(options, everything());
  EXPECT_FALSE(sent(choice, Control::kLensPosition));
  EXPECT_THAT(choice.notes, Contains(HasSubstr("camera.lens_position: it has an effect with")));
}

TEST(CameraControls, OnlyWhatChangedIsSentAgain) {
  CameraOptions options;
  const auto before = choose(options, everything()).settings;
  EXPECT_THAT(changed_settings(before, before), IsEmpty());
  options.brightness = 0.1;
  const auto changed = changed_settings(before, choose(options, everything()).settings);
  ASSERT_THAT(changed, SizeIs(1));
  EXPECT_EQ(changed[0], (ControlSetting{Control::kBrightness, 0.1, {}}));
}

TEST(CameraControls, TheNightIsAnotherSetOfValues) {
  const auto night = choose(default_camera_at_night(), everything());
  EXPECT_NEAR(sent(night, Control::kFrameDuration)->value, 66'667, 1);
}

}  // namespace
}  // namespace nestbox::capture
