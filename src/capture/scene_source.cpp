#include "scene_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "hold_budget.h"
#include "nestbox/base/log.h"
#include "source_notes.h"

namespace nestbox::capture {
namespace {

constexpr double kTarget = 0.80;  // mean linear light that the meter wants
constexpr double kExposureMin = 0.2, kExposureMax = 40;
constexpr double kSettles_s = 0.6;
// What exposure 1 is on the sensor that we pretend to have.
constexpr std::chrono::nanoseconds kShutterAtOne = std::chrono::milliseconds(8);
constexpr double kNoiseAtOne = 0.9, kNoiseUnderLamp = 1.6;
constexpr double kLuxOfSun = 180, kLuxOfLamp = 25, kLuxOfNight = 0.05;
constexpr double kBurntOut = 2;  // mean linear light above which nothing more is to be seen

struct Tint {
  int u = 0, v = 0;
};

/// A fixed white balance on a neutral scene: set for warm light it looks blue, and the other way round.
Tint tint_of(const std::string& awb) {
  if (awb == "incandescent" || awb == "tungsten") return {14, -12};
  if (awb == "fluorescent" || awb == "indoor") return {7, -6};
  if (awb == "cloudy") return {-5, 4};
  return {};
}

}  // namespace

SceneSource::SceneSource(std::uint64_t seed, const CameraOptions& options, std::filesystem::path truth)
    : seed_(seed), options_(options), truth_(std::move(truth)) {}

SceneSource::~SceneSource() = default;

std::string SceneSource::name() const {
  return fmt::format("scene:{}", seed_);
}

Result<SourceFormat> SceneSource::start() {
  const auto shape = picture_shape(options_);
  if (!shape) return tl::unexpected(shape.error());
  if (options_.framerate < 1) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("camera.framerate: {}; 1 or more is allowed", options_.framerate));
  }
  pool_.emplace(slots_needed(), *shape);
  painter_ = std::make_unique<ScenePainter>(shape->width, shape->height, options_.roi.value_or(Rect{}), seed_);
  column_sums_.assign(static_cast<std::size_t>(shape->width), 0);
  visits_.emplace(seed_);
  switches_ = {};
  if (lights_) switches_.told_from_s = 0;
  make_colours();
  zero_.reset();
  next_index_ = 0;
  exposure_ = std::clamp(kTarget / painter_->brightness(light_at(0), 0), kExposureMin, kExposureMax);
  return pool_->format(std::chrono::nanoseconds(std::chrono::seconds(1)) / options_.framerate, Content::kSimulated);
}

double SceneSource::time_of(std::uint64_t index) const {
  return static_cast<double>(index) / options_.framerate;
}

