#include "nestbox/rules/light_trial.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

namespace nestbox {
namespace {

using namespace std::chrono_literals;
using Lamp = LightVerdict::Lamp;
using Filter = LightVerdict::Filter;
using Light = LightVerdict::Light;
using Wish = LightTrial::Wish;

/// A box in front of a camera without a filter of its own.
struct Box {
  double visible_lux = 0, sun_infra_red = 0.6;  ///< infra-red as a share of the visible light
  double lamp_lux = 30;
  double reflection = 0;  ///< share of the picture that the lamp burns out
  enum class Movement { kRight, kStuckOut, kStuckIn, kSwapped } movement = Movement::kRight;
  double leak = 0.01;  ///< share of the lamp's light that the filter lets through
  std::function<double(double)> weather = [](double) { return 1.0; };  ///< factor by seconds
  enum class Tells { kLux, kExposure, kLuma } tells = Tells::kLux;
};

class Camera {
 public:
  explicit Camera(const Box& box) : box_(box) {}

  LightSample look(const Wish& wish, BootTime at) {
    if (wish.filter != FilterPosition::kUnknown) wished_ = wish.filter;
    const double light = light_for(wish, to_seconds(at.time_since_epoch()));
    const double wanted = std::clamp(0.07 / light, kShortest, kLongest);
    openness_ = openness_ == 0 ? wanted : openness_ * std::pow(wanted / openness_, 0.4);  // a step of 250 ms
    LightSample sample;
    sample.at = at;
    sample.luma = std::pow(std::min(1.0, light * openness_ + 1e-4), 1 / 2.2);
    const bool reflects = wish.lamp == LightTrial::Lamp::kOn && !is_filtered();
    sample.burnt_share = 0.003 + (reflects ? box_.reflection : 0);
    if (box_.tells == Box::Tells::kLux) sample.lux = light;
    if (box_.tells != Box::Tells::kLuma) {
      sample.exposure = std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(openness_, 1.0) * 33e6));
      sample.gain = std::max(openness_, 1.0);
    }
    return sample;
  }

 private:
  static constexpr double kShortest = 0.0001, kLongest = 0.1;

  bool is_filtered() const {
    switch (box_.movement) {
      case Box::Movement::kStuckIn:
        return true;
      case Box::Movement::kStuckOut:
        return false;
      case Box::Movement::kSwapped:
        return wished_ == FilterPosition::kOutOfPath;
      case Box::Movement::kRight:
        break;
    }
    return wished_ == FilterPosition::kInPath;
  }
  double light_for(const Wish& wish, double time_s) const {
    const double sky = box_.visible_lux * box_.weather(time_s),
                 lamp = wish.lamp == LightTrial::Lamp::kOn ? box_.lamp_lux : 0;
    if (is_filtered()) return sky + box_.leak * lamp + 0.01;
    return sky * (1 + box_.sun_infra_red) + lamp + 0.01;
  }

  const Box box_;
  FilterPosition wished_ = FilterPosition::kUnknown;
  double openness_ = 0;
};

constexpr BootTime kBegin{1000s};
constexpr LightTrial::Parts kBoth{true, true, 1s, {LightTrial::Lamp::kOff, FilterPosition::kInPath}};
constexpr LightTrial::Parts kLampOnly{true, false, 1s, {LightTrial::Lamp::kOn, FilterPosition::kUnknown}};
constexpr LightTrial::Parts kFilterOnly{false, true, 0s, {LightTrial::Lamp::kOff, FilterPosition::kOutOfPath}};

struct Run {
  std::optional<LightVerdict> verdict;
  double seconds = 0;
  int movements = 0;
};

Run try_out(const Box& box, const LightTrial::Parts& parts) {
  LightTrial trial(parts, kBegin);
  Camera camera(box);
  Run run;
  auto filter = parts.before.filter;
  const auto follow = [&] {
    if (trial.wish().filter != filter) ++run.movements;
    filter = trial.wish().filter;
  };
  follow();
  for (auto now = kBegin; !trial.over() && now < kBegin + 10min; now += 250ms) {
    run.verdict = trial.see(camera.look(trial.wish(), now), now);
    run.seconds = to_seconds(now - kBegin);
    follow();
  }
  EXPECT_EQ(trial.wish(), parts.before) << "all as it was";
  EXPECT_FALSE(trial.is_blind());
  return run;
}

struct Case {
  std::string what;
  std::function<void(Box&)> change;
  LightTrial::Parts parts;
  Lamp lamp;
  Filter filter;
  Light light;
};

