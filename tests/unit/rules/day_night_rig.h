#pragma once
/// A controller on a plant, and what the two of them did.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "day_night_plant.h"

namespace nestbox::test {

inline DayNightOptions with_filter_and_lamp(DayNightMode mode = DayNightMode::kAuto) {
  DayNightOptions options;
  options.mode = mode;
  options.ir_cut.type = IrCutOptions::Type::kCoil;
  options.lamp.type = LampOptions::Type::kLevel;
  return options;
}

class Rig {
 public:
  using Seconds = std::chrono::seconds;

  explicit Rig(DayNightOptions options = with_filter_and_lamp(), PlantOptions plant = {})
      : controller_(std::move(options)), plant_(plant) {}

  Scene scene;
  bool visiting = false, camera_works = true;
  std::optional<bool> line, sun;

  /// Step by step, with a picture every half second.
  void run(std::chrono::nanoseconds span) {
    for (const auto end = now_ + span; now_ < end;) step(std::chrono::milliseconds(500));
  }
  /// The daylight goes from what it is to `lux`, by equal ratios.
  void fade(double lux, std::chrono::nanoseconds span) {
    const double from = std::max(scene.daylight_lux, 1e-3), ratio = std::max(lux, 1e-3) / from;
    const auto begin = now_;
    while (now_ - begin < span) {
      scene.daylight_lux = from * std::pow(ratio, to_seconds(now_ - begin) / to_seconds(span));
      step(std::chrono::milliseconds(500));
    }
    scene.daylight_lux = lux;
  }
  /// Until `what` holds; how long that took. Fails after `most`.
  std::chrono::nanoseconds run_until(const std::function<bool()>& what, std::chrono::nanoseconds most) {
    const auto begin = now_;
    while (!what() && now_ - begin < most) step(std::chrono::milliseconds(500));
    EXPECT_TRUE(what()) << "not within " << to_seconds(most) << " s: " << decision_.why;
    return now_ - begin;
  }
  bool night() const { return decision_.mode == DayNight::kNight; }
  bool day() const { return decision_.mode == DayNight::kDay; }
  /// At rest in the night, with what belongs to it.
  bool full_night() const {
    return night() && decision_.filter == FilterPosition::kOutOfPath && decision_.lamp && !decision_.switching;
  }
  bool full_day() const {
    return day() && decision_.filter == FilterPosition::kInPath && !decision_.lamp && !decision_.switching;
  }
  const DayNightController::Decision& decision() const { return decision_; }
  const std::string& why() const { return decision_.why; }
  const Plant& plant() const { return plant_; }
  DayNightController& controller() { return controller_; }
  int movements() const { return plant_.movements(); }
  int changes_of_mode() const { return changes_of_mode_; }
  int lamp_outs() const { return lamp_outs_; }
  BootTime now() const { return now_; }

  void step(std::chrono::nanoseconds span) {
    now_ += span;
    if (camera_works) sample_ = plant_.look(now_, scene);
    update();
    for (int calls = 0; decision_.next && *decision_.next <= now_ && calls < 4; ++calls) update();
  }

 private:
  void update() {
    const auto before = decision_;
    DayNightController::Inputs in;
    in.now = now_;
    if (camera_works) in.light = sample_;
    in.line_says_day = line;
    in.sun_says_day = sun;
    in.visiting = visiting;
    decision_ = controller_.update(in);
    EXPECT_FALSE(decision_.why.empty());
    EXPECT_FALSE(decision_.lamp && decision_.mode == DayNight::kDay) << "lamp by day: " << decision_.why;
    const bool filter = decision_.filter != before.filter && decision_.filter != FilterPosition::kUnknown;
    const bool lamp = decision_.lamp != before.lamp;
    EXPECT_FALSE(filter && lamp) << "both at once";
    if (filter || lamp || decision_.mode != before.mode) {
      EXPECT_TRUE(before.switching) << "not announced: " << decision_.why;
      EXPECT_TRUE(decision_.switching) << "not given time to settle: " << decision_.why;
    }
    changes_of_mode_ += decision_.mode != before.mode;
    lamp_outs_ += before.lamp && !decision_.lamp;
    plant_.follow(decision_, now_);
  }

  DayNightController controller_;
  Plant plant_;
  LightSample sample_;
  DayNightController::Decision decision_;
  BootTime now_{std::chrono::hours(1)};
  int changes_of_mode_ = 0, lamp_outs_ = 0;
};

}  // namespace nestbox::test
