#include "encode/worker.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "nestbox/base/assert.h"
#include "nestbox/base/log.h"

namespace nestbox {
namespace {

constexpr std::chrono::seconds kRetryFirst{1}, kRetryMax{30};
// Stamps may go back for a picture or two when a source is exchanged; further back means that another time begins.
constexpr std::chrono::seconds kBackwardsMax{1};
// An encoder that is to be replaced may finish what it has; a camera at 30 pictures a second does not lose any by it.
constexpr std::chrono::milliseconds kFinishMax{50};
constexpr std::int64_t kPollMaxMs = 10'000;

std::int64_t clamped(std::int64_t wanted_bps, const EncoderOptions& options) {
  return std::clamp(wanted_bps, std::min(options.bitrate_min_bps, options.bitrate_bps), options.bitrate_bps);
}

}  // namespace

EncodeStage::Worker::Worker(std::string thread_name, Setup setup, std::shared_ptr<CodecDevices> devices)
    : thread_name_(std::move(thread_name)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      hub_([this] { keyframe_wanted_.store(true, std::memory_order_release); }),
      next_setup_(setup),
      setup_(std::move(setup)),
      choice_(std::move(devices)),
      keyframes_(setup_.encoder.keyframe_interval) {
  NESTBOX_ASSERT(wake_);
  codec_ = choice_.codec_name();
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
  wake();
  if (dropped && !stopping_.load(std::memory_order_acquire)) dropped_.fetch_add(1, std::memory_order_relaxed);
}

// The flag is raised before the thread looks into the inbox, and the inbox's lock lies between: either the thread finds
// the picture, or the flag is seen here.
void EncodeStage::Worker::wake() noexcept {
  if (waits_for_encoder_.load(std::memory_order_relaxed)) static_cast<void>(::eventfd_write(wake_.get(), 1));
}

void EncodeStage::Worker::apply(Setup setup) {
  Lock lock(mutex_);
  next_setup_ = std::move(setup);
  setup_changed_.store(true, std::memory_order_release);
}

void EncodeStage::Worker::request_stop() noexcept {
  stopping_.store(true, std::memory_order_release);
  inbox_.close();
  wake();
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
  status.state = has_failed_.load(std::memory_order_acquire) ? EncoderState::kFailed
                 : hub_.wanted()                             ? EncoderState::kRunning
                                                             : EncoderState::kSleeping;
  status.bitrate_bps = told_bps_.load(std::memory_order_relaxed);
  status.frames = encoded_.load(std::memory_order_relaxed);
  status.frames_dropped = dropped_.load(std::memory_order_relaxed);
  status.pictures_copied = copied_.load(std::memory_order_relaxed);
  status.hardware_reopened = reopened_.load(std::memory_order_relaxed);
  Lock lock(mutex_);
  status.codec = codec_;
  status.notes = notes_;
  status.last_error = last_error_;
  status.sound_trouble = sound_trouble_;
  return status;
}

void EncodeStage::Worker::run() {
  choice_.look_around(setup_.encoder);
  tell_choice();
  while (auto lease = next_picture()) {
    if (stopping_.load(std::memory_order_acquire)) break;
    const AtWork at_work(heartbeat_);
    process(std::move(*lease));
  }
  while (inbox_.try_pop()) continue;  // lets go of what still waits
  hub_.stop();
  encoder_.reset();
}

std::optional<FrameLease> EncodeStage::Worker::next_picture() {
  while (encoder_ && encoder_->busy()) {
    waits_for_encoder_.store(true, std::memory_order_relaxed);
    auto lease = encoder_->has_room() ? inbox_.try_pop() : std::nullopt;
    if (lease || inbox_.closed()) {
      waits_for_encoder_.store(false, std::memory_order_relaxed);
      return lease;
    }
    wait_for_encoder(wake_.get());
    waits_for_encoder_.store(false, std::memory_order_relaxed);
  }
  return inbox_.pop();
}

void EncodeStage::Worker::wait_for_encoder(int wake_fd) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(encoder_->patience_ends() - BootClock::now());
  const int timeout_ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, kPollMaxMs));
  std::array<pollfd, 2> waited{{{encoder_->descriptor(), POLLIN | POLLOUT, 0}, {wake_fd, POLLIN, 0}}};
  const int changed = ::poll(waited.data(), waited.size(), timeout_ms);
  const AtWork at_work(heartbeat_);
  eventfd_t count = 0;
  if (waited[1].revents != 0) static_cast<void>(::eventfd_read(wake_fd, &count));
  const bool anything = collect();
  const bool broken = changed > 0 && (waited[0].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
  if (broken && !anything && encoder_) {
    failed({ErrorKind::kUnavailable, fmt::format("{}: its driver reports an error", encoder_->codec_name())});
  }
}

