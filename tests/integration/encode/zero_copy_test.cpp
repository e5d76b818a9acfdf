#include "encode/lease_buffers.h"
#include "support.h"
#include "watched_memory.h"

#ifndef NESTBOX_SANITIZED
namespace {
std::atomic<const std::uint8_t*> watched_begin{nullptr}, watched_end{nullptr};
std::atomic<std::uint64_t> watched_bytes{0};
}  // namespace

// The whole program's memcpy, FFmpeg's and x264's too: counts what is copied out of the watched memory.
extern "C" void* memcpy(void* to, const void* from, std::size_t bytes) noexcept {
  const auto* const source = static_cast<const std::uint8_t*>(from);
  if (source >= watched_begin.load(std::memory_order_relaxed) && source < watched_end.load(std::memory_order_relaxed)) {
    watched_bytes.fetch_add(bytes, std::memory_order_relaxed);
  }
  return std::memmove(to, from, bytes);
}
#endif

namespace nestbox::test {

#ifdef NESTBOX_SANITIZED
void watch_memory(const std::uint8_t* /*start*/, std::size_t /*bytes*/) {}
std::uint64_t watched_bytes_copied() {
  return 0;
}
#else
void watch_memory(const std::uint8_t* start, std::size_t bytes) {
  watched_begin.store(start);
  watched_end.store(start + bytes);
  watched_bytes.store(0);
}
std::uint64_t watched_bytes_copied() {
  return watched_bytes.load();
}
#endif

namespace {

#ifndef NESTBOX_SANITIZED
/// The slot that the lease shows, from now on.
void watch(TestCamera& camera, const FrameLease& lease) {
  for (const auto& slot : camera.memory()) {
    if (slot.data() == lease->main.y.data) watch_memory(slot.data(), slot.size());
  }
}
#endif

// x264 reads the planes with its own vector code, on its way to the planes that it keeps; nothing before it may copy.
TEST(Encode, CopiesNoPictureBeforeX264) {
#ifdef NESTBOX_SANITIZED
  GTEST_SKIP() << "sanitizers have a memcpy of their own; the other builds count";
#else
  Line line(quick_setup(), {640, 360});
  constexpr int kPictures = 12;
  for (int i = 0; i < kPictures; ++i) {
    auto lease = line.camera.noise(at(i * 33ms));
    watch(line.camera, lease);
    line.pass(std::move(lease));
    EXPECT_LT(watched_bytes_copied(), 640U) << "less than one row of picture " << i;
  }
  // That the count would notice: libavutil copies the picture when it has to.
  auto lease = line.camera.noise(at(1s));
  watch(line.camera, lease);
  LeaseBuffers buffers;
  auto frame = av::make_frame();
  ASSERT_TRUE(buffers.wrap(lease, *frame));
  ASSERT_EQ(av_frame_make_writable(frame.get()), 0);
  EXPECT_GE(watched_bytes_copied(), 640U * 360U * 3 / 2);
  watch_memory(nullptr, 0);
#endif
}

TEST(LeaseBuffers, ShowTheCamerasOwnPlanes) {
  for (const auto format : {PixelFormat::kI420, PixelFormat::kNv12}) {
    TestCamera camera({320, 180, format});
    LeaseBuffers buffers;
    auto lease = camera.gradient(at(0ms));
    const ImageView image = lease->main;
    auto frame = av::make_frame();
    ASSERT_TRUE(buffers.wrap(lease, *frame));
    EXPECT_EQ(frame->data[0], image.y.data);
    EXPECT_EQ(frame->data[1], image.u.data);
    EXPECT_EQ(frame->data[2], image.v.data);
    EXPECT_EQ(frame->linesize[0], image.y.stride);
    EXPECT_EQ(frame->linesize[1], image.u.stride);
    EXPECT_EQ(frame->linesize[2], image.v.stride);
    EXPECT_FALSE(av_frame_is_writable(frame.get())) << "no filter may write into a capture buffer";

    lease.reset();
    EXPECT_EQ(camera.ring().leased(), 1U) << "the frame holds the slot";
    av_frame_unref(frame.get());
    EXPECT_EQ(camera.ring().leased(), 0U);
    EXPECT_EQ(buffers.held(), 0U);
  }
}

TEST(LeaseBuffers, ACodecThatKeepsPicturesKeepsTheirSlots) {
  TestCamera camera({64, 64});
  LeaseBuffers buffers;
  auto frame = av::make_frame(), kept = av::make_frame();
  ASSERT_TRUE(buffers.wrap(camera.gradient(at(0ms)), *frame));
  ASSERT_EQ(av_frame_ref(kept.get(), frame.get()), 0);
  av_frame_unref(frame.get());
  EXPECT_EQ(camera.ring().leased(), 1U);
  av_frame_unref(kept.get());
  EXPECT_EQ(camera.ring().leased(), 0U);
}

TEST(LeaseBuffers, RunOutWithAnErrorAndWithoutALeak) {
  TestCamera camera({64, 64});
  LeaseBuffers buffers;
  std::vector<av::FramePtr> kept;
  for (int i = 0; i < 3; ++i) {
    kept.push_back(av::make_frame());
    ASSERT_TRUE(buffers.wrap(camera.gradient(at(i * 33ms)), *kept.back()));
  }
  auto one_more = av::make_frame();
  const auto wrapped = buffers.wrap(camera.gradient(at(99ms)), *one_more);
  ASSERT_FALSE(wrapped);
  EXPECT_EQ(wrapped.error().kind, ErrorKind::kExhausted);
  EXPECT_EQ(one_more->buf[0], nullptr);
  EXPECT_EQ(camera.ring().leased(), 3U);
  kept.clear();
  EXPECT_EQ(camera.ring().leased(), 0U);
}

}  // namespace
}  // namespace nestbox::test
