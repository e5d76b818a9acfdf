#include "nestbox/media/packet_hub.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace nestbox {
namespace {

Packet video(int number, bool keyframe) {
  Packet packet;
  packet.pts = BootTime(std::chrono::milliseconds(33 * number));
  packet.keyframe = keyframe;
  return packet;
}

Packet audio(int number) {
  auto packet = video(number, true);
  packet.track = Track::kAudio;
  return packet;
}

/// Writes down what it is told ("open", "k" keyframe, "v" other video, "a" audio, "close") and holds the hub to the
/// contract of PacketSink.
class Witness : public PacketSink {
 public:
  Result<void> open(const StreamInfo& info) override {
    const Call call(*this);
    EXPECT_FALSE(open_) << "opened twice";
    story_ += "open(" + std::to_string(info.video.width) + ") ";
    if (refuses) return fail(ErrorKind::kUnavailable, "no room");
    open_ = true;
    first_ = true;
    return {};
  }
  void push(const Packet& packet) noexcept override {
    const Call call(*this);
    EXPECT_TRUE(open_) << "a packet outside of a stream";
    const bool starts = packet.track == Track::kVideo && packet.keyframe;
    EXPECT_TRUE(!first_ || starts) << "a stream begins with a keyframe";
    first_ = false;
    story_ += packet.track == Track::kAudio ? "a " : starts ? "k " : "v ";
  }
  void close() noexcept override {
    const Call call(*this);
    open_ = false;
    story_ += "close ";
  }
  std::string told() { return std::exchange(story_, {}); }

  bool refuses = false;
  std::atomic<bool> gone{false};  ///< detach() has returned

