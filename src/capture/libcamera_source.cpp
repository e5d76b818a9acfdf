#include "libcamera_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <tuple>
#include <utility>

#include "camera_module.h"
#include "colour.h"
#include "hold_budget.h"
#include "nestbox/base/assert.h"
#include "nestbox/base/log.h"

namespace nestbox::capture {
namespace {

constexpr auto kPart = "capture";
constexpr std::size_t kMailSpare = 2;               // unplugged, beside one for each request
constexpr std::uint32_t kSequenceJumpMax = 10'000;  // more is a new count, or none

bool needs_conversion(const CameraPlan& plan) {
  const auto pixels = plan.main.pixels;
  const bool as_is = pixels == CameraPixels::kI420 || pixels == CameraPixels::kNv12;
  return !as_is || plan.requests < slots_needed();
}

bool is_odd(const StreamShape& shape) {
  return shape.width % 2 != 0 || shape.height % 2 != 0 || shape.width <= 0 || shape.height <= 0;
}

}  // namespace

LibcameraSource::LibcameraSource(std::string id, const CameraOptions& options, BackendMaker make_backend)
    : wanted_id_(std::move(id)), options_(options), make_backend_(std::move(make_backend)) {}

LibcameraSource::~LibcameraSource() {
  stop();
}

Result<SourceFormat> LibcameraSource::start() {
  const auto shape = picture_shape(options_);
  if (!shape) return tl::unexpected(shape.error());
  auto begun = configure(*shape);
  if (begun) begun = begin();
  if (!begun) {
    stop();
    return tl::unexpected(begun.error());
  }
  return format();
}

Result<std::string> LibcameraSource::find_camera() {
  std::string others;
  for (const auto& camera : backend_->cameras()) {
    if (wanted_id_.empty() || wanted_id_ == camera.id) {
      model_ = camera.model;
      return camera.id;
    }
    others += (others.empty() ? "" : ", ") + camera.id;
  }
  if (wanted_id_.empty()) {
    return fail(ErrorKind::kNotFound,
                fmt::format("no camera found ({}); is its cable in, and does `cam --list` show it?", backend_->name()));
  }
  return fail(ErrorKind::kNotFound, fmt::format("camera {} is not there; there {}", wanted_id_,
                                                others.empty() ? "is none" : "are: " + others));
}

Result<void> LibcameraSource::configure(const PictureMemory::Shape& shape) {
  if (!options_.tuning_file.empty() && !std::filesystem::exists(options_.tuning_file)) {
    return fail(ErrorKind::kUnavailable, fmt::format("camera.tuning_file: {} does not exist", options_.tuning_file));
  }
  auto backend = make_backend_();
  if (!backend) return tl::unexpected(backend.error());
  backend_ = std::move(*backend);
  const auto id = find_camera();
  if (!id) return tl::unexpected(id.error());
  id_ = *id;
  auto session = backend_->open(id_);
  if (!session) return tl::unexpected(session.error());
  session_ = std::move(*session);

  CameraWish wish;
  wish.main = {shape.width, shape.height};
  wish.analysis = StreamWish{shape.analysis_width, shape.analysis_height};
  const bool turned = options_.rotation == 180;
  wish.mirror = options_.hflip != turned;
  wish.flip = options_.vflip != turned;
  wish.framerate = options_.framerate;
  wish.buffers = slots_needed();
  auto plan = session_->configure(wish);
  if (!plan) return tl::unexpected(plan.error());
  plan_ = std::move(*plan);
  if (is_odd(plan_.main)) {
    return fail(ErrorKind::kUnavailable,
                fmt::format("camera {} gives {} x {}; even numbers are needed: choose another camera.width and height",
                            id_, plan_.main.width, plan_.main.height));
  }
  abilities_ = session_->abilities();
  if (auto mapped = map_buffers(); !mapped) return mapped;
  choice_ = choose_controls(options_, abilities_, plan_.main.width, plan_.main.height, needs_conversion(plan_));
  if (needs_conversion(plan_)) return make_converter();
  add_analysis_planes(shape.analysis_width);
  return {};
}

Result<void> LibcameraSource::map_buffers() {
  std::vector<std::vector<BufferPlane>> main, analysis;
  for (auto& buffers : session_->buffers()) {
    main.push_back(std::move(buffers.main));
    if (plan_.analysis) analysis.push_back(std::move(buffers.analysis));
  }
  auto mapped = MappedStream::map(plan_.main, main);
  if (!mapped) return tl::unexpected(mapped.error());
  memory_ = std::make_shared<CameraMemory>();
  memory_->main = std::move(*mapped);
  if (!plan_.analysis) return {};
  auto small = MappedStream::map(*plan_.analysis, analysis);
  if (!small) return tl::unexpected(small.error());
  memory_->analysis_stream = std::move(*small);
  return {};
}

void LibcameraSource::add_analysis_planes(int asked_width) {
  const auto slots = memory_->main.size();
  if (plan_.analysis) {
    for (std::size_t i = 0; i < slots; ++i) memory_->analysis.push_back(memory_->analysis_stream.picture(i).y);
    return;
  }
  const int width = std::min(asked_width, plan_.main.width);
  const int height = analysis_height_for(plan_.main.width, plan_.main.height, width);
  const auto bytes = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  memory_->analysis_samples.resize(slots * bytes);
  for (std::size_t i = 0; i < slots; ++i) {
    memory_->analysis.push_back({memory_->analysis_samples.data() + i * bytes, width, height, width});
  }
  column_sums_.resize(static_cast<std::size_t>(plan_.main.width));
}

/// What the camera did not do, for the converter.
CameraOptions LibcameraSource::in_software() const {
  auto left = choice_.left;
  const bool turned = options_.rotation == 180;
  left.hflip = (options_.hflip != turned) != plan_.mirrors;
  left.vflip = (options_.vflip != turned) != plan_.flips;
  left.rotation = 0;
  return left;
}

Result<void> LibcameraSource::make_converter() {
  auto options = options_;
  options.width = plan_.main.width;
  options.height = plan_.main.height;
  options.analysis_width = std::min(options_.analysis_width, plan_.main.width);
  const auto shape = picture_shape(options);
  if (!shape) return tl::unexpected(shape.error());
  pool_.emplace(slots_needed(), *shape);
  auto converter = CameraConverter::create(plan_, memory_->main, in_software());
  if (!converter) return tl::unexpected(converter.error());
  converter_ = std::move(*converter);
  return {};
}

Result<void> LibcameraSource::begin() {
  mail_ = std::make_shared<Mail>(plan_.requests + kMailSpare);
  mail_->wake = wake_;
  idle_.clear();
  idle_.reserve(plan_.requests);
  for (std::size_t i = plan_.requests; i > 0; --i) idle_.push_back(i - 1);
  queued_ = 0;
  rate_cap_.emplace(frame_interval(options_.framerate));
  pending_.clear();
  auto started = session_->start(choice_.settings, [mail = mail_](const CompletedRequest& done) {
    static_cast<void>(mail->completed.push(CompletedRequest(done)));  // refused once the source has stopped
    if (mail->wake) mail->wake();
  });
  if (!started) {
    mail_.reset();
    return started;
  }
  return feed();
}

// The only place that queues; on the capture thread alone.
Result<void> LibcameraSource::feed() {
  while (queued_ < plan_.in_flight && !idle_.empty()) {
    const auto request = idle_.back();
    if (auto queued = session_->queue(request, pending_); !queued) return queued;
    idle_.pop_back();
    pending_.clear();
    ++queued_;
  }
  return {};
}

std::optional<LensRange> LibcameraSource::lens() const {
  const auto found = abilities_.controls.find(CameraControl::kLensPosition);
  if (found == abilities_.controls.end()) return std::nullopt;
  return LensRange{found->second.min, found->second.max};
}

SourceFormat LibcameraSource::format() const {
  const auto frame_time = frame_interval(options_.framerate);
  if (pool_) {
    auto format = pool_->format(frame_time, Content::kLive);
    format.lens = lens();
    return format;
  }
  const auto& analysis = memory_->analysis.front();
  return {plan_.main.width, plan_.main.height, analysis.width, analysis.height, memory_->main.size(),
          memory_,          frame_time,        Content::kLive, lens()};
}

Result<std::optional<FilledSlot>> LibcameraSource::poll(BootTime now) {
  for (int i = 0; i < kStepsInOnePoll; ++i) {
    if (broken_) return tl::unexpected(*broken_);
    const auto done = mail_->completed.try_pop();
    if (!done) break;
    auto taken = take(*done, now);
    if (!taken) return taken;
    if (auto fed = feed(); !fed) broken_ = fed.error();
    if (*taken) return taken;
  }
  return std::nullopt;
}

Result<std::optional<FilledSlot>> LibcameraSource::take(const CompletedRequest& done, BootTime now) {
  using Status = CompletedRequest::Status;
  if (done.status == Status::kUnplugged) {
    return fail(ErrorKind::kUnavailable, fmt::format("camera {} was unplugged", id_));
  }
  NESTBOX_ASSERT(queued_ > 0);
  --queued_;
  if (done.status == Status::kCancelled) {
    put_back(done.request);
    if (++cancelled_in_a_row_ <= plan_.requests) return std::nullopt;
    return fail(ErrorKind::kUnavailable, fmt::format("camera {} refuses to take pictures", id_));
  }
  cancelled_in_a_row_ = 0;
  count_lost(done);
  const auto stamp = SensorClock::read(done.sensor_stamp, now, time_slept());
  FilledSlot filled;
  filled.due = now;
  filled.captured_at = stamp.at;
  const bool damaged = done.status == Status::kDamaged;
  if (damaged) {
    ++damaged_;
    ++sequence_;
  }
  if (damaged || !rate_cap_->admits(stamp.at.time_since_epoch())) {
    put_back(done.request);
    return std::nullopt;
  }
  filled.sequence = sequence_++;
  if (!(pool_ ? fill_converted(done, filled) : fill_lent(done, filled))) return std::nullopt;
  note_stamp(stamp.trust);
  if (done.exposure_us) filled.exposure = std::chrono::microseconds(*done.exposure_us);
  filled.gain = done.gain;
  filled.lux = done.lux;
  filled.focus_measure = done.focus_measure;
  filled.lens_position = done.lens_position;
  return filled;
}

void LibcameraSource::count_lost(const CompletedRequest& done) {
  if (!done.sequence) return;
  const auto before = std::exchange(last_driver_sequence_, done.sequence);
  if (!before) return;
  const auto step = *done.sequence - *before;
  if (step > 1 && step < kSequenceJumpMax) sequence_ += step - 1;
}

void LibcameraSource::note_stamp(SensorClock::Trust trust) {
  if (trust == SensorClock::Trust::kNone) ++unstamped_;
  if (stamps_ != trust) ++revision_;
  stamps_ = trust;
}

bool LibcameraSource::fill_lent(const CompletedRequest& done, FilledSlot& filled) {
  filled.slot = done.request;
  memory_->main.begin_cpu_access(done.request);
  filled.main = memory_->main.picture(done.request);
  filled.main_dmabuf_fd = memory_->main.dmabuf(done.request);
  filled.analysis = memory_->analysis[done.request];
  if (plan_.analysis) {
    memory_->analysis_stream.begin_cpu_access(done.request);
  } else {
    shrink(filled.main.y, filled.analysis, column_sums_.data());
  }
  return true;
}

bool LibcameraSource::fill_converted(const CompletedRequest& done, FilledSlot& filled) {
  const auto slot = pool_->take();
  if (!slot) {  // every picture of ours is held: this one is lost
    put_back(done.request);
    return false;
  }
  filled.slot = *slot;
  filled.main = pool_->main(*slot);
  filled.analysis = pool_->analysis(*slot);
  memory_->main.begin_cpu_access(done.request);
  const auto converted = converter_->convert(done.request, done.bytes_used, filled.main, filled.analysis);
  memory_->main.end_cpu_access(done.request);
  put_back(done.request);
  if (converted) {
    ++converted_;
    return true;
  }
  NESTBOX_LOG_WARNING(kPart, "{}: {}", name(), converted.error().message);
  ++damaged_;
  pool_->give_back(*slot);
  return false;
}

void LibcameraSource::painted(SlotIndex slot) {
  if (pool_) return;
  memory_->main.end_cpu_access(slot);
  if (plan_.analysis) memory_->analysis_stream.end_cpu_access(slot);
}

BootTime LibcameraSource::next_due() const {
  return broken_ || mail_->completed.size() > 0 ? BootTime::min() : BootTime::max();
}

bool LibcameraSource::wants_slot() const {
  return pool_ ? pool_->empty() : queued_ == 0;
}

void LibcameraSource::give_back(SlotIndex slot) {
  if (pool_) {
    pool_->give_back(slot);
    return;
  }
  put_back(slot);
  if (auto fed = feed(); !fed) broken_ = fed.error();
}

Adjusted LibcameraSource::adjust(const CameraOptions& options) {
  const auto shape = [](const CameraOptions& o) {
    return std::tie(o.source, o.width, o.height, o.analysis_width, o.hflip, o.vflip, o.rotation);
  };
  if (shape(options) != shape(options_)) return Adjusted::kNeedsRestart;
  if (options.framerate != options_.framerate) rate_cap_.emplace(frame_interval(options.framerate));
  options_ = options;
  auto choice = choose_controls(options_, abilities_, plan_.main.width, plan_.main.height, pool_.has_value());
  auto changed = changed_settings(choice_.settings, choice.settings);
  pending_.insert(pending_.end(), changed.begin(), changed.end());
  choice_ = std::move(choice);
  if (converter_) converter_->adjust(in_software());
  ++revision_;
  return Adjusted::kTaken;
}

void LibcameraSource::stop() {
  if (session_ && mail_) session_->stop();
  if (mail_) mail_->completed.close();
  mail_.reset();
  converter_.reset();
  pool_.reset();
  memory_.reset();  // the ring keeps the buffers for late leases
  if (session_ && session_->is_lost()) leave_library();
  session_.reset();
  backend_.reset();
  broken_.reset();
  last_driver_sequence_.reset();
  sequence_ = 0;
  cancelled_in_a_row_ = 0;
}

// On purpose never destroyed: libcamera would end the process with it. Another one cannot be made beside it.
void LibcameraSource::leave_library() {
  lost_ = true;
  static_cast<void>(session_.release());
  static_cast<void>(new std::shared_ptr<CameraBackend>(std::move(backend_)));
}

std::string LibcameraSource::name() const {
  if (id_.empty()) return wanted_id_.empty() ? "libcamera" : "libcamera:" + wanted_id_;
  return "libcamera:" + id_;
}

std::vector<std::string> LibcameraSource::notes() const {
  auto notes = choice_.notes;
  const auto add = [&](std::string text) { notes.push_back(std::move(text)); };
  if (plan_.main.width != options_.width || plan_.main.height != options_.height) {
    add(fmt::format("camera.width, camera.height: {} x {} is asked for; this camera gives {} x {}", options_.width,
                    options_.height, plan_.main.width, plan_.main.height));
  }
  const bool as_is = plan_.main.pixels == CameraPixels::kI420 || plan_.main.pixels == CameraPixels::kNv12;
  if (pool_ && as_is) {
    add(fmt::format("{}: it has {} buffers, {} are needed to lend them out; each picture is copied once ({} so far)",
                    name(), plan_.requests, slots_needed(), converted_));
  } else if (pool_) {
    add(fmt::format("{}: it gives {}; each picture is converted once ({} so far)", name(), plan_.main.format_name,
                    converted_));
  } else {
    const auto left = in_software();
    if (left.hflip || left.vflip) {
      add("camera.hflip, camera.vflip, camera.rotation: this camera cannot turn its picture so; it has no effect");
    }
  }
  if (damaged_ > 0) add(fmt::format("{}: {} pictures came damaged and were left out", name(), damaged_));
  if (unstamped_ > 0) {
    add(fmt::format("{}: {} pictures had no usable time; that of their arrival was taken", name(), unstamped_));
  }
  const char* const tuning = std::getenv(kTuningFileVariable);
  if (options_.tuning_file != (tuning == nullptr ? "" : tuning)) {
    add("camera.tuning_file: it takes effect when the daemon is started next");
  }
  return notes;
}

}  // namespace nestbox::capture
