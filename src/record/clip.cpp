#include "clip.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "nestbox/base/file.h"
#include "nestbox/base/log.h"

namespace nestbox::record {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr seconds kSyncInterval(1);
// Of 400 ms each; a clip that is longer can be cut anywhere in its last half hour.
constexpr std::size_t kBoundariesMax = 4500;

/// The muxer ends a fragment with the first picture after this, so one picture must still have room. Stamps jitter.
nanoseconds fragment_length(int framerate) {
  const nanoseconds picture = nanoseconds(seconds(1)) / std::max(framerate, 1);
  return std::max<nanoseconds>(Clip::kFragmentMax - picture * 3 / 2, nanoseconds::zero());
}

}  // namespace

Clip::Clip(ClipOrder order, ClipRecorder::Done done, OpenClipFile open, DiskHealth& health)
    : order_(std::move(order)), done_(std::move(done)), open_(std::move(open)), health_(health) {}

void Clip::push(const Packet& packet, const StreamInfo& info) {
  if (over_) return;
  const bool is_video = packet.track == Track::kVideo;
  if (!muxer_) {
    if (!is_video || !packet.keyframe) return;
    if (!begin(packet, info)) return;
  }
  auto piece = muxer_->push(packet);
  if (!piece) return go_no_further(piece.error().message);
  if (is_video) pictures_until_ = packet.pts + packet.duration;
  if (!piece->empty()) write(std::move(*piece), packet.pts);
}

bool Clip::begin(const Packet& keyframe, const StreamInfo& info) {
  const auto created_at = order_.from_wall - (order_.from - keyframe.pts);
  auto muxer = FragmentMuxer::create(info, fragment_length(info.video.framerate), created_at);
  if (!muxer) {
    go_no_further(muxer.error().message);
    return false;
  }
  const int error = health_.at_disk([&] {
    auto opened = open_(order_.file);
    file_ = std::move(opened.file);
    return opened.error_number;
  });
  if (error != 0) {
    fail_on_disk("create", error);
    return false;
  }
  muxer_ = std::move(*muxer);
  begins_at_ = keyframe.pts;
  synced_at_ = BootClock::now();
  return true;
}

void Clip::write(std::string bytes, BootTime until) {
  const bool is_header = size_ == 0;
  if (is_header) length_room_ = make_length_room(bytes);
  const int error = health_.at_disk([&] { return file_->append(bytes); });
  if (error != 0) return fail_on_disk("write", error);
  size_ += bytes.size();
  if (is_header) return;
  boundaries_.push_back({until, size_});
  if (boundaries_.size() > kBoundariesMax) boundaries_.pop_front();
  if (ends_at_ && until >= *ends_at_) over_ = true;
}

void Clip::end(BootTime to) {
  ends_at_ = to;
  if (!boundaries_.empty() && boundaries_.back().time >= to) over_ = true;
}

void Clip::sync_if_due(BootTime now) {
  if (!file_ || over_ || now - synced_at_ < kSyncInterval) return;
  const int error = health_.at_disk([&] { return file_->sync(); });
  synced_at_ = BootClock::now();
  if (error == 0) return health_.works();
  sync_failed_ = true;
  fail_on_disk("sync", error);
}

void Clip::fail_on_disk(const char* attempt, int error_number) {
  const auto& name = file_ ? file_->name() : order_.file;
  error_number_ = error_number;
  over_ = true;
  trouble_ = fmt::format("{} {}: {}", attempt, name.string(), system_error_text(error_number));
  health_.failed(error_number, name.parent_path(), trouble_);
}

void Clip::go_no_further(std::string why) {
  over_ = true;
  if (trouble_.empty()) trouble_ = std::move(why);
}

void Clip::finish(const std::string& why_now) {
  if (file_ && !over_) write_rest();
  over_ = true;
  if (trouble_.empty()) trouble_ = why_now;
  auto result = make_whole();
  if (!result) {
    NESTBOX_LOG_WARNING("record", "clip lost: {}", result.error().message);
  } else if (!result->cut_short.empty()) {
    NESTBOX_LOG_WARNING("record", "{} ends early: {}", result->file.string(), result->cut_short);
  }
  done_(std::move(result));
}

void Clip::write_rest() {
  auto rest = muxer_->finish();
  if (!rest) return go_no_further(rest.error().message);
  if (!rest->empty()) write(std::move(*rest), pictures_until_);
}

int Clip::write_length(nanoseconds duration) {
  return length_room_ ? file_->overwrite(length_room_->at, length_box(*length_room_, duration)) : 0;
}

const Clip::Boundary& Clip::last_to_keep() const {
  if (ends_at_) {
    for (const auto& boundary : boundaries_) {
      if (boundary.time >= *ends_at_) return boundary;
    }
  }
  return boundaries_.back();
}

Result<ClipResult> Clip::make_whole() {
  if (!file_) {
    return fail(kind_of_disk_error(error_number_),
                trouble_.empty() ? order_.file.string() + ": no picture came" : trouble_);
  }
  if (sync_failed_) return tl::unexpected(disk_error());
  if (boundaries_.empty()) {
    (void)health_.at_disk([&] { return file_->discard(), 0; });
    return fail(kind_of_disk_error(error_number_),
                trouble_.empty() ? file_->name().string() + ": no picture came" : trouble_);
  }
  // After a failed write there may be a piece of a fragment behind the last whole one.
  const Boundary last = last_to_keep();
  const auto step = [&](const char* attempt, auto call) {
    const int error = health_.at_disk(call);
    if (error != 0) fail_on_disk(attempt, error);
    return error == 0;
  };
  // Without its length it plays all the same, and what else may be wrong the sync tells.
  (void)health_.at_disk([&] { return write_length(last.time - begins_at_); });
  if (!step("cut", [&] { return last.size < size_ || error_number_ != 0 ? file_->cut(last.size) : 0; }) ||
      !step("sync", [&] { return file_->sync(); }) || !step("rename", [&] { return file_->publish(); })) {
    return tl::unexpected(disk_error());
  }
  if (ends_at_ && last.time >= *ends_at_) {
    trouble_.clear();  // it came afterwards
  } else if (ends_at_ && trouble_.empty()) {
    trouble_ = "no more pictures came";
  }
  return ClipResult{file_->name(), begins_at_, last.time, last.size, trouble_};
}

Error Clip::disk_error() const {
  return {kind_of_disk_error(error_number_), trouble_};
}

}  // namespace nestbox::record
