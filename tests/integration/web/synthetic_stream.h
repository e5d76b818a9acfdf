#pragma once
/// A little stand-in for camera and encoder: x264 pictures and AAC silence at the pace of the clock, with the wall
/// clock written into each picture so that a browser can read back how old what it shows is.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "nestbox/base/thread.h"
#include "nestbox/media/packet_hub.h"
#include "nestbox/options/ports.h"

namespace nestbox::test {

/// The stamp: kStampBits squares of kStampSquare pixels in the top left corner, most significant bit first, white is 1:
/// milliseconds since 1970 modulo 2^kStampBits.
inline constexpr int kStampBits = 32;
inline constexpr int kStampSquare = 16;

class SyntheticStream final : public PictureTaker {
 public:
  struct Shape {
    int width = 640, height = 360, framerate = 30;
  };
  SyntheticStream(PacketHub& hub, const Shape& shape);
  ~SyntheticStream() override;

  /// While frozen neither packets nor pictures are made.
  void freeze() { frozen_ = true; }
  void resume() { frozen_ = false; }
  /// The encoder is closed and opened again, as when its settings change.
  void restart() { restart_ = true; }
  std::uint64_t frames_encoded() const { return frames_encoded_; }
  std::uint64_t pictures_taken() const { return pictures_taken_; }

  void take_picture(std::function<void(Result<Picture>)> done) override;
  void take_centre(std::function<void(Result<Picture>)> done) override;

 private:
  class Encoders;
  void run();
  void answer_pictures();

  PacketHub& hub_;
  const Shape shape_;
  std::unique_ptr<Encoders> encoders_;
  std::atomic<bool> stop_{false}, frozen_{false}, restart_{false};
  std::atomic<std::uint64_t> frames_encoded_{0}, pictures_taken_{0};
  Mutex mutex_;
  struct Asked {
    enum class Part : std::uint8_t { kWhole, kCentre } part;
    std::function<void(Result<Picture>)> done;
  };
  std::vector<Asked> asked_ GUARDED_BY(mutex_);
  NamedThread thread_;
};

}  // namespace nestbox::test
