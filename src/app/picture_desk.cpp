#include "picture_desk.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>

#include "nestbox/image/jpeg.h"
#include "nestbox/image/sharpness.h"

namespace nestbox {
namespace {

constexpr std::size_t kWaitingMax = 32;
constexpr std::chrono::milliseconds kPatience{2000};
constexpr int kQuality = 85;
constexpr int kCentreQuality = 95;  // who looks for blur must not see JPEG's

Result<PictureTaker::Picture> to_picture(const ImageView& image, std::uint64_t sequence, int quality) {
  auto jpeg = encode_jpeg(image, quality);
  if (!jpeg) return tl::unexpected(jpeg.error());
  return PictureTaker::Picture{std::make_shared<const std::string>(std::move(*jpeg)), image.width, image.height,
                               sequence};
}

/// What is made of one frame: each once, for all who asked for it.
class Development {
 public:
  explicit Development(const Frame& frame) : frame_(frame) {}
  const Result<PictureTaker::Picture>& picture() {
    if (!picture_) picture_ = to_picture(frame_.main, frame_.sequence, kQuality);
    return *picture_;
  }
  const Result<PictureTaker::Picture>& centre() {
    if (!centre_) centre_ = to_picture(centre_crop(frame_.main), frame_.sequence, kCentreQuality);
    return *centre_;
  }
  const FocusFigure& focus() {
    if (!focus_) focus_ = measure_focus(frame_);
    return *focus_;
  }

 private:
  const Frame& frame_;
  std::optional<Result<PictureTaker::Picture>> picture_, centre_;
  std::optional<FocusFigure> focus_;
};

}  // namespace

void PictureDesk::take_picture(std::function<void(Result<Picture>)> done) {
  ask({std::move(done), nullptr, nullptr, BootClock::now()});
}

void PictureDesk::take_centre(std::function<void(Result<Picture>)> done) {
  ask({nullptr, std::move(done), nullptr, BootClock::now()});
}

void PictureDesk::take_focus(std::function<void(Result<FocusFigure>)> done) {
  ask({nullptr, nullptr, std::move(done), BootClock::now()});
}

void PictureDesk::refuse(const Request& request, const Error& why) {
  if (request.picture) request.picture(tl::unexpected(why));
  if (request.centre) request.centre(tl::unexpected(why));
  if (request.focus) request.focus(tl::unexpected(why));
}

void PictureDesk::ask(const Request& request) {
  if (!enqueue(request)) {
    return refuse(request, {ErrorKind::kExhausted, "too many ask for a picture at once; try again in a moment"});
  }
  expiry_wanted_(kPatience + std::chrono::milliseconds(50));
}

bool PictureDesk::enqueue(const Request& request) {
  Lock lock(mutex_);
  if (waiting_.size() >= kWaitingMax) return false;
  waiting_.push_back(request);
  wanted_.store(!developing_, std::memory_order_release);
  return true;
}

void PictureDesk::offer(FrameLease frame) noexcept {
  if (!wanted_.load(std::memory_order_acquire)) return;
  std::vector<Request> requests;
  {
    Lock lock(mutex_);
    wanted_.store(false, std::memory_order_release);
    requests.swap(waiting_);
    developing_ = true;
  }
  // std::function wants a copyable callable, and a lease is move-only.
  const auto held =
      std::make_shared<std::pair<FrameLease, std::vector<Request>>>(std::move(frame), std::move(requests));
  const auto posted = jobs_.post([this, held] { develop(held->first, held->second); });
  if (posted) return;
  Lock lock(mutex_);  // the jobs thread is behind: the requests wait for a later frame
  developing_ = false;
  std::move(held->second.begin(), held->second.end(), std::back_inserter(waiting_));
  wanted_.store(!waiting_.empty(), std::memory_order_release);
}

void PictureDesk::develop(const FrameLease& frame, const std::vector<Request>& requests) noexcept {
  Development development(*frame);
  for (const auto& request : requests) {
    if (request.picture) request.picture(development.picture());
    if (request.centre) request.centre(development.centre());
    if (request.focus) request.focus(development.focus());
  }
  Lock lock(mutex_);
  developing_ = false;
  wanted_.store(!waiting_.empty(), std::memory_order_release);
}

void PictureDesk::expire() {
  std::vector<Request> expired;
  {
    Lock lock(mutex_);
    const auto too_old = [oldest = BootClock::now() - kPatience](const Request& r) { return r.asked_at <= oldest; };
    const auto first =
        std::stable_partition(waiting_.begin(), waiting_.end(), [&](const Request& r) { return !too_old(r); });
    std::move(first, waiting_.end(), std::back_inserter(expired));
    waiting_.erase(first, waiting_.end());
    wanted_.store(!waiting_.empty() && !developing_, std::memory_order_release);
  }
  for (const auto& request : expired) {
    refuse(request, {ErrorKind::kTimeout, "no picture came within 2 s; `nestbox status` says what the camera does"});
  }
}

}  // namespace nestbox
