#include "capture_worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "hold_budget.h"
#include "nestbox/base/assert.h"
#include "nestbox/base/log.h"
#include "slate_source.h"

namespace nestbox::capture {
namespace {

using std::chrono::seconds;

constexpr seconds kRetryFirst{1}, kRetryMax{30};
constexpr seconds kRetryDeviceMax{4};  // for a camera that failed while it ran, or that another program has
constexpr seconds kLookAgain{2};       // for what is not there: looking is cheap
constexpr seconds kHealthy{60};        // a source that ran that long may fail once more without waiting long
constexpr seconds kStallMin{2};
constexpr int kStallFrames = 3;
constexpr seconds kNotesEvery{5};
constexpr auto kFarAhead = std::chrono::hours(1);  // condition variables overflow on "for ever"

bool same_painting(const CaptureSetup& one, const CaptureSetup& other) {
  return one.privacy == other.privacy && one.overlay == other.overlay && one.box_name == other.box_name &&
         one.time_zone.name() == other.time_zone.name();
}

bool same_source(const CaptureSetup& one, const CaptureSetup& other) {
  return one.camera.source == other.camera.source && one.slate == other.slate && one.slate_text == other.slate_text &&
         one.scene_truth == other.scene_truth;
}

}  // namespace

void RateMeter::count(BootTime now) noexcept {
  times_[counted_++ % kKept] = now;
}

double RateMeter::per_second(BootTime now) const noexcept {
  constexpr seconds kWindow{4};
  const auto kept = std::min(counted_, kKept);
  std::size_t used = 0;
  BootTime oldest = now, newest = BootTime::min();
  for (std::size_t i = 0; i < kept; ++i) {
    if (now - times_[i] > kWindow) continue;
    ++used;
    oldest = std::min(oldest, times_[i]);
    newest = std::max(newest, times_[i]);
  }
  return used < 2 || newest <= oldest ? 0 : static_cast<double>(used - 1) / to_seconds(newest - oldest);
}

CaptureWorker::CaptureWorker(std::string thread_name, CaptureSetup setup, std::vector<std::shared_ptr<FrameSink>> sinks,
                             SourceMaker maker)
    : name_(std::move(thread_name)), sinks_(std::move(sinks)), maker_(std::move(maker)), setup_(std::move(setup)) {
  status_.source = setup_.slate ? "slate" : setup_.camera.source;
  status_.width = setup_.camera.width;
  status_.height = setup_.camera.height;
}

CaptureWorker::~CaptureWorker() = default;

void CaptureWorker::start() {
  thread_ = NamedThread(name_, [this] { run(); });
}

void CaptureWorker::abandon() {
  if (!thread_.joinable()) return;
  thread_.abandon();
  abandoned_ = true;
}

void CaptureWorker::apply(CaptureSetup setup) {
  {
    Lock lock(mutex_);
    const bool announced = next_setup_.has_value();
    next_setup_ = std::move(setup);
    if (announced) return;
  }
  const bool taken = inbox_->queue.push(Message{});
  NESTBOX_ASSERT(taken || inbox_->queue.closed());
}

void CaptureWorker::set_lights(const SceneLights& lights) {
  Lock lock(mutex_);
  lights_ = lights;
}

CaptureStatus CaptureWorker::status() const {
  Lock lock(mutex_);
  auto status = status_;
  status.fps = rate_.per_second(BootClock::now());
  return status;
}

void CaptureWorker::run() {
  last_picture_at_ = wall_now();
  retry_at_ = BootClock::now();
  while (true) {
    auto message = inbox_->queue.pop_until(wake_time());
    if (inbox_->queue.closed()) break;
    const AtWork at_work(heartbeat_);
    for (; message; message = inbox_->queue.try_pop()) handle(*message);
    work(BootClock::now());
  }
  close_session();
}

void CaptureWorker::handle(const Message& message) {
  if (message.kind == Message::Kind::kSetupChanged) {
    change_setup();
  } else if (message.kind == Message::Kind::kSourceReady) {
    inbox_->ready.store(false, std::memory_order_release);  // before the poll that follows
  } else if (session_ && message.session == sessions_) {
    session_->source->give_back(message.slot);
  }
}

BootTime CaptureWorker::stall_time() const {
  return session_->alive_at + std::max<BootClock::duration>(kStallMin, kStallFrames * session_->format.frame_time);
}

BootTime CaptureWorker::wake_time() const {
  auto wake = retry_at_.value_or(BootTime::max());
  if (session_) {
    wake = std::min(wake, session_->waiting ? session_->waiting->due : session_->source->next_due());
    const bool may_stall = !session_->is_fallback && !session_->waiting && !session_->source->wants_slot();
    if (may_stall) wake = std::min(wake, stall_time());
  }
  return std::clamp(wake, BootTime{}, BootClock::now() + kFarAhead);
}

void CaptureWorker::work(BootTime now) {
  if (retry_at_ && now >= *retry_at_) {
    try_source(now);
    now = BootClock::now();
  }
  if (session_ && !session_->waiting) make_picture(now);
  if (session_ && session_->waiting && session_->waiting->due <= BootClock::now()) publish(BootClock::now());
  if (session_ && !session_->is_fallback) check_for_stall(BootClock::now());
}

void CaptureWorker::pass_lights() {
  std::optional<SceneLights> lights;
  {
    Lock lock(mutex_);
    lights = lights_;
  }
  if (lights) session_->source->set_lights(*lights);
}

void CaptureWorker::make_picture(BootTime now) {
  pass_lights();
  auto polled = session_->source->poll(now);
  if (!polled) {
    const auto state = polled.error().kind == ErrorKind::kTimeout ? CameraState::kStalled : CameraState::kAbsent;
    give_up_session(polled.error(), state, now);
    return;
  }
  if (!*polled) {
    if (session_->source->wants_slot()) session_->alive_at = now;
    return;
  }
  session_->alive_at = now;
  session_->waiting = **polled;
  const auto& filled = *session_->waiting;
  session_->stamper->stamp(filled, wall_now() + (filled.due - BootClock::now()));
  session_->source->painted(filled.slot);
  if (now - notes_refreshed_at_ > kNotesEvery && session_->source->notes_revision() != session_->notes_revision) {
    refresh_notes();
  }
}

void CaptureWorker::publish(BootTime now) {
  const auto filled = *std::exchange(session_->waiting, std::nullopt);
  session_->alive_at = now;
  if (!session_->stamp_shift) {
    // A file at a fast pace has run ahead of the clock: what comes after it goes on from there.
    const bool behind = filled.captured_at <= last_stamp_;
    session_->stamp_shift =
        behind ? last_stamp_ + session_->format.frame_time - filled.captured_at : BootClock::duration::zero();
  }
  Frame frame;
  frame.sequence = session_->sequence_base + filled.sequence;
  frame.captured_at = filled.captured_at + *session_->stamp_shift;
  frame.main = filled.main;
  frame.analysis = filled.analysis;
  frame.main_dmabuf_fd = filled.main_dmabuf_fd;
  frame.content = session_->format.content;
  frame.exposure = filled.exposure;
  frame.gain = filled.gain;
  frame.lux = filled.lux;
  frame.focus_measure = filled.focus_measure;
  frame.lens_position = filled.lens_position;
  last_stamp_ = frame.captured_at;
  next_sequence_ = frame.sequence + 1;
  const auto lost = filled.sequence - std::exchange(session_->next_source_sequence, filled.sequence + 1);
  if (!session_->is_fallback) {
    last_picture_at_ = wall_now();
    Lock lock(mutex_);
    ++status_.frames;
    status_.frames_lost += lost;
    rate_.count(now);
  }
  const auto lease = session_->ring->publish(filled.slot, frame);
  for (const auto& sink : sinks_) sink->offer(lease.share());
}

void CaptureWorker::check_for_stall(BootTime now) {
  if (session_->waiting || session_->source->wants_slot() || now < stall_time()) return;
  give_up_session({ErrorKind::kTimeout, fmt::format("{}: no picture for {:.1f} s", session_->source->name(),
                                                    to_seconds(now - session_->alive_at))},
                  CameraState::kStalled, now);
}

FrameSource::Wake CaptureWorker::make_wake(const std::shared_ptr<Inbox>& inbox) {
  return [inbox] {
    if (inbox->ready.exchange(true, std::memory_order_acq_rel)) return;
    const bool taken = inbox->queue.push(Message{Message::Kind::kSourceReady, 0, 0});
    NESTBOX_ASSERT(taken || inbox->queue.closed());
  };
}

std::shared_ptr<FrameRing> CaptureWorker::make_ring(const SourceFormat& format, const std::shared_ptr<Inbox>& inbox,
                                                    std::uint64_t session) {
  return FrameRing::create(format.slots, format.memory, [inbox, session](SlotIndex slot) {
    const auto is_past = [&] { return inbox->session.load(std::memory_order_acquire) != session; };
    if (is_past()) return;
    const bool taken = inbox->queue.push(Message{Message::Kind::kSlotReturned, session, slot});
    NESTBOX_ASSERT(taken || inbox->queue.closed() || is_past());
  });
}

Result<std::unique_ptr<PictureStamper>> CaptureWorker::make_stamper(const SourceFormat& format) const {
  return PictureStamper::create({setup_.privacy, setup_.overlay, setup_.box_name, setup_.time_zone}, format);
}

Result<void> CaptureWorker::open(std::unique_ptr<FrameSource> source, bool is_fallback) {
  source->set_wake(make_wake(inbox_));
  const auto format = source->start();
  if (!format) return tl::unexpected(format.error());
  const auto budget = check_hold_budget(format->slots);
  auto stamper = budget ? make_stamper(*format) : tl::unexpected(budget.error());
  if (!stamper) {
    source->stop();
    return tl::unexpected(stamper.error());
  }
  close_session();
  session_.emplace();
  session_->source = std::move(source);
  session_->format = *format;
  session_->stamper = std::move(*stamper);
  session_->is_fallback = is_fallback;
  session_->sequence_base = next_sequence_;
  session_->started_at = session_->alive_at = BootClock::now();
  ++sessions_;
  session_->ring = make_ring(*format, inbox_, sessions_);
  inbox_->session.store(sessions_, std::memory_order_release);
  return {};
}

bool CaptureWorker::close_session() {
  if (!session_) return false;
  inbox_->session.store(0, std::memory_order_release);
  session_->source->stop();
  const bool lost = session_->source->needs_fresh_start();
  session_.reset();
  if (lost) {
    Lock lock(mutex_);
    status_.needs_fresh_start = true;
  }
  return lost;
}

void CaptureWorker::try_source(BootTime now) {
  retry_at_.reset();
  auto source = maker_(setup_);
  const auto opened = source ? open(std::move(*source), false) : tl::unexpected(source.error());
  if (!opened) {
    const bool busy = opened.error().kind == ErrorKind::kBusy;
    source_failed(opened.error(), busy ? CameraState::kBusy : CameraState::kAbsent, false, now);
    return;
  }
  say(CameraState::kRunning, "");
  refresh_notes();
  NESTBOX_LOG_INFO(name_, "{} runs, {} x {}", session_->source->name(), session_->format.width,
                   session_->format.height);
}

void CaptureWorker::schedule_retry(ErrorKind kind, bool is_device, BootTime now) {
  if (kind == ErrorKind::kExhausted) return;  // it has ended
  if (kind == ErrorKind::kNotFound) {
    retry_at_ = now + kLookAgain;
    return;
  }
  retry_delay_ = std::min(retry_delay_, is_device || kind == ErrorKind::kBusy ? kRetryDeviceMax : kRetryMax);
  retry_at_ = now + retry_delay_;
  retry_delay_ = std::min(retry_delay_ * 2, kRetryMax);
}

void CaptureWorker::give_up_session(const Error& error, CameraState state, BootTime now) {
  if (now - session_->started_at > kHealthy) retry_delay_ = kRetryFirst;
  const bool is_rebuilt = error.kind != ErrorKind::kExhausted;
  const bool is_device = session_->source->is_device();
  const bool too_often = is_rebuilt && is_device && !rebuild_limit_.admits(now);
  const bool lost = close_session();
  if (is_rebuilt) {
    Lock lock(mutex_);
    ++status_.rebuilds;
    status_.needs_fresh_start = status_.needs_fresh_start || too_often;
  }
  // What is lost is not tried again: it has ended, as far as this process goes.
  source_failed(lost ? Error{ErrorKind::kExhausted, error.message} : error, state, is_device, now);
}

void CaptureWorker::source_failed(const Error& error, CameraState state, bool is_device, BootTime now) {
  const bool is_news = status().last_error != error.message;
  say(state, error.message);
  schedule_retry(error.kind, is_device, now);
  if (is_news) {
    NESTBOX_LOG_WARNING(
        name_, "no picture: {}{}", error.message,
        retry_at_ ? fmt::format("; trying again in {} s", std::chrono::ceil<seconds>(*retry_at_ - now).count()) : "");
  }
  if (!session_) show_slate();
}

void CaptureWorker::show_slate() {
  const auto since = setup_.time_zone.to_local(last_picture_at_);
  auto text = fmt::format("{}\nno picture since {:02}:{:02}", setup_.box_name, since.hour, since.minute);
  const auto opened = open(std::make_unique<SlateSource>(std::move(text), setup_.camera), true);
  if (!opened) NESTBOX_LOG_ERROR(name_, "no slate either: {}", opened.error().message);
}

void CaptureWorker::restart(BootTime now) {
  close_session();
  retry_delay_ = kRetryFirst;
  retry_at_ = now;
}

void CaptureWorker::change_setup() {
  std::optional<CaptureSetup> next;
  {
    Lock lock(mutex_);
    next = std::exchange(next_setup_, std::nullopt);
    status_.width = next->camera.width;
    status_.height = next->camera.height;
  }
  const auto old = std::exchange(setup_, std::move(*next));
  const auto now = BootClock::now();
  const bool other_camera = !(old.camera == setup_.camera);
  if (!session_ || !same_source(old, setup_) || (session_->is_fallback && other_camera)) return restart(now);
  if (other_camera && session_->source->adjust(setup_.camera) == Adjusted::kNeedsRestart) return restart(now);
  if (!same_painting(old, setup_)) {
    if (session_->is_fallback) return restart(now);  // the slate shows the name
    auto stamper = make_stamper(session_->format);
    if (!stamper) return give_up_session(stamper.error(), CameraState::kAbsent, now);
    session_->stamper = std::move(*stamper);
    if (session_->waiting) session_->stamper->black_out(*session_->waiting);
  }
  refresh_notes();
}

void CaptureWorker::say(CameraState state, const std::string& error) {
  const bool has_source = session_ && !session_->is_fallback;
  auto source = has_source ? session_->source->name() : setup_.camera.source;
  Lock lock(mutex_);
  status_.source = std::move(source);
  status_.state = state;
  status_.last_error = error;
  status_.lens = has_source ? session_->format.lens : std::nullopt;
  if (state != CameraState::kRunning) status_.notes.clear();
}

void CaptureWorker::refresh_notes() {
  if (!session_ || session_->is_fallback) return;
  auto notes = session_->source->notes();
  if (!session_->stamper->text_problem().empty()) {
    notes.push_back(fmt::format("overlay: no text on the picture: {}", session_->stamper->text_problem()));
  }
  session_->notes_revision = session_->source->notes_revision();
  notes_refreshed_at_ = BootClock::now();
  Lock lock(mutex_);
  status_.notes = std::move(notes);
}

}  // namespace nestbox::capture
