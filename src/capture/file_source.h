#pragma once
/// A video file in the place of a camera.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frame_source.h"
#include "media_clock.h"
#include "picture_pool.h"
#include "source_spec.h"

namespace nestbox::capture {

class FrameConverter;
class VideoFile;

/// Shows the file at its own rate, thinned evenly to camera.framerate where it is faster. Paced by its stamps, or with
/// Pace::kFast by its consumers: no picture is lost then, and captured_at runs in media time.
class FileSource final : public FrameSource {
 public:
  FileSource(FileSpec spec, const CameraOptions& options);
  ~FileSource() override;

  Result<SourceFormat> start() override;
  Result<std::optional<FilledSlot>> poll(BootTime now) override;
  BootTime next_due() const override;
  bool wants_slot() const override { return !may_fill(); }
  void give_back(SlotIndex slot) override;
  Adjusted adjust(const CameraOptions& options) override;
  void stop() override;
  std::string name() const override { return "file:" + spec_.path; }
  std::vector<std::string> notes() const override;
  std::uint64_t notes_revision() const override;

 private:
  enum class Found : std::uint8_t { kPicture, kNotYet };
  bool may_fill() const noexcept;
  /// Decodes up to the next picture that the rate cap admits; its media time is then in media_time_.
  Result<Found> find_next();
  Result<Found> at_end();
  /// Whether the picture found is one of those whose time went by while nobody gave a buffer back. As many are passed
  /// over as fit into the delay, then one is shown, however late: a slow machine must not see nothing at all.
  bool passes_over(BootTime now);
  /// Decoding is slower than the clip: go on from here instead of falling back for ever.
  void slip_if_hopeless(BootTime now);
  Result<std::optional<FilledSlot>> fill(BootTime now);
  BootTime due_of(std::chrono::nanoseconds media_time) const { return zero_ + media_time; }

  const FileSpec spec_;
  CameraOptions options_;
  std::unique_ptr<VideoFile> file_;
  std::unique_ptr<FrameConverter> converter_;
  std::optional<PicturePool> pool_;
  std::optional<MediaClock> clock_;
  std::optional<RateCap> rate_cap_;
  BootTime zero_{};  ///< when media time 0 is shown; moves when decoding cannot keep up
  bool shown_any_ = false;
  std::chrono::nanoseconds media_time_{};
  std::chrono::nanoseconds frame_time_{};
  std::uint64_t sequence_ = 0;
  bool skipping_ = false;
  std::uint64_t to_skip_ = 0;
  std::chrono::nanoseconds late_before_{};  ///< of the picture before
  std::uint64_t slips_ = 0;
};

}  // namespace nestbox::capture
