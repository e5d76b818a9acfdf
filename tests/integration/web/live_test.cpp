// /live.mp4 and /stream: who gets what, how much of it, and when it ends.
#include <sys/socket.h>

#include <chrono>

#include "synthetic_stream.h"
#include "web_fixture.h"

namespace nestbox {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Live : public test::WebTest {
 protected:
  void start_with_camera(int framerate = 30) {
    camera_ = std::make_unique<test::SyntheticStream>(hub_, test::SyntheticStream::Shape{320, 240, framerate});
    start();
  }
  void TearDown() override { camera_.reset(); }
  std::unique_ptr<test::SyntheticStream> camera_;
};

std::string box_type(const std::string& bytes, std::size_t at = 0) {
  return bytes.substr(at + 4, 4);
}

// The types of the top-level boxes; "?" at the end when the last one is cut off.
std::vector<std::string> boxes_of(const std::string& bytes) {
  std::vector<std::string> types;
  for (std::size_t at = 0; at + 8 <= bytes.size();) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(bytes[at + i]);
    if (size < 8 || at + size > bytes.size()) return types.push_back("?"), types;
    types.push_back(box_type(bytes, at));
    at += size;
  }
  return types;
}

TEST_F(Live, IsTheHeaderAndThenAFragmentForEachPicture) {
  start_with_camera();
  test::HttpClient viewer(port_);
  viewer.ask("/live.mp4");
  const auto head = viewer.reply_head();
  ASSERT_EQ(head.status, 200);
  EXPECT_THAT(head.headers.at("content-type"), StartsWith("video/mp4; codecs=\"avc1."));
  EXPECT_THAT(head.headers.at("content-type"), HasSubstr("mp4a.40.2"));
  EXPECT_EQ(head.headers.at("transfer-encoding"), "chunked");
  EXPECT_EQ(head.headers.at("cache-control"), "no-store");
  std::string bytes;
  while (boxes_of(bytes).size() < 62) bytes += viewer.chunk();
  const auto boxes = boxes_of(bytes);
  EXPECT_EQ(boxes[0], "ftyp");
  EXPECT_EQ(boxes[1], "moov");
  for (std::size_t i = 2; i < 60; i += 2) {
    EXPECT_EQ(boxes[i], "moof") << i;
    EXPECT_EQ(boxes[i + 1], "mdat") << i;
  }
}

TEST_F(Live, TheEncoderSleepsBeforeTheFirstViewerAndAfterTheLast) {
  start_with_camera();
  EXPECT_EQ(camera_->frames_encoded(), 0U);
  {
    test::HttpClient first(port_), second(port_);
    first.ask("/live.mp4");
    second.ask("/live.mp4");
    EXPECT_EQ(first.reply_head().status, 200);
    EXPECT_EQ(second.reply_head().status, 200);
    EXPECT_EQ(keyframes_wanted_, 2);
  }
  EXPECT_TRUE(test::eventually([&] { return !hub_.wanted(); }));
}

TEST_F(Live, WithoutAnEncoderItSaysSoAfterAWhile) {
  start();
  test::HttpClient viewer(port_);
  viewer.ask("/live.mp4");
  const auto reply = viewer.reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.headers.at("retry-after"), "2");
  EXPECT_TRUE(test::eventually([&] { return !hub_.wanted(); }));
}

TEST_F(Live, ANewEncoderEndsTheBodyProperly) {
  start_with_camera();
  test::HttpClient viewer(port_);
  viewer.ask("/live.mp4");
  ASSERT_EQ(viewer.reply_head().status, 200);
  ASSERT_FALSE(viewer.chunk().empty());
  camera_->restart();
  std::string bytes;
  for (auto part = viewer.chunk(); !part.empty(); part = viewer.chunk()) bytes += part;
  // The same connection takes the new stream.
  viewer.ask("/live.mp4");
  EXPECT_EQ(viewer.reply_head().status, 200);
  EXPECT_EQ(boxes_of(viewer.chunk()).at(0), "ftyp");
}

TEST_F(Live, AFrozenCameraEndsTheBodyWithinSixSeconds) {
  start_with_camera();
  test::HttpClient viewer(port_);
  viewer.ask("/live.mp4");
  ASSERT_EQ(viewer.reply_head().status, 200);
  ASSERT_FALSE(viewer.chunk().empty());
  camera_->freeze();
  const auto frozen = std::chrono::steady_clock::now();
  while (!viewer.chunk().empty()) {
  }
  EXPECT_LT(std::chrono::steady_clock::now() - frozen, std::chrono::seconds(6));
}

