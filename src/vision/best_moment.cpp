#include "best_moment.h"

#include "nestbox/base/log.h"
#include "nestbox/image/jpeg.h"

namespace nestbox::vision {
namespace {

constexpr int kQuality = 88;
constexpr double kBetterBy = 1.15;
constexpr std::chrono::milliseconds kNotSooner{500};

}  // namespace

void BestMomentFinder::begin() {
  best_score_.reset();
}

bool BestMomentFinder::is_worth_it(BootTime at, double score) const {
  if (!best_score_) return true;
  return score > *best_score_ * kBetterBy && at - made_at_ >= kNotSooner;
}

std::optional<BestMoment> BestMomentFinder::look(const Frame& frame, double score) {
  if (!is_worth_it(frame.captured_at, score)) return std::nullopt;
  best_score_ = score;
  made_at_ = frame.captured_at;
  auto jpeg = encode_jpeg(frame.main, kQuality);
  if (!jpeg) {
    NESTBOX_LOG_ERROR("vision", "no photograph of what moves: {}", jpeg.error().message);
    return std::nullopt;
  }
  return BestMoment{std::make_shared<const std::string>(std::move(*jpeg)), frame.captured_at, score};
}

}  // namespace nestbox::vision