TEST(LightTrial, FindsWhatIsWrong) {
  const auto by_day = [](Box& box) { box.visible_lux = 5000, box.lamp_lux = 10; };
  const Case cases[] = {
      {"all well", [](Box&) {}, kBoth, Lamp::kWorks, Filter::kWorks, Light::kDark},
      {"lamp alone", [](Box&) {}, kLampOnly, Lamp::kWorks, Filter::kAbsent, Light::kDark},
      {"no lamp is wired", [](Box& box) { box.lamp_lux = 0; }, kBoth, Lamp::kNotSeen, Filter::kUnclear, Light::kDark},
      {"no lamp is wired, no filter", [](Box& box) { box.lamp_lux = 0; }, kLampOnly, Lamp::kNotSeen, Filter::kAbsent,
       Light::kDark},
      {"the filter hides the lamp", [](Box& box) { box.movement = Box::Movement::kStuckIn, box.leak = 0; }, kBoth,
       Lamp::kNotSeen, Filter::kUnclear, Light::kDark},
      {"the filter stays out", [](Box& box) { box.movement = Box::Movement::kStuckOut; }, kBoth, Lamp::kWorks,
       Filter::kStays, Light::kDark},
      {"the filter is swapped", [](Box& box) { box.movement = Box::Movement::kSwapped; }, kBoth, Lamp::kWorks,
       Filter::kSwapped, Light::kDark},
      {"a weak lamp", [](Box& box) { box.lamp_lux = 0.05; }, kBoth, Lamp::kWeak, Filter::kWorks, Light::kDark},
      {"a reflection", [](Box& box) { box.reflection = 0.03; }, kBoth, Lamp::kReflects, Filter::kWorks, Light::kDark},
      {"next to no reflection", [](Box& box) { box.reflection = 0.019; }, kBoth, Lamp::kWorks, Filter::kWorks,
       Light::kDark},
      {"a reflection, and swapped", [](Box& box) { box.reflection = 0.2, box.movement = Box::Movement::kSwapped; },
       kBoth, Lamp::kReflects, Filter::kSwapped, Light::kDark},
      {"by day", by_day, kBoth, Lamp::kUnclear, Filter::kWorks, Light::kBright},
      {"by day, lamp alone", by_day, kLampOnly, Lamp::kUnclear, Filter::kAbsent, Light::kBright},
      {"by day, swapped", [&](Box& box) { by_day(box), box.movement = Box::Movement::kSwapped; }, kBoth, Lamp::kUnclear,
       Filter::kSwapped, Light::kBright},
      {"by day, stuck", [&](Box& box) { by_day(box), box.movement = Box::Movement::kStuckIn; }, kBoth, Lamp::kUnclear,
       Filter::kUnclear, Light::kBright},
      {"under a LED, which has no infra-red", [&](Box& box) { by_day(box), box.sun_infra_red = 0; }, kBoth,
       Lamp::kUnclear, Filter::kUnclear, Light::kBright},
      {"dim light, in which the lamp is seen", [](Box& box) { box.visible_lux = 20; }, kBoth, Lamp::kWorks,
       Filter::kWorks, Light::kBright},
      {"dim light, and stuck", [](Box& box) { box.visible_lux = 20, box.movement = Box::Movement::kStuckOut; }, kBoth,
       Lamp::kWorks, Filter::kStays, Light::kBright},
      {"filter alone, by day", by_day, kFilterOnly, Lamp::kAbsent, Filter::kWorks, Light::kBright},
      {"filter alone, swapped", [&](Box& box) { by_day(box), box.movement = Box::Movement::kSwapped; }, kFilterOnly,
       Lamp::kAbsent, Filter::kSwapped, Light::kBright},
      {"filter alone, stuck", [&](Box& box) { by_day(box), box.movement = Box::Movement::kStuckOut; }, kFilterOnly,
       Lamp::kAbsent, Filter::kUnclear, Light::kBright},
      {"filter alone, in the dark", [](Box&) {}, kFilterOnly, Lamp::kAbsent, Filter::kUnclear, Light::kDark},
      {"clouds", [&](Box& box) { by_day(box), box.weather = [](double s) { return std::exp2((1000 - s) / 4); }; },
       kBoth, Lamp::kUnclear, Filter::kUnclear, Light::kUnsteady},
      {"a car that comes and stays",
       [](Box& box) { box.visible_lux = 0.5, box.weather = [](double s) { return s < 1005 ? 0.0 : 1.0; }; }, kBoth,
       Lamp::kUnclear, Filter::kUnclear, Light::kUnsteady},
  };
  for (const auto& one : cases) {
    for (const auto tells : {Box::Tells::kLux, Box::Tells::kExposure}) {
      SCOPED_TRACE(one.what + (tells == Box::Tells::kLux ? ", by lux" : ", by exposure"));
      Box box;
      box.tells = tells;
      one.change(box);
      const auto run = try_out(box, one.parts);
      ASSERT_TRUE(run.verdict);
      EXPECT_EQ(run.verdict->lamp, one.lamp);
      EXPECT_EQ(run.verdict->filter, one.filter);
      EXPECT_EQ(run.verdict->light, one.light);
      EXPECT_LE(run.movements, 4);
      EXPECT_LT(run.seconds, 5 * 11);
    }
  }
}

