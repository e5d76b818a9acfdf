#include "focus.h"

#include <gtest/gtest.h>

namespace nestbox {
namespace {

FocusFigure figure(float sharpness, std::optional<int> focus_measure = {}) {
  FocusFigure figure;
  figure.sharpness = sharpness;
  figure.focus_measure = focus_measure;
  figure.width = 1280;
  figure.height = 720;
  return figure;
}

CaptureStatus camera(std::optional<LensRange> lens, CameraState state = CameraState::kRunning) {
  CaptureStatus camera;
  camera.state = state;
  camera.lens = lens;
  return camera;
}

TEST(FocusPeaks, AreNoneBeforeTheFirstFigure) {
  const FocusPeaks peaks;
  EXPECT_FALSE(peaks.peak(FocusLight::kDay).sharpness);
  EXPECT_FALSE(peaks.peak(FocusLight::kInfrared).focus_measure);
}

TEST(FocusPeaks, HoldTheBestFigureAndTheCamerasOwnBesideIt) {
  FocusPeaks peaks;
  peaks.update(FocusLight::kDay, figure(20, 900));
  peaks.update(FocusLight::kDay, figure(41, 700));
  const auto& peak = peaks.update(FocusLight::kDay, figure(30));
  EXPECT_EQ(peak.sharpness, 41);
  EXPECT_EQ(peak.focus_measure, 900) << "each has a peak of its own, and a figure that is missing lowers none";
}

TEST(FocusPeaks, AreKeptForEachLightAndResetForOne) {
  FocusPeaks peaks;
  peaks.update(FocusLight::kDay, figure(41));
  peaks.update(FocusLight::kInfrared, figure(35));
  EXPECT_EQ(peaks.peak(FocusLight::kDay).sharpness, 41);
  EXPECT_EQ(peaks.peak(FocusLight::kInfrared).sharpness, 35);
  peaks.reset(FocusLight::kDay);
  EXPECT_FALSE(peaks.peak(FocusLight::kDay).sharpness);
  EXPECT_EQ(peaks.peak(FocusLight::kInfrared).sharpness, 35);
  EXPECT_EQ(peaks.update(FocusLight::kDay, figure(12)).sharpness, 12);
}

TEST(FocusPeaks, OfAnotherPictureBeginAnew) {
  FocusPeaks peaks;
  peaks.update(FocusLight::kDay, figure(41));
  peaks.update(FocusLight::kInfrared, figure(35));
  auto larger = figure(22);
  larger.width = 1920;
  larger.height = 1080;
  EXPECT_EQ(peaks.update(FocusLight::kDay, larger).sharpness, 22);
  EXPECT_EQ(peaks.peak(FocusLight::kInfrared).sharpness, 35);
  auto simulated = figure(10);
  simulated.content = Content::kSimulated;
  EXPECT_EQ(peaks.update(FocusLight::kInfrared, simulated).sharpness, 10);
}

TEST(FocusPeaks, WithoutContrastThePeakIsNothingAndNotMissing) {
  FocusPeaks peaks;
  EXPECT_EQ(peaks.update(FocusLight::kDay, figure(0)).sharpness, 0);
}

TEST(FocusLights, AreKnownByTheirWords) {
  for (const auto light : {FocusLight::kDay, FocusLight::kInfrared}) EXPECT_EQ(to_focus_light(word(light)), light);
  EXPECT_FALSE(to_focus_light("moonlight"));
  EXPECT_FALSE(to_focus_light(""));
}

TEST(LensPosition, IsTakenWithinTheLensesRange) {
  const auto motor = camera(LensRange{0, 15});
  for (const auto* good : {"0", "6.7", "15"}) EXPECT_TRUE(check_lens_position(good, motor)) << good;
  EXPECT_DOUBLE_EQ(*check_lens_position("6.7", motor), 6.7);
  for (const auto* bad : {"", "near", "-1", "15.1", "6.7 m", "6,7", "nan", "inf"}) {
    const auto refused = check_lens_position(bad, motor);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument) << bad;
  }
  EXPECT_NE(check_lens_position("20", motor).error().message.find("0 to 15"), std::string::npos);
}

TEST(LensPosition, OfALensThatDoesNotSayItsRangeIsForTheCameraToJudge) {
  EXPECT_TRUE(check_lens_position("20", camera(LensRange{})));
}

TEST(LensPosition, NeedsAMotorAndACamera) {
  EXPECT_EQ(check_lens_position("6.7", camera(std::nullopt)).error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(check_lens_position("6.7", camera(std::nullopt, CameraState::kStalled)).error().kind,
            ErrorKind::kUnavailable)
      << "a camera that is away may have a motor";
}

}  // namespace
}  // namespace nestbox
