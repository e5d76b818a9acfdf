#include "worker.h"

#include <fmt/format.h>

#include <utility>

#include "nestbox/base/assert.h"
#include "nestbox/base/file.h"
#include "nestbox/base/log.h"
#include "part_file.h"

namespace nestbox::record {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// 30 s of pre-roll at 8 Mbit/s; a board with half a gigabyte can spare it.
constexpr std::size_t kHistoryBytesMax = std::size_t{32} * 1024 * 1024;
// A visit is noticed, and its clip ordered, a little later than its first picture.
constexpr seconds kOrderedLate(2);
constexpr std::size_t kClipsMax = 8;
constexpr seconds kNoMorePackets(2);  // an encoder that is behind, or stalls for a moment, goes on within that
constexpr milliseconds kLookInterval(250);
constexpr seconds kTryDiskInterval(5);
constexpr std::size_t kTrialBytes = std::size_t{256} * 1024;  // a large fragment

PacketHistory history_for(const ClipRecorder::Setup& setup) {
  return PacketHistory({setup.pre_roll + kOrderedLate, kHistoryBytesMax});
}

/// 0, or what errno said. Leaves nothing behind.
int try_disk(const OpenClipFile& open, const std::filesystem::path& folder) {
  const auto opened = open(folder / kTrialName);
  if (!opened.file) return opened.error_number;
  int error = opened.file->append(std::string(kTrialBytes, '\0'));
  if (error == 0) error = opened.file->sync();
  opened.file->discard();
  return error;
}

}  // namespace

Worker::Worker(ClipRecorder::Setup setup, OpenClipFile open) : open_(std::move(open)), history_(history_for(setup)) {}

ClipId Worker::begin(ClipOrder order, ClipRecorder::Done done) {
  BeginClip begin{++last_id_, std::move(order), std::move(done)};
  const auto id = begin.id;
  ++clips_ordered_;
  if (!inbox_.post(begin)) {
    --clips_ordered_;
    begin.done(fail(ErrorKind::kUnavailable, begin.order.file.string() + ": the recorder has stopped, or hangs"));
  }
  return id;
}

Result<void> Worker::open(const StreamInfo& info) {
  if (info.video.extradata.empty()) {
    return fail(ErrorKind::kInvalidArgument, "record: the stream has no H.264 headers");
  }
  inbox_.post(info);
  return {};
}

void Worker::push(const Packet& packet) noexcept {
  if (!inbox_.push(packet)) health_.was_slow(BootClock::now());
}

RecordStatus Worker::status() const {
  RecordStatus status;
  status.state = health_.state(BootClock::now());
  status.clips = clips_ordered_;
  status.behind_s = to_seconds(inbox_.behind());
  status.packets_dropped = inbox_.dropped();
  status.last_error = health_.last_error();
  return status;
}

void Worker::run() {
  while (!inbox_.drained()) {
    auto item = inbox_.pop_until(next_look());
    const AtWork work(heartbeat_);
    if (item) std::visit([this](auto& what) { handle(what); }, *item);
    tend(!item);
  }
  const AtWork work(heartbeat_);
  finish_all("recording was stopped");
}

BootTime Worker::next_look() const {
  const auto now = BootClock::now();
  return !clips_.empty() || health_.failure() ? now + kLookInterval : now + std::chrono::hours(1);
}

void Worker::handle(const Packet& packet) {
  NESTBOX_ASSERT(info_);  // a sink is opened before it is pushed to
  last_packet_at_ = BootClock::now();
  history_.push(packet);
  for (auto& [id, clip] : clips_) clip.push(packet, *info_);
}

// The same headers again: only the encoder was started anew, and what follows decodes as before.
void Worker::handle(const StreamInfo& info) {
  if (info_ == info) return;
  for (auto clip = clips_.begin(); clip != clips_.end();) {
    clip = clip->second.has_begun() ? finish(clip, "the picture's format changed") : std::next(clip);
  }
  history_.clear();
  info_ = info;
}

void Worker::handle(const ClipRecorder::Setup& setup) {
  const auto kept = history_.since(BootTime::min());
  history_ = history_for(setup);
  for (const auto& packet : kept) history_.push(packet);
}

void Worker::handle(BeginClip& order) {
  if (clips_.size() >= kClipsMax) {
    --clips_ordered_;
    return order.done(fail(ErrorKind::kExhausted, order.order.file.string() + ": too many clips are open"));
  }
  const auto from = order.order.from;
  auto& clip =
      clips_.try_emplace(order.id, std::move(order.order), std::move(order.done), open_, health_).first->second;
  for (const auto& packet : history_.since(from)) clip.push(packet, *info_);
}

void Worker::handle(const EndClip& order) {
  const auto clip = clips_.find(order.id);
  if (clip != clips_.end()) clip->second.end(order.to);
}

void Worker::tend(bool idle) {
  for (auto clip = clips_.begin(); clip != clips_.end();) {
    const auto now = BootClock::now();
    clip->second.sync_if_due(now);
    const bool over = clip->second.over() || (idle && waits_in_vain(clip->second, now));
    clip = over ? finish(clip, {}) : std::next(clip);
  }
  if (clips_.empty()) try_disk_again();
}

/// For packets that do not come any more: the camera stands still.
bool Worker::waits_in_vain(const Clip& clip, BootTime now) const {
  return clip.ends_at() && now >= *clip.ends_at() && now - last_packet_at_ >= kNoMorePackets;
}

void Worker::finish_all(const std::string& why) {
  while (!clips_.empty()) finish(clips_.begin(), why);
}

Worker::Clips::iterator Worker::finish(Clips::iterator clip, const std::string& why) {
  --clips_ordered_;  // before it is told: who asks then for the status is to see it done
  clip->second.finish(why);
  return clips_.erase(clip);
}

void Worker::try_disk_again() {
  const auto failure = health_.failure();
  if (!failure || BootClock::now() - failure->at < kTryDiskInterval) return;
  const int error = health_.at_disk([&] { return try_disk(open_, failure->folder); });
  if (error == 0) {
    NESTBOX_LOG_INFO("record", "{} can be written again", failure->folder.string());
    return health_.works();
  }
  const auto message = fmt::format("write to {}: {}", failure->folder.string(), system_error_text(error));
  health_.failed(error, failure->folder, message);
}

}  // namespace nestbox::record