// A viewer that reads nothing: its two seconds fill up, then it is cut off, and nobody else notices.
TEST_F(Live, AViewerThatDoesNotReadIsCutOffAndOthersGoOn) {
  start();
  StreamInfo info;
  info.video.width = info.video.height = 16;
  info.video.framerate = 30;
  // SPS and PPS of a 16x16 picture, baseline.
  info.video.extradata = {0,    0,    0, 1, 0x67, 0x42, 0xc0, 0x0a, 0xda, 0x7b,
                          0x01, 0x10, 0, 0, 0,    1,    0x68, 0xce, 0x3c, 0x80};
  hub_.start(info);
  test::HttpClient deaf(port_), keen(port_);
  const int small = 4096;
  setsockopt(deaf.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  deaf.ask("/live.mp4");
  keen.ask("/live.mp4");
  ASSERT_TRUE(test::eventually([&] { return keyframes_wanted_ == 2; }));

  auto bytes = std::make_shared<std::vector<std::uint8_t>>(50'000, std::uint8_t{0x55});
  const std::array<std::uint8_t, 5> start_code = {0, 0, 0, 1, 0x65};
  std::copy(start_code.begin(), start_code.end(), bytes->begin());
  Packet packet;
  packet.owner = bytes;
  packet.bytes = *bytes;
  packet.keyframe = true;
  packet.duration = std::chrono::milliseconds(33);
  packet.pts = BootTime(std::chrono::seconds(1));
  const auto push = [&] {
    hub_.push(packet);
    packet.pts += packet.duration;
  };
  push();
  push();
  ASSERT_EQ(deaf.reply_head().status, 200);
  ASSERT_EQ(keen.reply_head().status, 200);
  ASSERT_FALSE(keen.chunk().empty());  // ftyp, moov and the first picture
  for (int picture = 0; picture < 200; ++picture) {
    push();
    ASSERT_FALSE(keen.chunk().empty()) << "picture " << picture;
  }
  EXPECT_TRUE(deaf.closes_within(std::chrono::seconds(10)));
  hub_.stop();
  while (!keen.chunk().empty()) {
  }
}

TEST_F(Live, TheNinthViewerIsToldThatTheHouseIsFull) {
  start_with_camera();
  std::vector<std::unique_ptr<test::HttpClient>> viewers;
  for (int i = 0; i < 8; ++i) {
    viewers.push_back(std::make_unique<test::HttpClient>(port_));
    viewers.back()->ask(i % 2 == 0 ? "/live.mp4" : "/stream");
    ASSERT_EQ(viewers.back()->reply_head().status, 200) << i;
  }
  const auto refused = get("/live.mp4");
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, HasSubstr("8 viewers"));
  EXPECT_EQ(get("/stream").status, 503);
  EXPECT_EQ(get("/snapshot").status, 200);
  viewers.pop_back();
  EXPECT_TRUE(test::eventually([&] {
    test::HttpClient again(port_);
    again.ask("/live.mp4");
    return again.reply_head().status == 200;
  }));
}

class Mjpeg : public test::WebTest {};

TEST_F(Mjpeg, IsPicturesInParts) {
  start();
  test::HttpClient viewer(port_);
  viewer.ask("/stream");
  const auto head = viewer.reply_head();
  EXPECT_EQ(head.headers.at("content-type"), "multipart/x-mixed-replace; boundary=nestbox-picture");
  EXPECT_EQ(viewer.chunk(), "--nestbox-picture\r\nContent-Type: image/jpeg\r\nContent-Length: 15\r\n\r\n");
  EXPECT_THAT(viewer.chunk(), HasSubstr("picture 1 "));
}

TEST_F(Mjpeg, AllViewersShareOneSeriesOfAtMostTenASecond) {
  start();
  std::vector<std::unique_ptr<test::HttpClient>> viewers;
  for (int i = 0; i < 5; ++i) {
    viewers.push_back(std::make_unique<test::HttpClient>(port_));
    viewers.back()->ask("/stream");
    ASSERT_EQ(viewers.back()->reply_head().status, 200);
  }
  const auto begun = std::chrono::steady_clock::now();
  const auto taken = pictures_.taken.load();
  for (int part = 0; part < 3 * 20; ++part)
    for (auto& viewer : viewers) ASSERT_FALSE(viewer->chunk().empty());
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  EXPECT_LE(static_cast<double>(pictures_.taken - taken), seconds * 10 + 2);
}

TEST_F(Mjpeg, EndsItsWorkWithItsLastViewer) {
  start();
  {
    test::HttpClient viewer(port_);
    viewer.ask("/stream");
    ASSERT_EQ(viewer.reply_head().status, 200);
  }
  // Whoever has gone is noticed at the next write; then no picture is taken any more.
  std::uint64_t before = 0;
  EXPECT_TRUE(test::eventually([&] {
    before = pictures_.taken;
    std::this_thread::sleep_for(std::chrono::milliseconds(400));  // four pictures' time
    return pictures_.taken == before;
  }));
}

TEST_F(Mjpeg, AnOldViewerWithHttp10GetsItWithoutChunks) {
  start();
  test::HttpClient viewer(port_);
  viewer.send("GET /stream HTTP/1.0\r\nHost: localhost\r\n\r\n");
  const auto head = viewer.reply_head();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.count("transfer-encoding"), 0U);
  EXPECT_THAT(viewer.read_until("picture 2 "), StartsWith("--nestbox-picture"));
}

TEST_F(Mjpeg, WithoutAPictureItSaysSo) {
  pictures_.failing = true;
  start();
  EXPECT_EQ(get("/stream").status, 503);
}

}  // namespace
}  // namespace nestbox
