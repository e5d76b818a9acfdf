#pragma once
/// A camera of test pictures, a sink that remembers, and a decoder that looks at what came out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "av/ffmpeg.h"
#include "nestbox/av/av_log.h"
#include "nestbox/base/bounded_queue.h"
#include "nestbox/encode/encode_stage.h"
#include "nestbox/media/frame_ring.h"
#include "nestbox/media/packet.h"
#include "support/patience.h"

namespace nestbox::test {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/// For EXPECT_TRUE: says the error.
template <class T>
testing::AssertionResult good(const Result<T>& result) {
  return result ? testing::AssertionSuccess() : testing::AssertionFailure() << result.error().message;
}

inline constexpr auto kAacFrame = 23'219'955ns;  // 1024 samples at 44.1 kHz

struct Shape {
  int width = 320, height = 180;
  PixelFormat format = PixelFormat::kI420;
};

/// Fills slots of a ring as a camera does: a slot is written only while nobody holds it. Thread-bound, but for the
/// returns of slots.
class TestCamera {
 public:
  explicit TestCamera(Shape shape, std::size_t slots = 6)
      : shape_(shape), free_(std::make_shared<BoundedQueue<SlotIndex>>(slots)) {
    memory_ = std::make_shared<std::vector<std::vector<std::uint8_t>>>(slots);
    for (auto& slot : *memory_) slot.resize(slot_bytes());
    ring_ = FrameRing::create(slots, memory_,
                              [free = free_](SlotIndex slot) { NESTBOX_ASSERT(free->push(std::move(slot))); });
    for (SlotIndex i = 0; i < slots; ++i) NESTBOX_ASSERT(free_->push(SlotIndex(i)));
  }

  std::size_t slot_bytes() const { return bytes(stride() * shape_.height + chroma_stride() * shape_.height); }
  FrameRing& ring() { return *ring_; }
  const std::vector<std::vector<std::uint8_t>>& memory() const { return *memory_; }
  std::optional<SlotIndex> take_free(nanoseconds patience = kPatience) {
    return free_->pop_until(BootClock::now() + patience);
  }
  std::size_t free_slots() const { return free_->size(); }

  MutableImage image(SlotIndex slot) {
    std::uint8_t* const start = (*memory_)[slot].data();
    MutableImage image{shape_.format, shape_.width, shape_.height, {}, {}, {}};
    image.y = {start, shape_.width, shape_.height, stride()};
    std::uint8_t* const chroma = start + bytes(stride() * shape_.height);
    if (shape_.format == PixelFormat::kNv12) {
      image.u = {chroma, shape_.width, shape_.height / 2, stride()};
    } else {
      image.u = {chroma, shape_.width / 2, shape_.height / 2, chroma_stride()};
      image.v = {chroma + bytes(chroma_stride() * shape_.height / 2), shape_.width / 2, shape_.height / 2,
                 chroma_stride()};
    }
    return image;
  }

  FrameLease publish(SlotIndex slot, BootTime stamp, Content content = Content::kLive) {
    Frame frame;
    frame.sequence = sequence_++;
    frame.captured_at = stamp;
    frame.main = image(slot);
    frame.content = content;
    return ring_->publish(slot, frame);
  }

  /// A moving gradient with a little colour; what is cheap to code and easy to recognise.
  FrameLease gradient(BootTime stamp, Content content = Content::kLive) {
    const SlotIndex slot = *take_free();
    const MutableImage to = image(slot);
    for (int row = 0; row < to.y.height; ++row) {
      for (int x = 0; x < to.y.width; ++x) at(to.y, row, x) = luma(x, row, sequence_);
    }
    fill_chroma(to);
    return publish(slot, stamp, content);
  }

  /// Noise on a gradient: takes every bit that it is given.
  FrameLease noise(BootTime stamp) {
    const SlotIndex slot = *take_free();
    const MutableImage to = image(slot);
    for (int row = 0; row < to.y.height; ++row) {
      for (int x = 0; x < to.y.width; ++x)
        at(to.y, row, x) = static_cast<std::uint8_t>(60 + (x + row) % 60 + static_cast<int>(random_() % 80));
    }
    fill_chroma(to);
    return publish(slot, stamp);
  }

  static std::uint8_t luma(int x, int row, std::uint64_t sequence) {
    return static_cast<std::uint8_t>(40 + (static_cast<std::uint64_t>(x / 2 + row / 3) + 2 * sequence) % 160);
  }

 private:
  static std::size_t bytes(int count) { return static_cast<std::size_t>(count); }
  static std::uint8_t& at(const MutablePlane& plane, int row, int x) { return plane.data[row * plane.stride + x]; }
  int stride() const { return (shape_.width + 63) / 64 * 64; }
  int chroma_stride() const { return stride() / 2; }
  void fill_chroma(const MutableImage& to) {
    for (int row = 0; row < to.u.height; ++row) std::memset(to.u.data + row * to.u.stride, 110, bytes(to.u.width));
    for (int row = 0; row < to.v.height; ++row) std::memset(to.v.data + row * to.v.stride, 140, bytes(to.v.width));
  }

