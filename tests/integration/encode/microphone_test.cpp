/// The microphone beside the pictures: with a device in our hands for drift and faults, and through the real ALSA.
#include "encode/microphone.h"

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <thread>

#include "encode/aac_encoder.h"
#include "encode/alsa_pcm.h"
#include "support.h"
#include "support/rtmp_process.h"
#include "support/temporary_folder.h"

#ifdef NESTBOX_SANITIZED
// The sound server's library is not built with the sanitizer, which cannot see what its threads agree on.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:libpulse\nrace:libasound\n";
}
#endif

namespace nestbox::test {
namespace {

BootTime at_second(double seconds) {
  return BootTime{} + std::chrono::hours(1) + nanoseconds(std::llround(seconds * 1e9));
}

/// A sound whose every sample tells when it was captured: it rises from -1 to 1 in a second.
float told_at(double seconds) {
  return static_cast<float>(2 * (seconds - std::floor(seconds)) - 1);
}

/// A crystal that is off, blocks that come when the test lets them, stamps that jitter, a plug to pull.
class TestBench {
 public:
  static constexpr int kBlock = 882;  // 20 ms of what it believes to be 44.1 kHz

  explicit TestBench(double drift_ppm) : block_s_(kBlock / 44100.0 * (1 + drift_ppm * 1e-6)) {}

  PcmOpener opener() {
    return [this](const std::string&) -> Result<std::unique_ptr<PcmDevice>> {
      const std::lock_guard lock(mutex_);
      if (unplugged_) return fail(ErrorKind::kNotFound, "alsa:test: cannot be opened: No such device");
      ++opened_;
      return std::unique_ptr<PcmDevice>(new Device(*this));
    };
  }
  /// Sound captured until then has been read by the microphone's thread when this returns.
  void capture_until(double seconds) {
    std::unique_lock lock(mutex_);
    until_s_ = seconds;
    changed_.notify_all();
    changed_.wait_for(lock, kPatience, [this] { return idle_ && next_s_ + block_s_ > until_s_; });
  }
  void set_unplugged(bool unplugged) {
    const std::lock_guard lock(mutex_);
    unplugged_ = unplugged;
    changed_.notify_all();
  }
  /// What was captured before is lost, as when a device is plugged in again.
  void begin_at(double seconds) {
    const std::lock_guard lock(mutex_);
    next_s_ = seconds;
  }
  int opened() {
    const std::lock_guard lock(mutex_);
    return opened_;
  }

 private:
  class Device : public PcmDevice {
   public:
    explicit Device(TestBench& bench) : bench_(bench) {}
    int rate_hz() const override { return 44100; }
    Result<void> read(PcmBlock& block) override { return bench_.read(block); }

   private:
    TestBench& bench_;
  };

  Result<void> read(PcmBlock& block) {
    std::unique_lock lock(mutex_);
    idle_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, 100ms, [this] { return unplugged_ || next_s_ + block_s_ <= until_s_; });
    if (unplugged_) return fail(ErrorKind::kNotFound, "alsa:test: is gone: No such device");
    if (next_s_ + block_s_ > until_s_) return {};
    idle_ = false;
    block.frames = kBlock;
    for (std::size_t i = 0; i < kBlock; ++i)
      block.samples[2 * i] = block.samples[2 * i + 1] = told_at(next_s_ + block_s_ * static_cast<double>(i) / kBlock);
    block.begins_at = at_second(next_s_) + std::chrono::microseconds(random_() % 4000) - 2ms;
    next_s_ += block_s_;
    return {};
  }