BootTime SceneSource::due_of(std::uint64_t index) const {
  // By whole seconds and the rest, so that thirds of a second do not add up to an error.
  const auto rate = static_cast<std::uint64_t>(options_.framerate);
  return *zero_ + std::chrono::seconds(index / rate) + std::chrono::nanoseconds(1'000'000'000 * (index % rate) / rate);
}

void SceneSource::step_exposure(const SceneLight& light, double blocked) {
  if (options_.shutter && options_.gain) {
    const double shutter = std::chrono::duration<double>(*options_.shutter) / kShutterAtOne;
    exposure_ = std::clamp(shutter * *options_.gain, 0.01, 200.0);
    return;
  }
  const double wanted = kTarget * std::exp2(options_.ev) / std::max(painter_->brightness(light, blocked), 1e-4);
  const double share = 1 - std::exp(-1.0 / (kSettles_s * options_.framerate));
  exposure_ *= std::pow(std::clamp(wanted, kExposureMin, kExposureMax) / exposure_, share);
}

SceneMoment SceneSource::moment_at(std::uint64_t index) {
  const double time_s = time_of(index);
  SceneMoment moment;
  moment.index = index;
  moment.light = light_at(time_s);
  bool visit_over = false;
  for (; visits_->current().end_s <= time_s; visits_->advance()) visit_over = true;
  if (visit_over) write_truth();
  const auto& visit = visits_->current();
  if (time_s >= visit.start_s) {
    moment.visitor = visit.visitor;
    moment.pose = pose_at(visit, time_s - visit.start_s);
  }
  step_exposure(moment.light, moment.pose.blocks);
  moment.exposure = exposure_;
  const double gain = std::max(1.0, exposure_);
  moment.noise = kNoiseAtOne * std::sqrt(gain) * (1 + (kNoiseUnderLamp - 1) * moment.light.lamp);
  return moment;
}

void SceneSource::skip_to(BootTime now) {
  const auto first = next_index_;
  while (due_of(next_index_ + 1) <= now) ++next_index_;
  // What the meter saw in the gap; it forgets within seconds.
  const auto remembered = static_cast<std::uint64_t>(15 * kSettles_s * options_.framerate);
  for (auto i = std::max(first, next_index_ - std::min(next_index_, remembered)); i < next_index_; ++i) moment_at(i);
}

Result<std::optional<FilledSlot>> SceneSource::poll(BootTime now) {
  const auto slot = pool_->take();
  if (!slot) return std::nullopt;
  if (!zero_) zero_ = now;
  skip_to(now);
  const auto index = next_index_++;
  const auto moment = moment_at(index);

  FilledSlot filled;
  filled.slot = *slot;
  filled.sequence = index;
  filled.captured_at = filled.due = due_of(index);
  filled.main = pool_->main(*slot);
  filled.analysis = pool_->analysis(*slot);
  painter_->paint(moment, filled.main);
  const bool half_turn = options_.rotation == 180;
  if (options_.hflip != half_turn) flip_left_right(filled.main);
  if (options_.vflip != half_turn) flip_upside_down(filled.main);
  colours_.apply(filled.main);
  shrink(filled.main.y, filled.analysis, column_sums_.data());

  const auto frame_time = std::chrono::nanoseconds(std::chrono::seconds(1)) / options_.framerate;
  const auto open_for = options_.shutter ? std::chrono::nanoseconds(*options_.shutter)
                                         : std::min(std::chrono::nanoseconds(static_cast<std::int64_t>(
                                                        static_cast<double>(kShutterAtOne.count()) * exposure_)),
                                                    frame_time);
  filled.exposure = open_for;
  filled.gain = static_cast<float>(exposure_ * (kShutterAtOne / std::chrono::duration<double, std::nano>(open_for)));
  filled.lux = static_cast<float>(lux_of(moment));
  return filled;
}

SceneLight SceneSource::light_at(double time_s) const {
  return lights_ ? scene_light(time_s, *lights_) : scene_light(time_s);
}

double SceneSource::lux_of(const SceneMoment& moment) const {
  const auto& light = moment.light;
  if (!lights_) return kLuxOfSun * light.sun + kLuxOfLamp * light.lamp + kLuxOfNight;
  // As a camera makes it up of its exposure and of what it sees: too little while the picture is burnt out.
  const double seen = std::min(painter_->brightness(light, moment.pose.blocks), kBurntOut / moment.exposure);
  return kLuxOfSun * seen / painter_->brightness(SceneLight{}, 0) + kLuxOfNight;
}

void SceneSource::set_lights(const SceneLights& lights) {
  if (lights_ == lights) return;
  const double time_s = time_of(next_index_);
  const bool lamp_was_on = lights_ ? lights_->lamp_strength > 0 : scene_light(time_s).lamp > 0;
  const bool filter_was_in = lights_ ? lights_->filter_in_path : scene_light(time_s).lamp <= 0;
  if (!lights_) switches_.told_from_s = time_s;
  if (filter_was_in != lights.filter_in_path) switches_.add(lights.filter_in_path ? "filter_in" : "filter_out", time_s);
  if (lamp_was_on != (lights.lamp_strength > 0)) switches_.add(lamp_was_on ? "lamp_off" : "lamp_on", time_s);
  lights_ = lights;
}

void SceneSource::make_colours() {
  const auto tint = tint_of(options_.awb);
  colours_ = ColourAdjust(options_, tint.u, tint.v);
}

Adjusted SceneSource::adjust(const CameraOptions& options) {
  const bool same_shape = options.width == options_.width && options.height == options_.height &&
                          options.analysis_width == options_.analysis_width &&
                          options.framerate == options_.framerate && options.roi == options_.roi;
  if (!same_shape || options.source != options_.source) return Adjusted::kNeedsRestart;
  options_ = options;
  make_colours();
  return Adjusted::kTaken;
}

void SceneSource::write_truth() const {
  if (truth_.empty()) return;
  const auto& shape = pool_->shape();
  const auto json = scene_truth_json(seed_, options_.framerate, shape.width, shape.height, next_index_, switches_);
  if (auto written = write_scene_truth(truth_, json); !written) {
    NESTBOX_LOG_ERROR("capture", "the truth of the scene is not written: {}", written.error().message);
  }
}

void SceneSource::stop() {
  write_truth();
  painter_.reset();
  pool_.reset();  // the ring keeps the memory for late leases
}

std::vector<std::string> SceneSource::notes() const {
  return unfollowed_settings(options_, Unfollowed::kByScene);
}

}  // namespace nestbox::capture
