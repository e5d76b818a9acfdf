#include "support.h"

namespace nestbox::test {
namespace {

class PictureFormats : public testing::TestWithParam<PixelFormat> {};
INSTANTIATE_TEST_SUITE_P(Encode, PictureFormats, testing::Values(PixelFormat::kI420, PixelFormat::kNv12),
                         [](const auto& format) { return format.param == PixelFormat::kNv12 ? "Nv12" : "I420"; });

TEST_P(PictureFormats, ComeOutAsTheyWentIn) {
  Line line(quick_setup(), {320, 180, GetParam()});
  for (int i = 0; i < 40; ++i) line.pass(line.camera.gradient(at(i * 33ms + i * 7us)));

  const auto video = line.sink->of(Track::kVideo);
  ASSERT_EQ(video.size(), 40U);
  Decoder decoder(line.sink->infos().at(0).video.extradata);
  for (std::size_t i = 0; i < video.size(); ++i) {
    EXPECT_EQ(video[i].pts, at(static_cast<int>(i) * 33ms + static_cast<int>(i) * 7us))
        << "stamps are the camera's own";
    const auto picture = decoder.decode(video[i]);
    ASSERT_NE(picture, nullptr) << "packet " << i;
    EXPECT_GT(luma_psnr_db(*picture, i), 38) << "picture " << i;
    EXPECT_EQ(av::is_keyframe(*picture), video[i].keyframe);
    EXPECT_NEAR(picture->data[1][40], 110, 2);
    EXPECT_NEAR(picture->data[2][40], GetParam() == PixelFormat::kNv12 ? 110 : 140, 2);
    EXPECT_EQ(picture->color_range, AVCOL_RANGE_MPEG);
    EXPECT_EQ(picture->colorspace, AVCOL_SPC_BT709);
    EXPECT_EQ(picture->color_primaries, AVCOL_PRI_BT709);
    EXPECT_EQ(picture->color_trc, AVCOL_TRC_BT709);
  }
}

bool holds_nal(std::span<const std::uint8_t> bytes, unsigned type) {
  for (std::size_t i = 0; i + 3 < bytes.size(); ++i) {
    if (bytes[i] == 0 && bytes[i + 1] == 0 && bytes[i + 2] == 1 && (bytes[i + 3] & 0x1fU) == type) return true;
  }
  return false;
}

TEST(Encode, HeadersStandInExtradataAlone) {
  constexpr unsigned kSps = 7, kPps = 8, kIdr = 5;
  Line line;
  for (int i = 0; i < 3; ++i) line.pass(line.camera.gradient(at(i * 33ms)));
  const auto extradata = line.sink->infos().at(0).video.extradata;
  EXPECT_TRUE(holds_nal(extradata, kSps));
  EXPECT_TRUE(holds_nal(extradata, kPps));
  const auto video = line.sink->of(Track::kVideo);
  EXPECT_TRUE(holds_nal(video[0].bytes, kIdr));
  for (const auto& packet : video) {
    EXPECT_FALSE(holds_nal(packet.bytes, kSps));
    EXPECT_FALSE(holds_nal(packet.bytes, kPps));
  }
}

TEST(Encode, ContentAndStampTravelWithThePicture) {
  Line line;
  line.pass(line.camera.gradient(at(0ms), Content::kSimulated));
  line.pass(line.camera.gradient(at(33'333'333ns), Content::kSlate));
  line.pass(line.camera.gradient(at(66'666'667ns), Content::kLive));
  const auto video = line.sink->of(Track::kVideo);
  EXPECT_EQ(video[0].content, Content::kSimulated);
  EXPECT_EQ(video[1].content, Content::kSlate);
  EXPECT_EQ(video[2].content, Content::kLive);
  EXPECT_EQ(video[1].pts, at(33'333'333ns)) << "to the nanosecond";
}

// Packet n must be out before picture n+1 goes in, and its slot free: pass() waits for just that.
TEST(Encode, HoldsNoPictureBack) {
  Line line;
  for (int i = 0; i < 20; ++i) {
    line.pass(line.camera.gradient(at(i * 33ms)));
    EXPECT_EQ(line.sink->of(Track::kVideo).size(), static_cast<std::size_t>(i) + 1);
    EXPECT_EQ(line.camera.ring().leased(), 0U) << "the codec keeps picture " << i;
  }
}

/// Keyframes come at the picture nearest to each multiple of the interval.
void expect_keyframes_every(nanoseconds interval, const std::vector<nanoseconds>& stamps, nanoseconds frame_interval) {
  auto setup = quick_setup();
  setup.encoder.keyframe_interval = std::chrono::duration_cast<std::chrono::milliseconds>(interval);
  Line line(setup, {64, 64});
  for (const auto stamp : stamps) line.pass(line.camera.gradient(at(stamp)));
  const auto keyframes = keyframe_times(line.sink->of(Track::kVideo));
  ASSERT_GT(keyframes.size(), 3U);
  for (std::size_t i = 0; i < keyframes.size(); ++i) {
    const auto off = keyframes[i] - interval * static_cast<int>(i);
    EXPECT_LE(std::chrono::abs(off), frame_interval / 2 + 1us)
        << "keyframe " << i << " at " << to_seconds(keyframes[i]) << " s";
  }
}

std::vector<nanoseconds> stamps(nanoseconds frame_interval, int count, nanoseconds jitter) {
  std::minstd_rand random(3);
  std::vector<nanoseconds> all;
  for (int i = 0; i < count; ++i) {
    const auto off =
        jitter.count() == 0 || i == 0 ? 0 : static_cast<std::int64_t>(random()) % (2 * jitter.count()) - jitter.count();
    all.push_back(i * frame_interval + nanoseconds(off));
  }
  return all;
}

TEST(Encode, KeyframesKeepTheirTimeAtAnyFrameRate) {
  expect_keyframes_every(2s, stamps(33'333'333ns, 300, 0ns), 33'333'333ns);
  expect_keyframes_every(2s, stamps(500ms, 20, 0ns), 500ms);
  expect_keyframes_every(1s, stamps(41'708'333ns, 120, 0ns), 41'708'333ns);
}

TEST(Encode, KeyframesDoNotDriftWithJitter) {
  expect_keyframes_every(2s, stamps(33'333'333ns, 400, 3ms), 33'333'333ns + 6ms);
}

TEST(Encode, AskedForKeyframesKeepTheirDistance) {
  Line line(quick_setup(), {64, 64});
  for (int i = 0; i < 60; ++i) {
    line.stage.hub().want_keyframe();
    line.pass(line.camera.gradient(at(i * 33ms)));
  }
  const auto keyframes = keyframe_times(line.sink->of(Track::kVideo));
  ASSERT_GE(keyframes.size(), 3U);
  for (std::size_t i = 1; i < keyframes.size(); ++i) {
    EXPECT_GE(keyframes[i] - keyframes[i - 1], 500ms);
    EXPECT_LE(keyframes[i] - keyframes[i - 1], 533ms);
  }
}

TEST(Encode, AnAskedForKeyframeIsTheNextPicture) {
  Line line(quick_setup(), {64, 64});
  for (int i = 0; i < 30; ++i) {
    if (i == 20) line.stage.hub().want_keyframe();
    line.pass(line.camera.gradient(at(i * 33ms)));
  }
  EXPECT_EQ(keyframe_times(line.sink->of(Track::kVideo)), (std::vector<nanoseconds>{0ms, 660ms}));
}

/// Of the video packets [from, to).
double bitrate_bps(const std::vector<Packet>& video, std::size_t from, std::size_t to, nanoseconds frame_interval) {
  std::size_t bytes = 0;
  for (std::size_t i = from; i < to; ++i) bytes += video[i].bytes.size();
  return static_cast<double>(bytes) * 8 / (to_seconds(frame_interval) * static_cast<double>(to - from));
}

TEST(Encode, BitRateIsFollowedWhileItRuns) {
  auto setup = quick_setup();
  setup.encoder.bitrate_bps = 2'000'000;
  setup.encoder.bitrate_min_bps = 300'000;
  Line line(setup, {320, 180});
  constexpr int kPart = 180, kSettling = 30;
  constexpr auto kInterval = 33'333'333ns;
  const std::array<std::int64_t, 4> asked{2'000'000, 500'000, 1'500'000, 600'000};
  for (int part = 0; part < 4; ++part) {
    line.stage.set_bitrate(asked[static_cast<std::size_t>(part)]);
    for (int i = part * kPart; i < (part + 1) * kPart; ++i) line.pass(line.camera.noise(at(i * kInterval)));
    EXPECT_EQ(line.stage.status().bitrate_bps, asked[static_cast<std::size_t>(part)]);
  }
  const auto video = line.sink->of(Track::kVideo);
  for (std::size_t part = 0; part < asked.size(); ++part) {
    const double got_bps = bitrate_bps(video, part * kPart + kSettling, (part + 1) * kPart, kInterval);
    std::printf("asked %lld bit/s, got %.0f\n", static_cast<long long>(asked[part]), got_bps);
    EXPECT_NEAR(got_bps / static_cast<double>(asked[part]), 1, 0.12) << "part " << part;
  }
  EXPECT_EQ(line.sink->infos().size(), 1U) << "a change of the bit rate is no new stream";
}

TEST(Encode, BitRateStaysWithinItsBounds) {
  auto setup = quick_setup();
  setup.encoder.bitrate_bps = 1'000'000;
  setup.encoder.bitrate_min_bps = 300'000;
  Line line(setup, {64, 64});
  EXPECT_EQ(line.stage.status().bitrate_bps, 1'000'000);
  line.stage.set_bitrate(5'000'000);
  line.pass(line.camera.gradient(at(0ms)));
  EXPECT_EQ(line.stage.status().bitrate_bps, 1'000'000);
  line.stage.set_bitrate(10);
  line.pass(line.camera.gradient(at(33ms)));
  EXPECT_EQ(line.stage.status().bitrate_bps, 300'000);
}

// One keyframe must not occupy a link of just the bit rate for long.
TEST(Encode, AKeyframeTakesAtMostHalfASecondOfTheLink) {
  auto setup = quick_setup();
  setup.encoder.bitrate_bps = 600'000;
  Line line(setup, {640, 360});
  for (int i = 0; i < 150; ++i) line.pass(line.camera.noise(at(i * 33'333'333ns)));
  for (const auto& packet : line.sink->of(Track::kVideo)) {
    EXPECT_LE(static_cast<double>(packet.bytes.size()) * 8, 0.5 * 600'000 * 1.1)
        << to_seconds(packet.pts - at(0s)) << " s";
  }
}

struct Slowness {
  std::chrono::milliseconds interval;
  double part_min, part_max;  ///< of the bit rate
};

// A camera that slows down in the dark still fills its bit rate, and one that is faster than announced keeps to it.
// Twice a second each picture would have to fill the whole rate-control buffer; half of it is what x264 dares.
TEST(Encode, BitRateHoldsAtAnotherFrameRateThanTheNominalOne) {
  for (const auto& [interval, part_min, part_max] :
       {Slowness{100ms, 0.85, 1.1}, Slowness{500ms, 0.3, 1.1}, Slowness{16ms, 0.85, 1.1}}) {
    auto setup = quick_setup();
    setup.framerate = 30;
    setup.encoder.bitrate_bps = 1'000'000;
    Line line(setup, {320, 180});
    const auto count = std::min<std::int64_t>(20s / interval, 400);
    for (int i = 0; i < count; ++i) line.pass(line.camera.noise(at(i * interval)));
    const auto video = line.sink->of(Track::kVideo);
    const double got_bps = bitrate_bps(video, video.size() / 2, video.size(), interval);
    std::printf("a picture every %lld ms: %.0f bit/s\n", static_cast<long long>(interval.count()), got_bps);
    EXPECT_GE(got_bps, part_min * 1'000'000) << interval.count() << " ms";
    EXPECT_LE(got_bps, part_max * 1'000'000) << interval.count() << " ms";
  }
}

}  // namespace
}  // namespace nestbox::test