TEST(LightTrial, LumaAloneIsEnoughInTheDark) {
  Box box;
  box.tells = Box::Tells::kLuma;
  auto run = try_out(box, kBoth);
  ASSERT_TRUE(run.verdict);
  EXPECT_EQ(run.verdict->lamp, Lamp::kWorks);
  EXPECT_EQ(run.verdict->filter, Filter::kWorks);
  box.lamp_lux = 0;
  run = try_out(box, kBoth);
  EXPECT_EQ(run.verdict->lamp, Lamp::kNotSeen);
}

TEST(LightTrial, TakesAboutTwoSecondsAViewAndMovesTheFilterTwiceInTheDark) {
  const auto run = try_out({}, kBoth);
  EXPECT_EQ(run.movements, 2);
  EXPECT_LT(run.seconds, 4 * 6);
  EXPECT_GT(run.verdict->lamp_factor, 50);
  EXPECT_GT(run.verdict->filter_factor, 10);
  EXPECT_GT(run.verdict->luma_with_lamp, 0.2);
}

TEST(LightTrial, WaitsForTheLampsRamp) {
  auto parts = kLampOnly;
  parts.lamp_ramp = 8s;
  LightTrial trial(parts, kBegin);
  Camera camera({});
  for (auto now = kBegin; now < kBegin + 9s; now += 250ms) {
    EXPECT_FALSE(trial.see(camera.look({}, now), now));
    EXPECT_EQ(trial.wish().lamp, LightTrial::Lamp::kOff);
  }
}

TEST(LightTrial, DoesNotWaitForEverForAPictureThatNeverSettles) {
  Box box;
  box.visible_lux = 1000;
  box.weather = [](double s) { return 1 + 0.5 * std::sin(s * 5); };
  const auto run = try_out(box, kBoth);
  EXPECT_TRUE(run.verdict);
  EXPECT_LT(run.seconds, 5 * 12);
}

TEST(LightTrial, WithoutPicturesItEndsBlind) {
  LightTrial trial(kBoth, kBegin);
  EXPECT_FALSE(trial.tick(kBegin + 5s));
  EXPECT_FALSE(trial.over());
  EXPECT_LE(trial.deadline(), kBegin + 15s);
  EXPECT_FALSE(trial.tick(trial.deadline()));
  EXPECT_TRUE(trial.over());
  EXPECT_TRUE(trial.is_blind());
  EXPECT_EQ(trial.wish(), kBoth.before);
  EXPECT_EQ(trial.deadline(), BootTime::max());
}

TEST(LightTrial, PicturesFromBeforeTheSwitchDoNotCount) {
  LightTrial trial(kBoth, kBegin);
  LightSample sample;
  sample.at = kBegin;
  sample.luma = 0.3;
  for (int n = 0; n < 20; ++n) EXPECT_FALSE(trial.see(sample, kBegin + 3s));
  EXPECT_EQ(trial.done_share(), 0);
}

TEST(LightTrial, CancelledAtAnyMomentAllIsAsItWas) {
  for (auto after = 0s; after < 20s; ++after) {
    LightTrial trial(kBoth, kBegin);
    Camera camera({});
    for (auto now = kBegin; now < kBegin + after && !trial.over(); now += 250ms)
      trial.see(camera.look(trial.wish(), now), now);
    trial.cancel();
    EXPECT_TRUE(trial.over());
    EXPECT_EQ(trial.wish(), kBoth.before);
    EXPECT_FALSE(trial.see(camera.look(trial.wish(), kBegin + 30s), kBegin + 30s));
    EXPECT_FALSE(trial.is_blind());
  }
}

TEST(LightTrial, SaysWhatItIsDoing) {
  LightTrial trial(kBoth, kBegin);
  EXPECT_EQ(trial.doing(), "lamp off, filter out of the path");
  EXPECT_EQ(LightTrial(kLampOnly, kBegin).doing(), "lamp off");
  Camera camera({});
  double share = 0;
  for (auto now = kBegin; !trial.over(); now += 250ms) {
    trial.see(camera.look(trial.wish(), now), now);
    EXPECT_GE(trial.done_share(), share);
    share = trial.done_share();
  }
  EXPECT_EQ(share, 1);
}

}  // namespace
}  // namespace nestbox
