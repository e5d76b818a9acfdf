#include "worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "nestbox/av/av_log.h"
#include "nestbox/base/log.h"

namespace nestbox::publish {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// Without any progress. A frozen server's kernel goes on taking data for about 2 s: noticed within 10 s all the same.
constexpr seconds kWriteDeadline(6);
constexpr milliseconds kWindUp(400);       // for a write in progress and the trailer, when we are to stop
constexpr milliseconds kRoomInterval(10);  // how often the kernel is asked, while it is full
constexpr seconds kIdleInterval(1);
constexpr seconds kKeyframeInterval(2);  // an output that drops all the time must not make the others pay for keyframes
constexpr milliseconds kCongestedLag(200);
constexpr seconds kCongestedAfterDrop(1);
constexpr std::chrono::minutes kComplainAgain(10);

}  // namespace

Worker::Worker(OutputOptions options, Target target, Output::KeyframeWanted keyframe_wanted)
    : options_(std::move(options)),
      target_(std::move(target)),
      keyframe_wanted_(std::move(keyframe_wanted)),
      log_part_("publish " + options_.name),
      random_(std::random_device{}()) {}

void Worker::set_on_air(Air air) {
  Lock lock(mutex_);
  if (stopping_ || on_air_ == (air == Air::kOn)) return;
  on_air_ = !on_air_;
  give_up_connecting_ = !on_air_;
  if (on_air_) {
    guard_.clear();
  } else {
    guard_.wind_up(BootClock::now() + kWindUp);
  }
  changed_.notify_all();
}

void Worker::retry_now() {
  Lock lock(mutex_);
  retry_now_ = next_try_at_.has_value();
  changed_.notify_all();
}

Result<void> Worker::open(const StreamInfo& info) {
  if (info.video.extradata.empty()) {
    return fail(ErrorKind::kInvalidArgument, "output " + options_.name + ": the stream has no H.264 headers");
  }
  auto copy = std::make_shared<const StreamInfo>(info);
  Lock lock(mutex_);
  info_ = std::move(copy);
  changed_.notify_all();
  return {};
}

void Worker::push(const Packet& packet) noexcept {
  const auto now = BootClock::now();
  {
    Lock lock(mutex_);
    const auto dropped = queue_.dropped();
    queue_.push({packet, now, info_});
    if (queue_.dropped() != dropped) dropped_at_ = now;
  }
  changed_.notify_all();
}

