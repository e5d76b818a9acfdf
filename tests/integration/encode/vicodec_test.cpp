/// The hardware encoder's way of pictures against the kernel's virtual codec: its format is FWHT instead of H.264, its
/// queues, imports and drains are a real driver's. tests/guest/encoder_test.sh runs this where there is one.
#include <linux/videodev2.h>
#include <poll.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "dmabuf_camera.h"
#include "encode/v4l2_device.h"
#include "encode/v4l2_encoder.h"
#include "watched_memory.h"

namespace nestbox::test {
namespace {

constexpr int kPictureWidth = 640, kPictureHeight = 480, kPictures = 330;

class Vicodec : public testing::Test {
 protected:
  void SetUp() override {
    const auto nodes = devices_->nodes();
    const CodecNode* const found = choose_node(nodes, V4L2_PIX_FMT_FWHT);
    if (found == nullptr || !has_dma_heap()) {
      GTEST_SKIP() << "this machine has no vicodec or no DMA heap; scripts/guest has";
    }
    node_ = *found;
  }

  std::unique_ptr<V4l2Encoder> make(const Frame& first) {
    auto device = devices_->open(node_);
    EXPECT_TRUE(good(device));
    auto encoder = V4l2Encoder::create(std::move(*device), {"fwht", V4L2_PIX_FMT_FWHT, 2'000'000, 2000ms, 30}, first);
    EXPECT_TRUE(good(encoder));
    return encoder ? std::move(*encoder) : nullptr;
  }

  /// Waits until there is room, or with kNothing until all has come out.
  enum class Until { kRoom, kNothing };
  static void pump(V4l2Encoder& encoder, Until until, std::vector<Packet>& packets) {
    const auto deadline = BootClock::now() + kPatience;
    for (;;) {
      for (;;) {
        auto packet = encoder.take(BootClock::now());
        ASSERT_TRUE(good(packet));
        if (!*packet) break;
        packets.push_back(std::move(**packet));
      }
      if (until == Until::kRoom ? encoder.has_room() : !encoder.busy()) return;
      ASSERT_LT(BootClock::now(), deadline);
      pollfd waited{encoder.descriptor(), POLLIN | POLLOUT, 0};
      ::poll(&waited, 1, 1000);
    }
  }

  const std::shared_ptr<CodecDevices> devices_ = system_codec_devices();
  CodecNode node_;
};

/// For whoever wants to decode it ($KEEP_FWHT, a folder): the first pictures, and what was made of them.
class Kept {
 public:
  void picture(std::span<const std::uint8_t> samples) {
    if (pictures_left_-- > 0) write(pictures_, samples);
  }
  void packet(const Packet& packet) {
    if (packets_left_-- > 0) write(coded_, packet.bytes);
  }