  const double block_s_;
  std::mutex mutex_;
  std::condition_variable changed_;
  double next_s_ = 0, until_s_ = 0;
  bool idle_ = false, unplugged_ = false;
  int opened_ = 0;
  std::minstd_rand random_{3};
};

/// How late the sound of a frame is that the stream stamps `seconds`; nothing where the ramp falls: the resampler
/// rings.
std::optional<double> lag_of(const AVFrame& samples, double seconds) {
  const auto* values = reinterpret_cast<const float*>(samples.extended_data[0]);
  if (!std::is_sorted(values, values + samples.nb_samples)) return std::nullopt;
  const double told = (static_cast<double>(values[0]) + 1) / 2;
  const double lag = seconds - told;
  return lag - std::floor(lag);
}

TEST(Microphone, StaysBesideThePicturesWhateverItsCrystal) {
  for (const double drift_ppm : {-300.0, 250.0}) {
    TestBench bench(drift_ppm);
    Microphone microphone("test", bench.opener());
    auto samples = make_audio_frame();
    ASSERT_TRUE(microphone.read(*samples, at_second(0)).has_value()) << "wakes the thread";
    int heard = 0, missing_later = 0;
    double worst_s = 0;
    const int kFrames = static_cast<int>(10 * 60 * 44100 / 1024 / kSlowdown);
    for (int n = 1; n < kFrames; ++n) {
      const double now_s = n * to_seconds(kAacFrame);
      bench.capture_until(now_s + 0.02);
      const auto got = microphone.read(*samples, at_second(now_s));
      ASSERT_TRUE(got.has_value()) << got.error().message;
      if (*got == Heard::kSound) {
        ++heard;
      } else if (n > 100) {
        ++missing_later;
      }
      if (n < 100 || *got != Heard::kSound) continue;
      if (const auto lag_s = lag_of(*samples, now_s))
        worst_s = std::max(worst_s, std::abs(*lag_s - to_seconds(Microphone::kLag)));
    }
    EXPECT_EQ(missing_later, 0) << drift_ppm;
    EXPECT_GT(heard, kFrames - 100);
    EXPECT_LT(worst_s, 0.012) << drift_ppm;
  }
}

TEST(Microphone, PulledAndPutBackIsSilenceAndThenSoundInItsPlace) {
  TestBench bench(0);
  Microphone microphone("test", bench.opener());
  auto samples = make_audio_frame();
  double now_s = 0;
  const auto step = [&] {
    now_s += to_seconds(kAacFrame);
    return microphone.read(*samples, at_second(now_s));
  };
  const auto hears = [&] {
    bench.capture_until(now_s + 0.05);
    const auto got = step();
    return got && *got == Heard::kSound;
  };
  ASSERT_TRUE(microphone.read(*samples, at_second(0)).has_value());
  ASSERT_TRUE(seconds_until(hears));
  bench.set_unplugged(true);
  ASSERT_TRUE(seconds_until([&] { return !step().has_value(); }));
  EXPECT_THAT(microphone.read(*samples, at_second(now_s)).error().message, testing::HasSubstr("No such device"));
  now_s += 60;
  bench.begin_at(now_s);
  bench.set_unplugged(false);
  ASSERT_TRUE(seconds_until([&] {
    const auto got = microphone.read(*samples, at_second(now_s));
    return got.has_value() && bench.opened() == 2;
  }));
  int tries = 0;
  while (!hears()) ASSERT_LT(++tries, 100);
  std::optional<double> lag_s;
  for (; !lag_s; ++tries) {
    ASSERT_LT(tries, 200);
    if (hears()) lag_s = lag_of(*samples, now_s);
  }
  EXPECT_NEAR(*lag_s, to_seconds(Microphone::kLag), 0.07);
}

TEST(Microphone, IsOpenOnlyWhileSomebodyListens) {
  TestBench bench(0);
  Microphone microphone("test", bench.opener());
  EXPECT_EQ(bench.opened(), 0);
  auto samples = make_audio_frame();
  ASSERT_TRUE(microphone.read(*samples, at_second(0)).has_value());
  ASSERT_TRUE(seconds_until([&] { return bench.opened() == 1; }));
  std::this_thread::sleep_for(3500ms);  // nobody listens for longer than it stays open
  ASSERT_TRUE(microphone.read(*samples, at_second(4)).has_value());
  EXPECT_TRUE(seconds_until([&] { return bench.opened() == 2; }));
}

/// A sound server of our own with a card that plays into its microphone: ALSA's own path, without a kernel driver.
class SoundServer {
 public:
  SoundServer() {
    setenv("PULSE_SERVER", ("unix:" + socket()).c_str(), 1);
    setenv("HOME", folder_.path().c_str(), 1);
    start();
  }
  std::string socket() const { return (folder_.path() / "native").string(); }
  void start() {
    std::filesystem::remove(socket());
    const std::string sink = "module-null-sink sink_name=box rate=48000 channels=1";
    const std::string door = "module-native-protocol-unix auth-anonymous=1 socket=" + socket();
    server_ = std::make_unique<ChildProcess>(
        std::vector<std::string>{"pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1",
                                 "--disallow-exit", "-L", sink, "-L", door},
        (folder_.path() / "log").string());
    ASSERT_TRUE(seconds_until([this] { return std::filesystem::exists(socket()); })) << "pulseaudio does not start";
    player_ = std::make_unique<ChildProcess>(
        std::vector<std::string>{"sh", "-c",
                                 "ffmpeg -v error -f lavfi -i sine=440:r=48000 -f s16le -ac 1 - | exec pacat --raw "
                                 "--rate=48000 --channels=1 --format=s16le --device=box"},
        "/dev/null");
  }
  void kill() {
    player_.reset();
    server_.reset();
  }

