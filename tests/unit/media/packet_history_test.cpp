#include "nestbox/media/packet_history.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace nestbox {
namespace {

using namespace std::chrono_literals;

Packet packet(std::chrono::milliseconds pts, std::size_t bytes, bool keyframe = false, Track track = Track::kVideo) {
  auto content = std::make_shared<std::vector<std::uint8_t>>(bytes);
  Packet made;
  made.bytes = *content;
  made.owner = std::move(content);
  made.pts = BootTime(pts);
  made.keyframe = keyframe || track == Track::kAudio;
  made.track = track;
  return made;
}

bool starts_gop(const Packet& p) {
  return p.track == Track::kVideo && p.keyframe;
}

std::vector<std::int64_t> stamps_ms(const std::vector<Packet>& packets) {
  std::vector<std::int64_t> all;
  for (const auto& p : packets) {
    all.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(p.pts.time_since_epoch()).count());
  }
  return all;
}

using Stamps = std::vector<std::int64_t>;

TEST(PacketHistory, BeginsAtAKeyframe) {
  PacketHistory history({1s, 1000});
  history.push(packet(0ms, 10));
  history.push(packet(1ms, 10, true, Track::kAudio));
  EXPECT_EQ(history.packets(), 0u);
  EXPECT_TRUE(history.since(BootTime{}).empty());
  history.push(packet(2ms, 10, true));
  history.push(packet(3ms, 10));
  EXPECT_EQ(history.packets(), 2u);
  EXPECT_EQ(history.bytes(), 20u);
}

TEST(PacketHistory, KeepsAtLeastItsDurationInWholeGops) {
  PacketHistory history({100ms, 1000});
  for (int i = 0; i <= 30; ++i) history.push(packet(i * 10ms, 1, i % 5 == 0));
  // The newest is at 300: the GOP at 200 is what 100 ms need, and all of it.
  EXPECT_EQ(stamps_ms(history.since(BootTime{})).front(), 200);
  EXPECT_EQ(history.packets(), 11u);
}

TEST(PacketHistory, TheByteBoundIsStrongerThanTheDuration) {
  PacketHistory history({10s, 100});
  for (int i = 0; i < 20; ++i) history.push(packet(i * 10ms, 10, i % 4 == 0));
  EXPECT_LE(history.bytes(), 100u);
  EXPECT_EQ(stamps_ms(history.since(BootTime{})).front(), 120);
}

TEST(PacketHistory, AGopThatAloneBreaksTheByteBoundIsGivenUp) {
  PacketHistory history({10s, 100});
  history.push(packet(0ms, 60, true));
  history.push(packet(10ms, 60));
  EXPECT_EQ(history.packets(), 0u);
  EXPECT_EQ(history.bytes(), 0u);
  history.push(packet(20ms, 1));
  EXPECT_EQ(history.packets(), 0u) << "nothing could be decoded from here";
  history.push(packet(30ms, 100, true));
  EXPECT_EQ(stamps_ms(history.since(BootTime{})), Stamps{30});
  history.push(packet(40ms, 101, true));
  EXPECT_EQ(history.packets(), 0u);
}

TEST(PacketHistory, WhatWasBeforeAHoleIsNoPreRoll) {
  PacketHistory history({1s, 1000});
  history.push(packet(0ms, 10, true));
  history.push(packet(100ms, 10));
  history.push(packet(5000ms, 10));  // no keyframe: the GOP goes on, as far as anybody knows
  EXPECT_EQ(history.packets(), 3u);
  history.push(packet(9000ms, 10, true));
  EXPECT_EQ(stamps_ms(history.since(BootTime(8000ms))), (Stamps{9000}));
}