 private:
  static std::ofstream open(const char* name) {
    const char* const folder = std::getenv("KEEP_FWHT");
    return std::ofstream(folder == nullptr ? "/dev/null" : std::string(folder) + name, std::ios::binary);
  }
  static void write(std::ofstream& to, std::span<const std::uint8_t> bytes) {
    to.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  int pictures_left_ = 64, packets_left_ = 64;
  std::ofstream pictures_ = open("/pictures.yuv"), coded_ = open("/coded.fwht");
};

TEST_F(Vicodec, EncodesTheSourcesOwnBuffers) {
  DmabufCamera camera(kPictureWidth, kPictureHeight, Backing::kHeap);
  std::unique_ptr<V4l2Encoder> encoder;
  std::vector<Packet> packets;
  Kept kept;
  std::size_t leased_max = 0;
  std::uint64_t copied = 0;
  for (int i = 0; i < kPictures; ++i) {
    auto lease = camera.gradient(at(i * 33'333'333ns), i == 7 ? Content::kSlate : Content::kLive);
    kept.picture(camera.samples(lease));
    if (!encoder) encoder = make(*lease);
    ASSERT_NE(encoder, nullptr);
    ASSERT_TRUE(encoder->fits(*lease));
    ASSERT_EQ(encoder->copies_because(), "");
    watch_memory(lease->main.y.data, camera.bytes());
    ASSERT_TRUE(good(encoder->set_bitrate(i % 2 == 0 ? 500'000 : 3'000'000)));
    ASSERT_TRUE(good(encoder->encode(std::move(lease), i % 60 == 0 ? PictureKind::kKeyframe : PictureKind::kAny)));
    leased_max = std::max(leased_max, camera.ring().leased());
    if (!encoder->has_room()) {
      ASSERT_NO_FATAL_FAILURE(pump(*encoder, Until::kRoom, packets));
    }
    copied += watched_bytes_copied();
  }
  ASSERT_NO_FATAL_FAILURE(pump(*encoder, Until::kNothing, packets));
  watch_memory(nullptr, 0);

  EXPECT_EQ(camera.ring().leased(), 0U) << "drained: the driver has returned every buffer";
  EXPECT_EQ(leased_max, V4l2Encoder::kPicturesInside);
  EXPECT_EQ(encoder->pictures_copied(), 0U);
  EXPECT_EQ(copied, 0U) << "bytes of pixels copied in this process";
  ASSERT_EQ(packets.size(), static_cast<std::size_t>(kPictures));
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ(packets[i].pts, at(static_cast<int>(i) * 33'333'333ns)) << "in order, with the exact stamp";
    EXPECT_EQ(packets[i].content, i == 7 ? Content::kSlate : Content::kLive);
    EXPECT_GT(packets[i].bytes.size(), 100U);
    bytes += packets[i].bytes.size();
    kept.packet(packets[i]);
  }
  std::printf("%zu pictures, %zu bytes coded, at most %zu leased at once, %llu bytes of pixels copied\n",
              packets.size(), bytes, leased_max, static_cast<unsigned long long>(copied));
}

TEST_F(Vicodec, LetsGoOfEveryLeaseWhenItIsClosedInTheMiddle) {
  DmabufCamera camera(kPictureWidth, kPictureHeight, Backing::kHeap);
  for (int round = 0; round < 20; ++round) {
    std::vector<Packet> packets;
    auto first = camera.gradient(at(round * 1s));
    auto encoder = make(*first);
    ASSERT_NE(encoder, nullptr);
    ASSERT_TRUE(good(encoder->encode(std::move(first), PictureKind::kKeyframe)));
    for (int i = 1; i < 10; ++i) {
      ASSERT_NO_FATAL_FAILURE(pump(*encoder, Until::kRoom, packets));
      ASSERT_TRUE(good(encoder->encode(camera.gradient(at(round * 1s + i * 33ms)), PictureKind::kAny)));
    }
    encoder.reset();
    ASSERT_EQ(camera.ring().leased(), 0U);
    ASSERT_GE(packets.size(), 8U);
  }
}

TEST_F(Vicodec, CopiesOnceWhatHasNoDmabuf) {
  TestCamera camera({kPictureWidth, kPictureHeight});
  std::vector<Packet> packets;
  auto first = camera.gradient(at(0ms));
  auto encoder = make(*first);
  ASSERT_NE(encoder, nullptr);
  EXPECT_THAT(encoder->copies_because(), testing::HasSubstr("no dmabuf"));
  ASSERT_TRUE(good(encoder->encode(std::move(first), PictureKind::kKeyframe)));
  EXPECT_EQ(camera.ring().leased(), 0U) << "a copy needs no lease";
  for (int i = 1; i < 60; ++i) {
    ASSERT_NO_FATAL_FAILURE(pump(*encoder, Until::kRoom, packets));
    ASSERT_TRUE(good(encoder->encode(camera.gradient(at(i * 33ms)), PictureKind::kAny)));
  }
  ASSERT_NO_FATAL_FAILURE(pump(*encoder, Until::kNothing, packets));
  EXPECT_EQ(packets.size(), 60U);
  EXPECT_EQ(encoder->pictures_copied(), 60U);
}

TEST_F(Vicodec, IsNoH264EncoderSoAutoTakesLibx264) {
  auto setup = quick_setup();
  Line line(setup, {320, 180});
  line.pass(line.camera.gradient(at(0ms)));
  EXPECT_EQ(line.stage.status().codec, "libx264");
}

}  // namespace
}  // namespace nestbox::test
