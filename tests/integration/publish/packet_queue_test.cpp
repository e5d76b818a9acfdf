/// The queue in front of a connection: no dropped packet may leave a picture without the one it refers to.
#include "publish/packet_queue.h"

#include <gtest/gtest.h>

#include <random>

namespace nestbox::publish {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr BootTime kStart{hours(1)};

/// 25 pictures a second, a keyframe each 2 s, sound 40 times a second; the number of a packet is the address it
/// borrows.
class Source {
 public:
  QueuedPacket picture(BootTime at, bool keyframe, std::size_t bytes = 4000) {
    return make(at, Track::kVideo, keyframe, bytes);
  }
  QueuedPacket sound(BootTime at) { return make(at, Track::kAudio, true, 20); }

 private:
  QueuedPacket make(BootTime at, Track track, bool keyframe, std::size_t bytes) {
    Packet packet;
    packet.bytes = {memory_.data(), bytes};
    packet.pts = at;
    packet.track = track;
    packet.keyframe = keyframe;
    return {packet, at, nullptr};
  }
  std::vector<std::uint8_t> memory_ = std::vector<std::uint8_t>(5U << 20U);
};

TEST(PacketQueue, TakesNothingUntilItIsOpenAndAKeyframeCame) {
  Source source;
  PacketQueue queue;
  queue.push(source.picture(kStart, true));
  EXPECT_TRUE(queue.empty());
  queue.open();
  queue.push(source.picture(kStart, false));
  queue.push(source.sound(kStart));
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.skipping());
  queue.push(source.picture(kStart, true));
  EXPECT_FALSE(queue.empty());
  EXPECT_EQ(queue.dropped(), 0U) << "nothing was lost: there was no session yet";
}

TEST(PacketQueue, AtItsBoundsItSkipsToTheNextKeyframeAndKeepsFreshSound) {
  Source source;
  PacketQueue queue;
  queue.open();
  auto now = kStart;
  queue.push(source.picture(now, true));
  for (int n = 1; n <= 50; ++n) {
    now = kStart + n * milliseconds(40);
    queue.push(source.picture(now, false));
    queue.push(source.sound(now));
  }
  EXPECT_EQ(queue.dropped(), 0U) << "two seconds fit";
  now += milliseconds(40);
  queue.push(source.picture(now, false));
  EXPECT_TRUE(queue.skipping());
  EXPECT_GT(queue.dropped(), 51U);
  int sounds = 0;
  while (const auto item = queue.take(now)) {
    EXPECT_EQ(item->packet.track, Track::kAudio);
    EXPECT_GE(item->arrived_at, now - GopDropPolicy::Bounds().behind);
    ++sounds;
  }
  EXPECT_EQ(sounds, 7) << "of 40 ms each: those within the bound";
  queue.push(source.picture(now, false));
  EXPECT_TRUE(queue.empty());
  queue.push(source.picture(now, true));
  EXPECT_FALSE(queue.skipping());
  EXPECT_FALSE(queue.empty());
}

TEST(PacketQueue, APacketLargerThanItsBoundIsLostAloneWithItsGroup) {
  Source source;
  PacketQueue queue;
  queue.open();
  queue.push(source.picture(kStart, true, (4U << 20U) + 1));
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.dropped(), 1U);
  queue.push(source.picture(kStart, true));
  queue.push(source.picture(kStart, true, (4U << 20U) + 1));
  queue.push(source.picture(kStart, false));
  EXPECT_TRUE(queue.take(kStart)) << "the small keyframe";
  EXPECT_TRUE(queue.empty()) << "the last picture refers to the one that was lost";
  EXPECT_TRUE(queue.skipping());
}

TEST(PacketQueue, WhateverTheConsumerDoesEveryPictureFollowsItsPredecessor) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    Source source;
    PacketQueue queue;
    queue.open();
    std::optional<std::int64_t> last_picture;
    BootTime last_at{};
    BootTime stalled_until = kStart;
    for (std::int64_t n = 0; n < 2000; ++n) {
      const auto now = kStart + n * milliseconds(40);
      queue.push(source.picture(now, n % 50 == 0, 1000 + random() % 20'000));
      queue.push(source.sound(now));
      if (random() % 100 == 0) stalled_until = now + milliseconds(random() % 4000);
      if (now < stalled_until) continue;
      for (auto takes = random() % 6; takes > 0; --takes) {
        const auto item = queue.take(now);
        if (!item) break;
        EXPECT_GE(item->arrived_at, last_at) << "in order, seed " << seed;
        last_at = item->arrived_at;
        if (item->packet.track == Track::kAudio) continue;
        const std::int64_t number = (item->packet.pts - kStart) / milliseconds(40);
        if (!item->packet.keyframe) {
          ASSERT_TRUE(last_picture);
          EXPECT_EQ(number, *last_picture + 1) << "seed " << seed;
        }
        last_picture = number;
      }
      const auto* const oldest = queue.oldest();
      if (oldest != nullptr) {
        EXPECT_LE(now - oldest->arrived_at, seconds(2));
      }
    }
  }
}

}  // namespace
}  // namespace nestbox::publish
