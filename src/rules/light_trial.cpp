#include "nestbox/rules/light_trial.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "light_judge.h"
#include "nestbox/base/assert.h"

namespace nestbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kNotBefore{1000};  // a filter moves, a picture or two are on their way
constexpr milliseconds kAtLatest{9000};   // no exposure meter takes longer
constexpr std::size_t kSettledSamples = 4;
constexpr double kSettledLuma = 0.02;      // of white, between the darkest and the brightest of them
constexpr double kSettledExposure = 1.06;  // between the shortest and the longest of them

std::optional<double> exposure_of(const LightSample& sample) {
  if (!sample.exposure || !sample.gain || *sample.exposure <= nanoseconds(0) || *sample.gain <= 0) return std::nullopt;
  return to_seconds(*sample.exposure) * *sample.gain;
}

/// Mean of what all samples know.
template <class Value>
std::optional<double> mean(const std::vector<LightSample>& samples, const Value& value_of) {
  double sum = 0;
  for (const auto& sample : samples) {
    const std::optional<double> value = value_of(sample);
    if (!value) return std::nullopt;
    sum += *value;
  }
  return sum / static_cast<double>(samples.size());
}

bool is_settled(const std::vector<LightSample>& samples) {
  if (samples.size() < kSettledSamples) return false;
  const auto [darkest, brightest] = std::minmax_element(
      samples.begin(), samples.end(), [](const auto& one, const auto& other) { return one.luma < other.luma; });
  if (brightest->luma - darkest->luma > kSettledLuma) return false;
  const auto first = exposure_of(samples.front());
  return std::all_of(samples.begin(), samples.end(), [&](const LightSample& sample) {
    const auto exposure = exposure_of(sample);
    if (!first || !exposure) return true;
    return std::max(*first, *exposure) <= kSettledExposure * std::min(*first, *exposure);
  });
}

LightShot shot_of(LightView view, const std::vector<LightSample>& samples) {
  LightShot shot;
  shot.view = view;
  shot.luma = *mean(samples, [](const LightSample& sample) { return std::optional(sample.luma); });
  shot.burnt_share = *mean(samples, [](const LightSample& sample) { return std::optional(sample.burnt_share); });
  shot.lux = mean(samples, [](const LightSample& sample) { return sample.lux; });
  shot.exposure_s = mean(samples, exposure_of);
  return shot;
}

std::string_view words_for(LightView view, bool has_filter) {
  switch (view) {
    case LightView::kDark:
    case LightView::kDarkAgain:
    case LightView::kOpenAgain:
      return has_filter ? "lamp off, filter out of the path" : "lamp off";
    case LightView::kLit:
      return has_filter ? "lamp on, filter out of the path" : "lamp on";
    case LightView::kLitThroughFilter:
      return "lamp on, filter in the path";
    case LightView::kThroughFilter:
      return "lamp off, filter in the path";
  }
  return "";
}

}  // namespace

class LightTrial::Body {
 public:
  Body(const Parts& parts, BootTime now) : parts_(parts) {
    NESTBOX_ASSERT(parts.lamp || parts.filter);
    samples_.reserve(kSettledSamples + 1);
    begin(LightView::kDark, now);
  }

  std::optional<LightVerdict> see(const LightSample& sample, BootTime now) {
    if (over_ || sample.at < look_from_) return tick(now);
    samples_.push_back(sample);
    if (samples_.size() > kSettledSamples) samples_.erase(samples_.begin());
    if (is_settled(samples_)) return go_on(now);
    return tick(now);
  }
  /// What has not settled by now never will: the mean of the last second is as good as it gets.
  std::optional<LightVerdict> tick(BootTime now) {
    if (over_ || now < give_up_at_) return std::nullopt;
    if (!samples_.empty()) return go_on(now);
    over_ = blind_ = true;
    return std::nullopt;
  }
  void cancel() { over_ = true; }

  Wish wish() const {
    if (over_) return parts_.before;
    Wish wish;
    const bool lit = view_ == LightView::kLit || view_ == LightView::kLitThroughFilter;
    const bool through = view_ == LightView::kThroughFilter || view_ == LightView::kLitThroughFilter;
    wish.lamp = lit ? Lamp::kOn : Lamp::kOff;
    if (parts_.filter) wish.filter = through ? FilterPosition::kInPath : FilterPosition::kOutOfPath;
    return wish;
  }
  BootTime deadline() const { return over_ ? BootTime::max() : give_up_at_; }
  bool over() const { return over_; }
  bool is_blind() const { return blind_; }
  std::string_view doing() const { return words_for(view_, parts_.filter); }
  double done_share() const {
    const std::size_t views = parts_.lamp && parts_.filter ? 5 : 3;
    return over_ ? 1 : static_cast<double>(std::min(shots_.size(), views)) / static_cast<double>(views);
  }

 private:
  void begin(LightView view, BootTime now) {
    view_ = view;
    samples_.clear();
    look_from_ = now + kNotBefore + (parts_.lamp ? parts_.lamp_ramp : nanoseconds(0));
    give_up_at_ = look_from_ + kAtLatest;
  }

  std::optional<LightVerdict> go_on(BootTime now) {
    shots_.push_back(shot_of(view_, samples_));
    if (const auto next = next_view()) {
      begin(*next, now);
      return std::nullopt;
    }
    over_ = true;
    return judge_lights(shots_, parts_);
  }

  /// The filter by the lamp's light, or by that of the day where it outshines the lamp.
  std::optional<LightView> next_view() const {
    switch (view_) {
      case LightView::kDark:
        return parts_.lamp ? LightView::kLit : LightView::kThroughFilter;
      case LightView::kLit:
        return LightView::kDarkAgain;
      case LightView::kDarkAgain:
        if (!parts_.filter) return std::nullopt;
        return is_dark(shots_.front()) || is_lamp_seen(shots_) ? LightView::kLitThroughFilter
                                                               : LightView::kThroughFilter;
      case LightView::kThroughFilter:
        return LightView::kOpenAgain;
      case LightView::kLitThroughFilter:
      case LightView::kOpenAgain:
        break;
    }
    return std::nullopt;
  }

  const Parts parts_;
  LightView view_ = LightView::kDark;
  BootTime look_from_{}, give_up_at_{};
  std::vector<LightSample> samples_;  ///< the newest of the view at hand
  std::vector<LightShot> shots_;
  bool over_ = false, blind_ = false;
};

LightTrial::LightTrial(const Parts& parts, BootTime now) : body_(std::make_unique<Body>(parts, now)) {}
LightTrial::~LightTrial() = default;
LightTrial::LightTrial(LightTrial&&) noexcept = default;
LightTrial& LightTrial::operator=(LightTrial&&) noexcept = default;
std::optional<LightVerdict> LightTrial::see(const LightSample& sample, BootTime now) {
  return body_->see(sample, now);
}
std::optional<LightVerdict> LightTrial::tick(BootTime now) {
  return body_->tick(now);
}
BootTime LightTrial::deadline() const {
  return body_->deadline();
}
void LightTrial::cancel() {
  body_->cancel();
}
LightTrial::Wish LightTrial::wish() const {
  return body_->wish();
}
bool LightTrial::over() const {
  return body_->over();
}
bool LightTrial::is_blind() const {
  return body_->is_blind();
}
std::string_view LightTrial::doing() const {
  return body_->doing();
}
double LightTrial::done_share() const {
  return body_->done_share();
}

}  // namespace nestbox