 private:
  /// Calls never overlap, and none comes after detach().
  struct Call {
    explicit Call(Witness& w) : witness(w) {
      EXPECT_FALSE(witness.busy_.exchange(true)) << "two calls at once";
      EXPECT_FALSE(witness.gone) << "a call after detach()";
    }
    ~Call() { witness.busy_ = false; }
    Witness& witness;
  };
  std::atomic<bool> busy_{false};
  bool open_ = false;
  bool first_ = true;
  std::string story_;
};

class Hub : public testing::Test {
 protected:
  static StreamInfo stream(int width) {
    StreamInfo info;
    info.video.width = width;
    return info;
  }
  std::atomic<int> keyframes_wanted{0};
  PacketHub hub{[this] { ++keyframes_wanted; }};
};

TEST_F(Hub, IsWantedWhileASinkIsThere) {
  EXPECT_FALSE(hub.wanted());
  const auto sink = std::make_shared<Witness>();
  hub.attach(sink);
  EXPECT_TRUE(hub.wanted());
  hub.detach(*sink);
  EXPECT_FALSE(hub.wanted());
  EXPECT_EQ(sink->told(), "");
}

TEST_F(Hub, ASinkThatWaitsForTheEncoderIsOpenedAtTheStart) {
  const auto sink = std::make_shared<Witness>();
  hub.attach(sink);
  EXPECT_EQ(keyframes_wanted, 1);
  hub.start(stream(640));
  hub.push(video(0, true));
  hub.push(audio(0));
  hub.push(video(1, false));
  hub.stop();
  EXPECT_EQ(sink->told(), "open(640) k a v close ");
  EXPECT_TRUE(hub.wanted()) << "stopped, and still there";
}

TEST_F(Hub, ASinkThatJoinsLaterBeginsAtAKeyframe) {
  hub.start(stream(640));
  const auto sink = std::make_shared<Witness>();
  hub.push(video(0, true));
  hub.attach(sink);
  EXPECT_EQ(keyframes_wanted, 1);
  hub.push(audio(0));
  hub.push(video(1, false));
  EXPECT_EQ(sink->told(), "open(640) ");
  hub.push(video(2, true));
  hub.push(video(3, false));
  EXPECT_EQ(sink->told(), "k v ");
}

TEST_F(Hub, AudioAloneStartsNothing) {
  const auto sink = std::make_shared<Witness>();
  hub.attach(sink);
  hub.start(stream(640));
  hub.push(audio(0));
  EXPECT_EQ(sink->told(), "open(640) ");
}

TEST_F(Hub, DetachClosesAndIsTheEnd) {
  const auto sink = std::make_shared<Witness>();
  const auto other = std::make_shared<Witness>();
  hub.attach(sink);
  hub.attach(other);
  hub.start(stream(640));
  hub.push(video(0, true));
  hub.detach(*sink);
  sink->gone = true;
  hub.push(video(1, false));
  hub.stop();
  EXPECT_EQ(sink->told(), "open(640) k close ");
  EXPECT_EQ(other->told(), "open(640) k v close ");
  EXPECT_EQ(sink.use_count(), 1) << "the hub lets go";
}

TEST_F(Hub, IgnoresTheDetachingOfStrangers) {
  const Witness stranger;
  hub.detach(stranger);
  const auto sink = std::make_shared<Witness>();
  hub.attach(sink);
  hub.detach(stranger);
  hub.detach(*sink);
  hub.detach(*sink);
  EXPECT_FALSE(hub.wanted());
}

TEST_F(Hub, ANewEncoderIsANewStream) {
  const auto sink = std::make_shared<Witness>();
  hub.attach(sink);
  hub.start(stream(640));
  hub.push(video(0, true));
  hub.stop();
  hub.push(video(1, true));  // of an encoder that is gone
  hub.start(stream(1280));
  hub.push(video(2, false));
  hub.push(video(3, true));
  EXPECT_EQ(sink->told(), "open(640) k close open(1280) k ");
  hub.start(stream(320));  // without a stop between
  EXPECT_EQ(sink->told(), "close open(320) ");
}

TEST_F(Hub, StopTwiceClosesOnce) {
  const auto sink = std::make_shared<Witness>();
  hub.attach(sink);
  hub.start(stream(640));
  hub.stop();
  hub.stop();
  EXPECT_EQ(sink->told(), "open(640) close ");
}

TEST_F(Hub, ASinkThatRefusesIsLeftOutUntilTheNextStream) {
  const auto sink = std::make_shared<Witness>();
  sink->refuses = true;
  hub.attach(sink);
  testing::internal::CaptureStderr();
  hub.start(stream(640));
  EXPECT_NE(testing::internal::GetCapturedStderr().find("no room"), std::string::npos);
  hub.push(video(0, true));
  hub.stop();
  EXPECT_EQ(sink->told(), "open(640) ");
  sink->refuses = false;
  hub.start(stream(640));
  hub.push(video(1, true));
  EXPECT_EQ(sink->told(), "open(640) k ");
}

TEST_F(Hub, PassesAWishForAKeyframeOn) {
  hub.want_keyframe();
  EXPECT_EQ(keyframes_wanted, 1);
}

// The wish comes outside of the hub's lock: a producer may answer it by pushing at once.
TEST(PacketHub, TheProducerMayPushFromWithinTheWish) {
  PacketHub* answering = nullptr;
  PacketHub hub([&] { answering->push(video(0, true)); });
  answering = &hub;
  hub.start({});
  const auto sink = std::make_shared<Witness>();
  hub.attach(sink);
  EXPECT_EQ(sink->told(), "open(0) k ");
}

TEST_F(Hub, SinksComeAndGoWhileTheEncoderComesAndGoes) {
  std::atomic<bool> stop{false};
  std::thread producer([&] {
    for (int number = 0; !stop; ++number) {
      if (number % 40 == 0) hub.start(stream(640));
      hub.push(video(number, number % 5 == 0));
      hub.push(audio(number));
      if (number % 40 == 39) hub.stop();
    }
    hub.stop();
  });
  std::vector<std::thread> owners;
  for (int owner = 0; owner < 2; ++owner) {
    owners.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        const auto sink = std::make_shared<Witness>();
        hub.attach(sink);
        std::this_thread::yield();
        hub.detach(*sink);
        sink->gone = true;
      }
    });
  }
  for (auto& owner : owners) owner.join();
  stop = true;
  producer.join();
  EXPECT_FALSE(hub.wanted());
  EXPECT_EQ(keyframes_wanted, 600);
}

}  // namespace
}  // namespace nestbox