 private:
  const TemporaryFolder folder_;
  std::unique_ptr<ChildProcess> server_, player_;
};

double loudness(const AVFrame& samples) {
  double squares = 0;
  for (int i = 0; i < samples.nb_samples; ++i) {
    const double sample = reinterpret_cast<const float*>(samples.extended_data[0])[i];
    squares += sample * sample;
  }
  return std::sqrt(squares / samples.nb_samples);
}

TEST(Microphone, ThroughRealAlsaIsHeardLostAndHeardAgain) {
  if (!run({"pulseaudio", "--version"}) || !run({"pacat", "--version"}))
    GTEST_SKIP() << "pulseaudio or pacat is missing; scripts/setup installs them";
  SoundServer server;
  Microphone microphone("pulse", open_alsa);
  auto samples = make_audio_frame();
  BootTime stamp = BootClock::now();
  const auto step = [&]() -> Result<Heard> {
    const auto wait = stamp - BootClock::now();
    if (wait > 0ns) std::this_thread::sleep_for(wait);
    stamp += kAacFrame;
    return microphone.read(*samples, stamp);
  };
  const auto hears_tone = [&] {
    const auto got = step();
    return got && *got == Heard::kSound && loudness(*samples) > 0.05;
  };
  ASSERT_TRUE(seconds_until(hears_tone));
  int heard = 0;
  for (int n = 0; n < 100; ++n) heard += hears_tone() ? 1 : 0;
  EXPECT_GT(heard, 50) << "of 100; all of them on an idle machine";
  server.kill();
  ASSERT_TRUE(seconds_until([&] { return !step().has_value(); }));
  const auto gone = microphone.read(*samples, stamp);
  ASSERT_FALSE(gone.has_value());
  EXPECT_THAT(gone.error().message, testing::HasSubstr("alsa:pulse"));
  server.start();
  stamp = BootClock::now();
  EXPECT_TRUE(seconds_until(hears_tone));
}

TEST(Microphone, ADeviceThatDoesNotExistIsSaidWithWhatWouldShowIt) {
  const auto opened = open_alsa("hw:CARD=nobody");
  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(opened.error().message,
              testing::AllOf(testing::HasSubstr("alsa:hw:CARD=nobody"), testing::HasSubstr("arecord -L")));
}

}  // namespace
}  // namespace nestbox::test
