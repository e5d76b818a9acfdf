#include "file_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "frame_converter.h"
#include "hold_budget.h"
#include "source_notes.h"
#include "video_file.h"

namespace nestbox::capture {
namespace {

constexpr auto kSlipMin = std::chrono::seconds(1);  // later than that: the clip goes on from here
// With pace=fast: a picture is shown while one other is held at most, so that an inbox of two never overflows.
constexpr std::size_t kHeldAtFastPace = 1;

}  // namespace

FileSource::FileSource(FileSpec spec, const CameraOptions& options) : spec_(std::move(spec)), options_(options) {}

FileSource::~FileSource() = default;

Result<SourceFormat> FileSource::start() {
  const auto shape = picture_shape(options_);
  if (!shape) return tl::unexpected(shape.error());
  auto file = VideoFile::open(spec_.path);
  if (!file) return tl::unexpected(file.error());
  file_ = std::move(*file);
  pool_.emplace(slots_needed(), *shape);
  converter_ = std::make_unique<FrameConverter>(options_, file_->quarter_turns());
  clock_.emplace(file_->nominal_frame_time());
  rate_cap_.emplace(frame_interval(options_.framerate));
  frame_time_ = std::max(clock_->nominal(), frame_interval(options_.framerate));
  shown_any_ = false;
  skipping_ = false;
  sequence_ = to_skip_ = slips_ = 0;
  late_before_ = {};
  return pool_->format(frame_time_, Content::kLive);
}

bool FileSource::may_fill() const noexcept {
  if (spec_.pace == Pace::kFast) return pool_->out() <= kHeldAtFastPace;
  return !pool_->empty();
}

Result<FileSource::Found> FileSource::at_end() {
  if (auto rewound = file_->rewind(); !rewound) return tl::unexpected(rewound.error());
  clock_->begin_anew();
  return Found::kNotYet;
}

Result<FileSource::Found> FileSource::find_next() {
  const auto step = file_->decode();
  if (!step) return tl::unexpected(step.error());
  if (*step == VideoFile::Step::kMore) return Found::kNotYet;
  if (*step == VideoFile::Step::kEnd) {
    if (spec_.at_end == AtEnd::kLoop) return at_end();
    if (!shown_any_) return fail(ErrorKind::kInvalidArgument, fmt::format("decode {}: no picture in it", spec_.path));
    return fail(ErrorKind::kExhausted, "the file has ended");
  }
  media_time_ = clock_->next(file_->stamp());
  return rate_cap_->admits(media_time_) ? Found::kPicture : Found::kNotYet;
}

bool FileSource::passes_over(BootTime now) {
  if (!shown_any_ || spec_.pace == Pace::kFast) return false;
  const auto late = now - due_of(media_time_);
  if (late <= frame_time_) {
    to_skip_ = 0;
    return false;
  }
  if (!skipping_) to_skip_ = static_cast<std::uint64_t>(late / frame_time_);
  skipping_ = to_skip_ > 0;
  if (skipping_) --to_skip_;
  return skipping_;
}

void FileSource::slip_if_hopeless(BootTime now) {
  const auto late = now - due_of(media_time_);
  if (late > kSlipMin && late_before_ > kSlipMin && late >= late_before_) {
    zero_ = now - media_time_;
    ++slips_;
  }
  late_before_ = now - due_of(media_time_);
}

Result<std::optional<FilledSlot>> FileSource::poll(BootTime now) {
  if (!may_fill()) return std::nullopt;
  for (int i = 0; i < kStepsInOnePoll; ++i) {
    const auto found = find_next();
    if (!found) return tl::unexpected(found.error());
    if (*found == Found::kNotYet) continue;
    if (!passes_over(now)) return fill(now);
    ++sequence_;
  }
  return std::nullopt;
}

Result<std::optional<FilledSlot>> FileSource::fill(BootTime now) {
  skipping_ = false;
  if (!std::exchange(shown_any_, true)) zero_ = now - media_time_;
  if (spec_.pace == Pace::kStamps) slip_if_hopeless(now);
  const auto slot = pool_->take();
  FilledSlot filled;
  filled.slot = *slot;
  filled.main = pool_->main(*slot);
  filled.analysis = pool_->analysis(*slot);
  if (auto converted = converter_->convert(file_->picture(), filled.main, filled.analysis); !converted) {
    pool_->give_back(*slot);
    return tl::unexpected(converted.error());
  }
  filled.sequence = sequence_++;
  filled.captured_at = due_of(media_time_);
  filled.due = spec_.pace == Pace::kFast ? now : std::max(now, filled.captured_at);
  return filled;
}

BootTime FileSource::next_due() const {
  return may_fill() ? BootTime::min() : BootTime::max();
}

void FileSource::give_back(SlotIndex slot) {
  pool_->give_back(slot);
}

Adjusted FileSource::adjust(const CameraOptions& options) {
  const bool same_shape = options.width == options_.width && options.height == options_.height &&
                          options.analysis_width == options_.analysis_width && options.framerate == options_.framerate;
  if (!same_shape || options.source != options_.source) return Adjusted::kNeedsRestart;
  options_ = options;
  converter_->adjust(options);
  return Adjusted::kTaken;
}

void FileSource::stop() {
  converter_.reset();
  file_.reset();
  pool_.reset();  // the ring keeps the memory for late leases
}

std::vector<std::string> FileSource::notes() const {
  auto notes = unfollowed_settings(options_, Unfollowed::kByFile);
  if (clock_ && clock_->repaired() > 0) {
    notes.push_back(fmt::format("{}: {} of its stamps are missing or wrong; those pictures are {:.1f} ms apart", name(),
                                clock_->repaired(), to_seconds(clock_->nominal()) * 1000));
  }
  if (file_ && file_->damaged_packets() > 0) {
    notes.push_back(fmt::format("{}: {} packets are damaged and were passed over", name(), file_->damaged_packets()));
  }
  if (slips_ > 0) {
    notes.push_back(fmt::format("{}: this machine cannot decode it at its own rate; it is shown slower", name()));
  }
  return notes;
}

std::uint64_t FileSource::notes_revision() const {
  return (clock_ ? clock_->repaired() : 0) + (file_ ? file_->damaged_packets() : 0) + slips_;
}

}  // namespace nestbox::capture
