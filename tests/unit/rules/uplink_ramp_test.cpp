#include "nestbox/rules/uplink_ramp.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace nestbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr BootTime kStart{std::chrono::hours(1)};

/// A path that takes `capacity_bps`, with a queue in front of it; `hiccup` is a time in which it takes nothing.
UplinkRamp::Figure measure(double capacity_bps, seconds span, BootTime hiccup_from = {}, BootTime hiccup_to = {}) {
  UplinkRamp ramp(kStart, span);
  constexpr milliseconds kTick(50);
  double taken_bits = 0, queued_bits = 0;
  for (auto now = kStart;; now += kTick) {
    const bool open = now < hiccup_from || now >= hiccup_to;
    queued_bits += ramp.offered_bps() * to_seconds(kTick);
    const double passed = std::min(queued_bits, open ? capacity_bps * to_seconds(kTick) : 0);
    queued_bits = std::min(queued_bits - passed, 2 * capacity_bps);
    taken_bits += passed;
    const bool congested = queued_bits > 0.2 * capacity_bps || !open;
    const auto figure =
        ramp.update(now, {static_cast<std::uint64_t>(taken_bits / 8), passed / to_seconds(kTick), congested});
    if (figure) return *figure;
  }
}

TEST(UplinkRamp, FindsWhatAPathTakes) {
  for (const double capacity_bps : {800e3, 1.5e6, 5e6, 15e6}) {
    for (const auto span : {seconds(15), seconds(60)}) {
      const auto figure = measure(capacity_bps, span);
      EXPECT_TRUE(figure.saturated) << capacity_bps;
      EXPECT_NEAR(figure.throughput_bps, capacity_bps, 0.05 * capacity_bps) << span.count() << " s";
    }
  }
}

TEST(UplinkRamp, SaysAtLeastWhereThePathIsWider) {
  const auto figure = measure(900e6, seconds(60));
  EXPECT_FALSE(figure.saturated);
  EXPECT_GT(figure.throughput_bps, 20e6);
}

TEST(UplinkRamp, AHiccupAtTheBeginningIsNotTakenForTheWay) {
  const auto figure = measure(8e6, seconds(60), kStart + seconds(1), kStart + seconds(3));
  EXPECT_NEAR(figure.throughput_bps, 8e6, 0.05 * 8e6);
}

}  // namespace
}  // namespace nestbox