void Worker::request_stop() noexcept {
  guard_.wind_up(BootClock::now() + kWindUp);
  give_up_connecting_ = true;
  {
    Lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  resolver_.cancel();  // last: whoever wakes from it must see that we stop, or libavformat would look the name up again
}

OutputStatus Worker::status() {
  const auto now = BootClock::now();
  const auto view = delivery_.view(now);
  OutputStatus status;
  status.name = options_.name;
  status.bytes = view.bytes;
  Lock lock(mutex_);
  const bool newly_live = view.content.has_value() && !announced_;  // the thread has not noticed yet
  const auto sessions = sessions_ + (newly_live ? 1 : 0);
  status.reconnects = sessions > 0 ? sessions - 1 : 0;
  status.packets_dropped = queue_.dropped();
  status.last_error = last_error_;
  status.fault = newly_live ? PublishFault::kNone : fault_;
  if (!on_air_ || stopping_) return status;
  if (next_try_at_) {
    status.state = OutputState::kBackoff;
    status.retry_in_s = std::max(0.0, to_seconds(*next_try_at_ - now));
    return status;
  }
  if (!view.content) {
    status.state = OutputState::kConnecting;
    return status;
  }
  status.state = *view.content == Content::kSlate ? OutputState::kSlate : OutputState::kLive;
  auto oldest = view.oldest;
  if (!oldest && queue_.oldest() != nullptr) oldest = queue_.oldest()->arrived_at;
  if (oldest) status.lag_s = std::max(0.0, to_seconds(now - *oldest));
  status.throughput_bps = view.throughput_bps;
  status.retransmitted = view.retransmitted;
  status.congested = status.lag_s > to_seconds(kCongestedLag) || queue_.skipping() ||
                     (dropped_at_ && now - *dropped_at_ < kCongestedAfterDrop);
  return status;
}

void Worker::run() {
  while (wait_until_wanted()) {
    const Ending ending = serve();
    if (ending.kind == Ending::Kind::kFailed) wait_before_retry(ending);
  }
  old_connection_.reset();
}

bool Worker::wait_until_wanted() {
  Lock lock(mutex_);
  while (!stopping_ && (!on_air_ || !info_)) changed_.wait(mutex_);
  return !stopping_;
}

bool Worker::withdrawn() {
  Lock lock(mutex_);
  return stopping_ || !on_air_;
}

Worker::Ending Worker::serve() {
  Ending ending;
  auto session = connect(ending);
  return session ? send(std::move(session)) : ending;
}

void Worker::wait_before_retry(const Ending& ending) {
  const auto now = BootClock::now();
  const double chance = std::generate_canonical<double, 32>(random_);
  const auto wait = backoff_.after(ending.failure.setback, ending.media_for, now, chance);
  complain(ending.failure, wait);
  Lock lock(mutex_);
  fault_ = ending.failure.fault;
  last_error_ = ending.failure.text;
  retry_now_ = false;
  next_try_at_ = now + wait;
  while (!stopping_ && on_air_ && !retry_now_) {
    const auto left = *next_try_at_ - BootClock::now();
    if (left <= left.zero()) break;
    changed_.wait_for(mutex_, left);
  }
  next_try_at_.reset();
  if (retry_now_) backoff_.ease();
}

void Worker::complain(const Failure& failure, nanoseconds retry_in) {
  const auto now = BootClock::now();
  if (failure.text == complained_ && now - complained_at_ < kComplainAgain) return;
  complained_ = failure.text;
  complained_at_ = now;
  log::write(log::Level::kWarning, log_part_,
             fmt::format("{}; next try in {:.1f} s", failure.text, to_seconds(retry_in)));
}

Worker::Ending Worker::send(std::unique_ptr<Session> session) {
  session_began_at_ = BootClock::now();
  {
    Lock lock(mutex_);
    queue_.open();
    announced_ = false;
  }
  keyframe_asked_at_ = session_began_at_;
  keyframe_wanted_();
  for (;;) {
    const auto now = BootClock::now();
    if (withdrawn()) return finish(std::move(session), Ending::Kind::kWithdrawn);
    if (!delivery_.has_room(now)) {
      if (delivery_.view(now).stuck_for > kWriteDeadline) return lose(std::move(session), 0);
      wait_for_packets(kRoomInterval);
      continue;
    }
    announce_first_media(now);
    const auto item = next_packet(now);
    if (!item) {
      ask_for_keyframe(now);
      if (delivery_.view(now).stuck_for > kWriteDeadline) return lose(std::move(session), 0);
      wait_for_packets(kIdleInterval);
      continue;
    }
    Step step = Step::kGoOn;
    const int code = transmit(*session, *item, step);
    if (step == Step::kRenew) return finish(std::move(session), Ending::Kind::kRenewed);
    if (code < 0) return lose(std::move(session), code);
  }
}

std::optional<QueuedPacket> Worker::next_packet(BootTime now) {
  Lock lock(mutex_);
  const auto dropped = queue_.dropped();
  auto item = queue_.take(now);
  if (queue_.dropped() != dropped) dropped_at_ = now;
  return item;
}

void Worker::wait_for_packets(nanoseconds timeout) {
  Lock lock(mutex_);
  const bool full = timeout == kRoomInterval;  // then what is in the queue is no reason to wake
  if (stopping_ || !on_air_ || (!full && !queue_.empty())) return;
  changed_.wait_for(mutex_, timeout);
}

int Worker::transmit(Session& session, const QueuedPacket& item, Step& step) {
  const AtWork at_work(heartbeat_);
  const auto now = BootClock::now();
  const bool starts_gop = item.packet.track == Track::kVideo && item.packet.keyframe;
  delivery_.writing(item.arrived_at);
  guard_.begin(now + kWriteDeadline);
  if (starts_gop) {
    if (!session.begun()) {
      if (const int code = session.begin(*item.info, item.packet.pts); code < 0) return code;
    } else if (session_is_over(now) || !session.can_continue_with(*item.info)) {
      step = Step::kRenew;
      return 0;
    }
    session.continue_with(*item.info);
  }
  // The kernel's progress counts, where it is known: a large picture on a slow path is no failure.
  const bool kernel_known = delivery_.knows_kernel();
  guard_.begin(kernel_known ? BootTime::max() : now + kWriteDeadline, [this](BootTime asked_at) {
    const auto stuck_for = delivery_.view(asked_at).stuck_for;
    if (stuck_for < kIdleInterval) heartbeat_.work_begins(asked_at);  // it gets on, so it does not hang
    return stuck_for > kWriteDeadline;
  });
  const int code = session.write(item.packet);
  if (code == 0) delivery_.written(item.arrived_at, item.packet.content, item.packet.bytes.size(), BootClock::now());
  return code;
}

bool Worker::session_is_over(BootTime now) const {
  return options_.max_session > milliseconds::zero() && now - session_began_at_ >= options_.max_session;
}

Worker::Ending Worker::finish(std::unique_ptr<Session> session, Ending::Kind kind) {
  announce_first_media(BootClock::now());
  close_queue();
  guard_.begin(BootClock::now() + kWindUp);
  session->finish();
  session.reset();
  take_last_av_complaint();
  delivery_.end();
  if (kind == Ending::Kind::kRenewed) NESTBOX_LOG_INFO(log_part_, "the session is closed and begun anew");
  return {kind, {}, {}};
}

Worker::Ending Worker::lose(std::unique_ptr<Session> session, int code) {
  announce_first_media(BootClock::now());
  close_queue();
  const bool cut_short = code < 0 && guard_.gave_up();
  const auto view = delivery_.view(BootClock::now());
  const std::string complaint = take_last_av_complaint();
  guard_.begin(BootTime::min());  // closing must not wait for a server that does not listen
  session.reset();
  take_last_av_complaint();
  auto kernel = delivery_.end();
  if (withdrawn()) return {Ending::Kind::kWithdrawn, {}, {}};
  if (cut_short || code == 0) keep_old_connection(std::move(kernel));
  return {Ending::Kind::kFailed, explain_loss(target_, cut_short ? 0 : code, complaint, view.media_for, view.stuck_for),
          view.media_for};
}

void Worker::keep_old_connection(std::optional<KernelQueue> kernel) {
  old_connection_ = std::move(kernel);
  old_connection_since_ = BootClock::now();
  // All that was sent has arrived, and there is no room for more: a frozen server on a link that works. Its kernel can
  // be told at once. On a dead link the reset would be lost, and there is only one.
  if (old_connection_ && !old_connection_->levels().in_flight) let_go_of_old_connection();
}

void Worker::close_queue() {
  Lock lock(mutex_);
  queue_.close();
}

void Worker::ask_for_keyframe(BootTime now) {
  {
    Lock lock(mutex_);
    if (!queue_.skipping() || now - keyframe_asked_at_ < kKeyframeInterval) return;
  }
  keyframe_asked_at_ = now;
  keyframe_wanted_();
}

void Worker::announce_first_media(BootTime now) {
  {
    Lock lock(mutex_);
    if (announced_) return;
  }
  if (!delivery_.view(now).content) return;
  log::write(log::Level::kInfo, log_part_, fmt::format("{} takes the stream", target_.shown));
  complained_.clear();
  Lock lock(mutex_);
  announced_ = true;
  ++sessions_;
  fault_ = PublishFault::kNone;
}

}  // namespace nestbox::publish
