#include "encode/worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "nestbox/base/assert.h"
#include "nestbox/base/log.h"

namespace nestbox {
namespace {

constexpr std::chrono::seconds kRetryFirst{1}, kRetryMax{30};
// Stamps may go back for a picture or two when a source is exchanged; further back means that another time begins.
constexpr std::chrono::seconds kBackwardsMax{1};

std::int64_t clamped(std::int64_t wanted_bps, const EncoderOptions& options) {
  return std::clamp(wanted_bps, std::min(options.bitrate_min_bps, options.bitrate_bps), options.bitrate_bps);
}

}  // namespace

EncodeStage::Worker::Worker(std::string thread_name, Setup setup, PcmOpener open_microphone)
    : thread_name_(std::move(thread_name)),
      open_microphone_(std::move(open_microphone)),
      hub_([this] { keyframe_wanted_.store(true, std::memory_order_release); }),
      next_setup_(setup),
      setup_(std::move(setup)),
      keyframes_(setup_.encoder.keyframe_interval) {
  told_bps_.store(clamped(wanted_bps_.load(), setup_.encoder));
}

void EncodeStage::Worker::start() {
  NESTBOX_ASSERT(!thread_.joinable());
  thread_ = NamedThread(thread_name_, [this] { run(); });
}

void EncodeStage::Worker::offer(FrameLease frame) noexcept {
  if (!hub_.wanted()) {  // the lease dies here; the thread sleeps on
    slept_.store(true, std::memory_order_release);
    return;
  }
  const auto dropped = inbox_.offer(std::move(frame));
  if (dropped && !stopping_.load(std::memory_order_acquire)) dropped_.fetch_add(1, std::memory_order_relaxed);
}

void EncodeStage::Worker::apply(Setup setup) {
  Lock lock(mutex_);
  next_setup_ = std::move(setup);
  setup_changed_.store(true, std::memory_order_release);
}

void EncodeStage::Worker::request_stop() noexcept {
  stopping_.store(true, std::memory_order_release);
  inbox_.close();
}

void EncodeStage::Worker::join() {
  if (thread_.joinable()) thread_.join();
}

bool EncodeStage::Worker::join_until(BootTime deadline) {
  return !thread_.joinable() || thread_.join_until(deadline);
}

void EncodeStage::Worker::abandon() {
  if (!thread_.joinable()) return;
  thread_.abandon();
  abandoned_ = true;
}

EncodeStatus EncodeStage::Worker::status() const {
  EncodeStatus status;
  status.codec = "libx264";
  status.state = has_failed_.load(std::memory_order_acquire) ? EncoderState::kFailed
                 : hub_.wanted()                             ? EncoderState::kRunning
                                                             : EncoderState::kSleeping;
  status.bitrate_bps = told_bps_.load(std::memory_order_relaxed);
  status.frames = encoded_.load(std::memory_order_relaxed);
  status.frames_dropped = dropped_.load(std::memory_order_relaxed);
  Lock lock(mutex_);
  status.last_error = last_error_;
  status.sound_trouble = sound_trouble_;
  return status;
}

void EncodeStage::Worker::run() {
  while (auto lease = inbox_.pop()) {
    if (stopping_.load(std::memory_order_acquire)) continue;  // lets go of what still waits
    const AtWork at_work(heartbeat_);
    process(std::move(*lease));
  }
  hub_.stop();
  encoder_.reset();
}

void EncodeStage::Worker::process(FrameLease lease) {
  if (!hub_.wanted()) {
    slept_.store(true, std::memory_order_release);
    return;
  }
  take_setup();
  const BootTime stamp = lease->captured_at;
  if (!stamp_is_usable(stamp) || !ready(lease->main)) return;
  adapt_bitrate();
  const PictureKind kind = choose_kind(stamp);
  const auto packet = encoder_->encode(std::move(lease), kind);
  if (!packet) return failed(packet.error());
  if (packet->keyframe) keyframes_.made(stamp, packet->duration);
  last_stamp_ = stamp;
  encoded_.fetch_add(1, std::memory_order_relaxed);
  if (has_failed_.load(std::memory_order_relaxed)) recovered();
  if (audio_) {
    audio_->follow(stamp, packet->duration, packet->content, hub_);
    note_sound();
  }
  hub_.push(*packet);
}

void EncodeStage::Worker::take_setup() {
  if (!setup_changed_.exchange(false, std::memory_order_acq_rel)) return;
  const Setup before = setup_;
  {
    Lock lock(mutex_);
    setup_ = next_setup_;
  }
  if (setup_ == before) return;
  retry_at_ = BootTime{};  // the owner may have mended what failed
  // Bit rates and the keyframe interval change while the encoder runs; the rest is laid down when it is opened.
  const EncoderOptions &old_options = before.encoder, &options = setup_.encoder;
  const bool new_encoder = options.codec != old_options.codec || options.preset != old_options.preset ||
                           setup_.framerate != before.framerate;
  if (new_encoder) encoder_.reset();
  if (setup_.audio != before.audio) audio_is_current_ = false;
  keyframes_.set_interval(options.keyframe_interval);
}

bool EncodeStage::Worker::stamp_is_usable(BootTime stamp) {
  if (!last_stamp_ || stamp > *last_stamp_) return true;
  if (*last_stamp_ - stamp < kBackwardsMax) {
    NESTBOX_LOG_DEBUG("encode", "a picture is older than the one before it by {:.3f} s: left out",
                      to_seconds(*last_stamp_ - stamp));
    return false;
  }
  NESTBOX_LOG_WARNING("encode", "pictures went back in time by {:.1f} s: a new stream begins",
                      to_seconds(*last_stamp_ - stamp));
  encoder_.reset();
  announced_.reset();
  return true;
}

bool EncodeStage::Worker::ready(const ImageView& shape) {
  if (encoder_ && audio_is_current_ && encoder_->fits(shape)) return true;
  if (BootClock::now() < retry_at_) return false;
  if (auto built = build(shape); !built) {
    failed(built.error());
    return false;
  }
  return true;
}

Result<void> EncodeStage::Worker::build(const ImageView& shape) {
  if (!audio_is_current_) {
    auto audio = AudioTrack::create(setup_.audio, open_microphone_);
    if (!audio) return tl::unexpected(std::move(audio).error());
    audio_ = std::move(*audio);
    if (audio_) note_sound();
    audio_is_current_ = true;
  }
  if (!encoder_ || !encoder_->fits(shape)) {
    encoder_.reset();  // first, so that memory never holds two
    auto encoder = VideoEncoder::create(setup_.encoder, setup_.framerate, shape);
    if (!encoder) return tl::unexpected(std::move(encoder).error());
    encoder_ = std::move(*encoder);
    keyframes_.restart();
  }
  announce();
  return {};
}

void EncodeStage::Worker::announce() {
  StreamInfo info{encoder_->info(), std::nullopt};
  if (audio_) info.audio = audio_->info();
  if (announced_ == info) return;
  hub_.stop();
  if (audio_) audio_->restart();
  keyframes_.restart();
  hub_.start(info);
  announced_ = std::move(info);
}

void EncodeStage::Worker::adapt_bitrate() {
  const auto bitrate_bps = clamped(wanted_bps_.load(std::memory_order_relaxed), setup_.encoder);
  encoder_->set_bitrate(bitrate_bps);
  told_bps_.store(bitrate_bps, std::memory_order_relaxed);
}

PictureKind EncodeStage::Worker::choose_kind(BootTime stamp) {
  const bool woke_up = slept_.exchange(false, std::memory_order_acq_rel);
  const bool granted = keyframe_wanted_.load(std::memory_order_acquire) && keyframes_.may_force(stamp);
  if (!woke_up && !granted && !keyframes_.due(stamp, encoder_->frame_interval())) return PictureKind::kAny;
  keyframe_wanted_.store(false, std::memory_order_release);  // whoever asks from here on gets another one
  return PictureKind::kKeyframe;
}

void EncodeStage::Worker::note_sound() {
  Lock lock(mutex_);
  if (sound_trouble_ != audio_->trouble()) sound_trouble_ = audio_->trouble();
}

void EncodeStage::Worker::failed(const Error& error) {
  encoder_.reset();
  retry_after_ = std::clamp(retry_after_ * 2, kRetryFirst, kRetryMax);
  retry_at_ = BootClock::now() + retry_after_;
  has_failed_.store(true, std::memory_order_release);
  bool is_news = false;
  {
    Lock lock(mutex_);
    is_news = std::exchange(last_error_, error.message) != error.message;
  }
  if (is_news) NESTBOX_LOG_ERROR("encode", "no stream: {}; trying again", error.message);
}

void EncodeStage::Worker::recovered() {
  retry_after_ = std::chrono::seconds(0);
  has_failed_.store(false, std::memory_order_release);
  {
    Lock lock(mutex_);
    last_error_.clear();
  }
  NESTBOX_LOG_INFO("encode", "the encoder works again");
}

}  // namespace nestbox
