#include "encode/microphone.h"

#include <cmath>
#include <utility>

#include "encode/aac_encoder.h"
#include "nestbox/base/assert.h"
#include "nestbox/base/log.h"

namespace nestbox {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t kBlocksWaiting = 64;  // more than a second of 20 ms each
constexpr std::chrono::seconds kReopen{2}, kSleepAfter{3};
constexpr std::chrono::milliseconds kGap{50};  // between blocks: more than jitter of their stamps
constexpr int kFifoSamples = 2 * kAudioRateHz;
constexpr std::chrono::nanoseconds kFrameTime{1'000'000'000LL * kAudioFrameSamples / kAudioRateHz};
// The resampler spreads a correction over this many samples; far longer than the pause between two corrections.
constexpr int kStretchSamples = 10 * kAudioRateHz;

nanoseconds time_of(std::int64_t samples, int rate_hz) {
  return av::from_ticks(samples, {1, rate_hz});
}

std::int64_t samples_in(nanoseconds time) {
  return time.count() * kAudioRateHz / 1'000'000'000;
}

}  // namespace

MicrophoneThread::MicrophoneThread(std::string device, PcmOpener opener)
    : device_(std::move(device)), opener_(std::move(opener)), heard_(kBlocksWaiting) {
  thread_ = NamedThread("microphone", [this] { run(); });
}

MicrophoneThread::~MicrophoneThread() {
  {
    Lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

MicrophoneThread::Listened MicrophoneThread::listen() {
  Listened listened;
  if (auto captured = heard_.try_pop()) {
    listened.rate_hz = captured->rate_hz;
    listened.block = captured->block;
  }
  {
    Lock lock(mutex_);
    listened_at_ = BootClock::now();
    listened.error = error_;
  }
  changed_.notify_all();
  return listened;
}

void MicrophoneThread::run() {
  while (true) {
    sleep_until_wanted();
    {
      Lock lock(mutex_);
      if (stopping_) break;
    }
    if (!pcm_) {
      open();
    } else {
      capture();
    }
  }
  pcm_.reset();
}

bool MicrophoneThread::wanted() {
  Lock lock(mutex_);
  return stopping_ || (listened_at_ != BootTime{} && BootClock::now() - listened_at_ < kSleepAfter);
}

void MicrophoneThread::sleep_until_wanted() {
  if (wanted()) return;
  pcm_.reset();
  Lock lock(mutex_);
  error_.reset();
  const auto asleep_since = listened_at_;
  while (!stopping_ && listened_at_ == asleep_since) changed_.wait(mutex_);
}

void MicrophoneThread::open() {
  auto opened = opener_(device_);
  if (!opened) return fail_with(std::move(opened).error());
  pcm_ = std::move(*opened);
  Lock lock(mutex_);
  error_.reset();
}

void MicrophoneThread::capture() {
  Captured captured;
  if (auto read = pcm_->read(captured.block); !read) return fail_with(std::move(read).error());
  if (captured.block.frames == 0) return;
  captured.rate_hz = pcm_->rate_hz();
  // Nobody takes it for a second: the oldest is lost, and the stamps say so.
  [[maybe_unused]] const auto lost = heard_.offer(Captured(captured));
}

void MicrophoneThread::fail_with(Error error) {
  pcm_.reset();
  const auto again_at = BootClock::now() + kReopen;
  Lock lock(mutex_);
  error_ = std::move(error);
  for (auto left = again_at - BootClock::now(); !stopping_ && left > left.zero(); left = again_at - BootClock::now())
    changed_.wait_for(mutex_, left);
}

Microphone::Microphone(std::string device, PcmOpener opener)
    : device_(device), thread_(std::move(device), std::move(opener)) {
  fifo_.reset(av_audio_fifo_alloc(AV_SAMPLE_FMT_FLTP, kAudioChannels, kFifoSamples));
  NESTBOX_ASSERT(fifo_ != nullptr);
}

Result<Heard> Microphone::read(AVFrame& samples, BootTime stamp) {
  auto listened = thread_.listen();
  for (; listened.block; listened = thread_.listen()) {
    if (auto taken = take_in(*listened.block, listened.rate_hz); !taken)
      return tl::unexpected(std::move(taken).error());
  }
  if (listened.error) {
    empty();
    return tl::unexpected(std::move(*listened.error));
  }
  const auto wanted_at = stamp - kLag;
  if (std::chrono::abs(begins_at() - wanted_at) > kLeap) aligned_ = false;  // a pause of the pictures, a start
  if (!aligned_) align(wanted_at);
  if (!aligned_ || waiting() < kAudioFrameSamples) return Heard::kNothing;
  const auto ahead = begins_at() - wanted_at;
  follow_drift(ahead);
  if (const int writable = av_frame_make_writable(&samples); writable < 0)
    return av::av_fail(ErrorKind::kInternal, "no memory for sound", writable);
  av_audio_fifo_read(fifo_.get(), reinterpret_cast<void**>(samples.extended_data), kAudioFrameSamples);
  return Heard::kSound;
}

Result<void> Microphone::take_in(const PcmBlock& block, int rate_hz) {
  const bool gap = std::chrono::abs(block.begins_at - ends_at_) > kGap;
  if (gap) empty();
  if (!resampler_ || rate_hz != rate_hz_) {
    if (auto made = make_resampler(rate_hz); !made) return made;
  }
  ends_at_ = block.begins_at + time_of(block.frames, rate_hz);
  const int room = swr_get_out_samples(resampler_.get(), block.frames);
  av_frame_unref(resampled_.get());
  resampled_->format = AV_SAMPLE_FMT_FLTP;
  resampled_->nb_samples = std::max(room, 1);
  av_channel_layout_default(&resampled_->ch_layout, kAudioChannels);
  if (const int made = av_frame_get_buffer(resampled_.get(), 0); made < 0)
    return av::av_fail(ErrorKind::kInternal, "no memory for sound", made);
  const auto* input = reinterpret_cast<const std::uint8_t*>(block.samples.data());
  const int converted =
      swr_convert(resampler_.get(), resampled_->extended_data, resampled_->nb_samples, &input, block.frames);
  if (converted < 0) return av::av_fail(ErrorKind::kInternal, "cannot convert sound", converted);
  // Nobody took any for seconds: the newest counts.
  if (av_audio_fifo_space(fifo_.get()) < converted) av_audio_fifo_reset(fifo_.get());
  av_audio_fifo_write(fifo_.get(), reinterpret_cast<void**>(resampled_->extended_data), converted);
  return {};
}

Result<void> Microphone::make_resampler(int rate_hz) {
  AVChannelLayout stereo{};
  av_channel_layout_default(&stereo, kAudioChannels);
  SwrContext* made = nullptr;
  int done = swr_alloc_set_opts2(&made, &stereo, AV_SAMPLE_FMT_FLTP, kAudioRateHz, &stereo, AV_SAMPLE_FMT_FLT, rate_hz,
                                 0, nullptr);
  resampler_.reset(made);
  // Even where the rates are equal: it is to stretch.
  if (done >= 0) done = av_opt_set_int(made, "flags", SWR_FLAG_RESAMPLE, 0);
  if (done >= 0) done = swr_init(made);
  if (done < 0) {
    resampler_.reset();
    return av::av_fail(ErrorKind::kInternal, "cannot convert sound of this rate", done);
  }
  rate_hz_ = rate_hz;
  return {};
}

void Microphone::empty() {
  av_audio_fifo_reset(fifo_.get());
  resampler_.reset();
  aligned_ = false;
}

// What is too old goes; what is too new waits for its time.
void Microphone::align(BootTime wanted_at) {
  const auto stale = samples_in(wanted_at - begins_at());
  if (stale < 0 || waiting() == 0) return;
  av_audio_fifo_drain(fifo_.get(), static_cast<int>(std::min<std::int64_t>(stale, waiting())));
  aligned_ = waiting() > 0;
  drift_.leapt();
}

int Microphone::waiting() const {
  return av_audio_fifo_size(fifo_.get());
}

BootTime Microphone::begins_at() const {
  const auto inside = resampler_ ? swr_get_delay(resampler_.get(), kAudioRateHz) : 0;
  return ends_at_ - time_of(waiting() + inside, kAudioRateHz);
}

void Microphone::follow_drift(nanoseconds ahead) {
  const double stretch_ppm = drift_.update(ahead, kFrameTime);
  const auto more = static_cast<int>(std::lround(stretch_ppm * 1e-6 * kStretchSamples));
  if (swr_set_compensation(resampler_.get(), more, kStretchSamples) < 0)
    NESTBOX_LOG_WARNING("encode", "the sound cannot be stretched by {:.0f} ppm", stretch_ppm);
}

}  // namespace nestbox