void EncodeStage::Worker::process(FrameLease lease) {
  if (!hub_.wanted()) {
    slept_.store(true, std::memory_order_release);
    return;
  }
  take_setup();
  const BootTime stamp = lease->captured_at;
  if (!stamp_is_usable(stamp) || !ready(*lease)) return;
  if (auto adapted = adapt_bitrate(); !adapted) return failed(adapted.error());
  const PictureKind kind = choose_kind(stamp);
  const auto copied_before = encoder_->pictures_copied();
  if (auto sent = encoder_->encode(std::move(lease), kind); !sent) return failed(sent.error());
  copied_.fetch_add(encoder_->pictures_copied() - copied_before, std::memory_order_relaxed);
  if (kind == PictureKind::kKeyframe) keyframes_.made(stamp, encoder_->frame_interval());
  last_stamp_ = stamp;
  collect();
}

bool EncodeStage::Worker::collect() {
  bool anything = false;
  while (encoder_) {
    const auto packet = encoder_->take(BootClock::now());
    if (!packet) {
      failed(packet.error());
      return true;
    }
    if (!*packet) break;
    deliver(**packet);
    anything = true;
  }
  return anything;
}

void EncodeStage::Worker::deliver(const Packet& packet) {
  if (packet.keyframe) keyframes_.made(packet.pts, packet.duration);  // drivers make some of their own accord
  if (packet.keyframe || announce_is_due_) announce();
  encoded_.fetch_add(1, std::memory_order_relaxed);
  if (has_failed_.load(std::memory_order_relaxed)) recovered();
  if (audio_) {
    audio_->follow(packet.pts, packet.duration, packet.content, hub_);
    note_sound();
  }
  hub_.push(packet);
}

void EncodeStage::Worker::finish_pictures() {
  const BootTime deadline = BootClock::now() + kFinishMax;
  while (encoder_ && encoder_->busy() && BootClock::now() < deadline) {
    pollfd waited{encoder_->descriptor(), POLLIN | POLLOUT, 0};
    ::poll(&waited, 1, static_cast<int>(kFinishMax.count()) / 10);
    collect();
  }
  encoder_.reset();
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
  if (new_encoder) {
    finish_pictures();
    choice_.forget_failures();
  }
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

bool EncodeStage::Worker::ready(const Frame& frame) {
  if (encoder_ && audio_is_current_ && encoder_->fits(frame)) return true;
  if (BootClock::now() < retry_at_) return false;
  if (auto built = build(frame); !built) {
    failed(built.error());
    return false;
  }
  return true;
}

Result<void> EncodeStage::Worker::build(const Frame& frame) {
  if (!audio_is_current_) {
    auto audio = AudioTrack::create(setup_.audio);
    if (!audio) return tl::unexpected(std::move(audio).error());
    audio_ = std::move(*audio);
    if (audio_) note_sound();
    audio_is_current_ = true;
  }
  if (!encoder_ || !encoder_->fits(frame)) {
    finish_pictures();  // first, so that memory never holds two
    auto encoder = choice_.make(setup_.encoder, setup_.framerate, frame);
    tell_choice();
    if (!encoder) return tl::unexpected(std::move(encoder).error());
    encoder_ = std::move(*encoder);
  }
  keyframes_.restart();
  announce_is_due_ = true;
  return {};
}

void EncodeStage::Worker::tell_choice() {
  reopened_.store(choice_.reopened(), std::memory_order_relaxed);
  Lock lock(mutex_);
  codec_ = choice_.codec_name();
  notes_ = choice_.notes();
}

void EncodeStage::Worker::announce() {
  announce_is_due_ = false;
  StreamInfo info{encoder_->info(), std::nullopt};
  if (audio_) info.audio = audio_->info();
  if (announced_ == info) return;
  hub_.stop();
  if (audio_) audio_->restart();
  hub_.start(info);
  announced_ = std::move(info);
}

Result<void> EncodeStage::Worker::adapt_bitrate() {
  const auto bitrate_bps = clamped(wanted_bps_.load(std::memory_order_relaxed), setup_.encoder);
  told_bps_.store(bitrate_bps, std::memory_order_relaxed);
  return encoder_->set_bitrate(bitrate_bps);
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
  if (encoder_) choice_.failed(error, BootClock::now());
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