  const Shape shape_;
  std::shared_ptr<BoundedQueue<SlotIndex>> free_;
  std::shared_ptr<std::vector<std::vector<std::uint8_t>>> memory_;
  std::shared_ptr<FrameRing> ring_;
  std::uint64_t sequence_ = 0;
  std::minstd_rand random_{7};
};

/// Remembers everything. Thread-safe.
class Recorder : public PacketSink {
 public:
  Result<void> open(const StreamInfo& info) override {
    Lock lock(mutex_);
    infos_.push_back(info);
    return {};
  }
  void push(const Packet& packet) noexcept override {
    Lock lock(mutex_);
    packets_.push_back(packet);
    changed_.notify_all();
  }
  void close() noexcept override {
    Lock lock(mutex_);
    ++closes_;
    changed_.notify_all();
  }

  bool wait_for_video(std::size_t count) {
    const auto deadline = BootClock::now() + kPatience;
    Lock lock(mutex_);
    while (count_of(Track::kVideo) < count) {
      const auto left = deadline - BootClock::now();
      if (left <= left.zero()) return false;
      changed_.wait_for(mutex_, left);
    }
    return true;
  }
  std::vector<Packet> of(Track track) const {
    Lock lock(mutex_);
    std::vector<Packet> chosen;
    std::copy_if(packets_.begin(), packets_.end(), std::back_inserter(chosen),
                 [&](const Packet& p) { return p.track == track; });
    return chosen;
  }
  std::vector<Packet> packets() const {
    Lock lock(mutex_);
    return packets_;
  }
  std::vector<StreamInfo> infos() const {
    Lock lock(mutex_);
    return infos_;
  }
  int closes() const {
    Lock lock(mutex_);
    return closes_;
  }

 private:
  std::size_t count_of(Track track) const REQUIRES(mutex_) {
    return static_cast<std::size_t>(
        std::count_if(packets_.begin(), packets_.end(), [&](const Packet& p) { return p.track == track; }));
  }
  mutable Mutex mutex_;
  Condition changed_;
  std::vector<StreamInfo> infos_ GUARDED_BY(mutex_);
  std::vector<Packet> packets_ GUARDED_BY(mutex_);
  int closes_ GUARDED_BY(mutex_) = 0;
};

/// Decodes H.264, one picture for each packet.
class Decoder {
 public:
  explicit Decoder(const std::vector<std::uint8_t>& extradata) {
    const AVCodec* const codec = avcodec_find_decoder(AV_CODEC_ID_H264);
    codec_.reset(avcodec_alloc_context3(codec));
    codec_->extradata = static_cast<std::uint8_t*>(av_mallocz(extradata.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    std::copy(extradata.begin(), extradata.end(), codec_->extradata);
    codec_->extradata_size = static_cast<int>(extradata.size());
    codec_->thread_count = 1;
    codec_->flags |= AV_CODEC_FLAG_LOW_DELAY;
    NESTBOX_ASSERT(avcodec_open2(codec_.get(), codec, nullptr) == 0);
  }

  av::FramePtr decode(const Packet& packet) {
    auto unit = av::make_packet();
    NESTBOX_ASSERT(av_new_packet(unit.get(), static_cast<int>(packet.bytes.size())) == 0);
    std::copy(packet.bytes.begin(), packet.bytes.end(), unit->data);
    if (avcodec_send_packet(codec_.get(), unit.get()) < 0) return nullptr;
    auto frame = av::make_frame();
    return avcodec_receive_frame(codec_.get(), frame.get()) == 0 ? std::move(frame) : nullptr;
  }

 private:
  av::Codec codec_;
};

/// Peak signal to noise of a decoded luma plane against TestCamera::luma, in dB.
inline double luma_psnr_db(const AVFrame& decoded, std::uint64_t sequence) {
  double squares = 0;
  for (int row = 0; row < decoded.height; ++row) {
    for (int x = 0; x < decoded.width; ++x) {
      const double off = decoded.data[0][row * decoded.linesize[0] + x] - TestCamera::luma(x, row, sequence);
      squares += off * off;
    }
  }
  const double mean = squares / (decoded.width * decoded.height);
  return mean == 0 ? 99 : 10 * std::log10(255.0 * 255.0 / mean);
}

inline EncodeStage::Setup quick_setup() {
  EncodeStage::Setup setup;
  setup.encoder.preset = "ultrafast";
  return setup;
}

inline BootTime at(nanoseconds since_start) {
  return BootTime(1000s) + since_start;
}

/// A stage with a recorder attached, fed one picture at a time.
struct Line {
  explicit Line(EncodeStage::Setup setup = quick_setup(), Shape shape = {})
      : camera(shape), stage("encode", std::move(setup)) {
    install_av_log_bridge();
    stage.hub().attach(sink);
    stage.start();
  }
  ~Line() {
    stage.request_stop();
    EXPECT_TRUE(stage.join_until(BootClock::now() + kPatience));
  }
  /// Offers, and waits until it has come out.
  void pass(FrameLease lease) {
    stage.offer(std::move(lease));
    ASSERT_TRUE(sink->wait_for_video(++passed));
  }

  TestCamera camera;
  std::shared_ptr<Recorder> sink = std::make_shared<Recorder>();
  EncodeStage stage;
  std::size_t passed = 0;
};

inline std::vector<nanoseconds> keyframe_times(const std::vector<Packet>& video) {
  std::vector<nanoseconds> times;
  for (const auto& packet : video) {
    if (packet.keyframe) times.push_back(packet.pts - at(0s));
  }
  return times;
}

}  // namespace nestbox::test
