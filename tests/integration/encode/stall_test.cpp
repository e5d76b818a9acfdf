/// An encode thread that hangs for 10 s behind a sink must cost the camera pictures, and nothing else: no buffer is
/// rewritten while somebody reads it, no slot is lost, and the camera's thread neither waits nor allocates.
#include <thread>

#include "support.h"
#include "support/allocations.h"

namespace nestbox::test {
namespace {

/// Remembers packets, and holds up the thread that pushes while it is shut.
class Gate : public Recorder {
 public:
  void push(const Packet& packet) noexcept override {
    {
      Lock lock(mutex_);
      while (shut_) changed_.wait(mutex_);
    }
    Recorder::push(packet);
  }
  void set_shut(bool shut) {
    Lock lock(mutex_);
    shut_ = shut;
    changed_.notify_all();
  }

 private:
  Mutex mutex_;
  Condition changed_;
  bool shut_ GUARDED_BY(mutex_) = false;
};

/// A camera thread: at each tick it stamps a free buffer from edge to edge, and publishes it; when it gets a buffer
/// back, what it wrote must still stand there.
class StampingCamera {
 public:
  static constexpr auto kInterval = 33'333'333ns;

  explicit StampingCamera(EncodeStage& stage) : stage_(stage) {
    written_.resize(kSlots);
    thread_ = std::thread([this] { run(); });
  }
  ~StampingCamera() { stop(); }
  void stop() {
    stop_.store(true);
    if (thread_.joinable()) thread_.join();
  }

  struct Findings {
    std::uint64_t published = 0, starved = 0, rewritten = 0, allocations = 0;
    nanoseconds longest_offer{0};
  };
  /// After stop().
  const Findings& findings() const { return findings_; }
  TestCamera& camera() { return camera_; }
  static constexpr std::size_t kSlots = 6;

 private:
  void run() {
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t tick = 0; !stop_.load(); ++tick) {
      std::this_thread::sleep_until(start + tick * kInterval);
      const auto before = allocations_of_this_thread();
      one_picture(tick);
      findings_.allocations += allocations_of_this_thread() - before;
    }
  }

  void one_picture(std::uint64_t tick) {
    const auto slot = camera_.take_free(0ns);
    if (!slot) {
      ++findings_.starved;
      return;
    }
    const MutableImage image = camera_.image(*slot);
    if (written_[*slot] && !stands(image.y, *written_[*slot])) ++findings_.rewritten;
    stamp(image, findings_.published);
    written_[*slot] = findings_.published;
    auto lease = camera_.publish(*slot, at(tick * kInterval));
    ++findings_.published;
    const auto before = BootClock::now();
    stage_.offer(std::move(lease));
    findings_.longest_offer = std::max(findings_.longest_offer, BootClock::now() - before);
  }

  static void stamp(const MutableImage& to, std::uint64_t sequence) {
    for (int row = 0; row < to.y.height; ++row) {
      for (int x = 0; x < to.y.width; ++x) to.y.data[row * to.y.stride + x] = TestCamera::luma(x, row, sequence);
    }
  }
  static bool stands(const PlaneView& plane, std::uint64_t sequence) {
    for (int row = 0; row < plane.height; ++row) {
      for (int x = 0; x < plane.width; ++x) {
        if (plane.data[row * plane.stride + x] != TestCamera::luma(x, row, sequence)) return false;
      }
    }
    return true;
  }

  EncodeStage& stage_;
  TestCamera camera_{{320, 180}, kSlots};
  std::vector<std::optional<std::uint64_t>> written_;
  std::atomic<bool> stop_{false};
  Findings findings_;
  std::thread thread_;
};

TEST(Stall, OfTenSecondsCostsPicturesAndNothingElse) {
  install_av_log_bridge();
  const auto gate = std::make_shared<Gate>();
  EncodeStage stage("encode", quick_setup());
  stage.hub().attach(gate);
  stage.start();
  StampingCamera camera(stage);
  ASSERT_TRUE(gate->wait_for_video(30));

  gate->set_shut(true);
  std::this_thread::sleep_for(10s);
  EXPECT_GT(stage.heartbeat().busy_for(BootClock::now()).value_or(0ns), 9s) << "the watchdog must see it";
  const auto in_the_stall = gate->of(Track::kVideo).size();
  gate->set_shut(false);

  ASSERT_TRUE(gate->wait_for_video(in_the_stall + 30)) << "the stream goes on";
  camera.stop();
  stage.request_stop();
  ASSERT_TRUE(stage.join_until(BootClock::now() + kPatience));

  const auto& found = camera.findings();
  const auto status = stage.status();
  std::printf("%llu published, %llu encoded, %llu dropped; longest offer %.3f ms\n",
              static_cast<unsigned long long>(found.published), static_cast<unsigned long long>(status.frames),
              static_cast<unsigned long long>(status.frames_dropped), to_seconds(found.longest_offer) * 1000);
  EXPECT_EQ(found.starved, 0U) << "there was always a free slot: holds are bounded";
  EXPECT_EQ(found.rewritten, 0U);
  EXPECT_EQ(found.allocations, 0U);
  EXPECT_LT(found.longest_offer, 1s) << "offer() does not wait for the encoder";
  EXPECT_GT(status.frames_dropped, 250U) << "10 s at 30 pictures a second, less what the inbox holds";
  EXPECT_LE(found.published - status.frames - status.frames_dropped, 2U) << "only what lay in the inbox at the end";
  EXPECT_EQ(camera.camera().free_slots(), StampingCamera::kSlots) << "no slot is lost";

  // What was read is what the camera had shown under that stamp, also for the pictures that waited 10 s in the inbox.
  const auto video = gate->of(Track::kVideo);
  Decoder decoder(gate->infos().at(0).video.extradata);
  for (const auto& packet : video) {
    const auto picture = decoder.decode(packet);
    ASSERT_NE(picture, nullptr);
    const auto sequence = static_cast<std::uint64_t>((packet.pts - at(0s)) / StampingCamera::kInterval);
    ASSERT_GT(luma_psnr_db(*picture, sequence), 35) << "picture " << sequence;
  }
}

}  // namespace
}  // namespace nestbox::test