TEST(PacketHistory, SinceGoesBackToTheKeyframeBefore) {
  PacketHistory history({10s, 1000});
  for (int i = 0; i < 9; ++i) history.push(packet(100ms + i * 10ms, 1, i % 3 == 0));
  const auto from = [&](std::chrono::milliseconds pts) { return stamps_ms(history.since(BootTime(pts))); };
  EXPECT_EQ(from(0ms).front(), 100) << "further back than there is: everything";
  EXPECT_EQ(from(129ms).front(), 100);
  EXPECT_EQ(from(130ms).front(), 130) << "exactly on a keyframe";
  EXPECT_EQ(from(159ms), (Stamps{130, 140, 150, 160, 170, 180}));
  EXPECT_EQ(from(10s), (Stamps{160, 170, 180})) << "later than there is: the GOP in progress";
}

TEST(PacketHistory, SharesItsBytesWithWhoeverTookThem) {
  PacketHistory history({10s, 1000});
  const auto keyframe = packet(0ms, 10, true);
  history.push(keyframe);
  const auto taken = history.since(BootTime{});
  EXPECT_EQ(taken.at(0).bytes.data(), keyframe.bytes.data());
  EXPECT_EQ(keyframe.owner.use_count(), 3);
  history.clear();
  EXPECT_EQ(keyframe.owner.use_count(), 2);
  EXPECT_EQ(taken.at(0).bytes.size(), 10u);
}

/// What the history must hold, worked out anew from everything that was ever pushed: the most whole GOPs such that the
/// bytes fit, and such that without the oldest of them the duration would not be reached.
std::vector<Packet> expected(const std::vector<Packet>& all, const PacketHistory::Bounds& bounds) {
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (starts_gop(all[i])) starts.push_back(i);
  }
  for (std::size_t g = 0; g < starts.size(); ++g) {
    std::size_t bytes = 0;
    for (auto i = starts[g]; i < all.size(); ++i) bytes += all[i].bytes.size();
    const bool fits = bytes <= bounds.bytes;
    const bool needed = g + 1 == starts.size() || all.back().pts - all[starts[g + 1]].pts < bounds.duration;
    if (fits && needed) return {all.begin() + static_cast<std::ptrdiff_t>(starts[g]), all.end()};
  }
  return {};
}

std::vector<Packet> expected_since(const std::vector<Packet>& kept, BootTime from) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (starts_gop(kept[i]) && kept[i].pts <= from) begin = i;
  }
  return {kept.begin() + static_cast<std::ptrdiff_t>(begin), kept.end()};
}

TEST(PacketHistory, HoldsWhatAnExhaustiveSearchSaysForRandomStreams) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](int least, int most) { return std::uniform_int_distribution<int>(least, most)(random); };
    const PacketHistory::Bounds bounds{std::chrono::milliseconds(pick(0, 400)), static_cast<std::size_t>(pick(0, 800))};
    PacketHistory history(bounds);
    std::vector<Packet> all;
    std::chrono::milliseconds pts{pick(0, 100)};
    const int gop_most = pick(1, 20);
    for (int i = 0; i < 200; ++i) {
      pts += std::chrono::milliseconds(pick(0, 40));
      const bool is_audio = pick(0, 2) == 0;
      all.push_back(packet(pts, static_cast<std::size_t>(pick(0, 60)), pick(1, gop_most) == 1,
                           is_audio ? Track::kAudio : Track::kVideo));
      history.push(all.back());

      const auto kept = expected(all, bounds);
      std::size_t bytes = 0;
      for (const auto& p : kept) bytes += p.bytes.size();
      ASSERT_EQ(history.packets(), kept.size()) << "seed " << seed << " packet " << i;
      ASSERT_EQ(history.bytes(), bytes) << "seed " << seed << " packet " << i;
      const BootTime from(std::chrono::milliseconds(pick(0, static_cast<int>(pts.count()) + 50)));
      ASSERT_EQ(stamps_ms(history.since(from)), stamps_ms(expected_since(kept, from)))
          << "seed " << seed << " packet " << i;
    }
  }
}

}  // namespace
}  // namespace nestbox
