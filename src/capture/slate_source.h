#pragma once
/// A still picture with a few words, where there is no picture.
#include <memory>
#include <optional>
#include <string>

#include "frame_source.h"
#include "picture_pool.h"

namespace nestbox::capture {

/// Two pictures a second: enough for a stream that must not stop, and for the clock in its corner.
class SlateSource final : public FrameSource {
 public:
  /// `text`: UTF-8, lines parted by '\n'.
  SlateSource(std::string text, const CameraOptions& options) : text_(std::move(text)), options_(options) {}

  Result<SourceFormat> start() override;
  Result<std::optional<FilledSlot>> poll(BootTime now) override;
  BootTime next_due() const override { return wants_slot() ? BootTime::max() : BootTime::min(); }
  bool wants_slot() const override { return pool_->empty(); }
  void give_back(SlotIndex slot) override { pool_->give_back(slot); }
  Adjusted adjust(const CameraOptions& options) override;
  void stop() override { pool_.reset(); }
  std::string name() const override { return "slate"; }
  std::vector<std::string> notes() const override { return {}; }
  std::uint64_t notes_revision() const override { return 0; }

 private:
  const std::string text_;
  CameraOptions options_;
  std::unique_ptr<PictureMemory> still_;
  std::optional<PicturePool> pool_;
  std::optional<BootTime> zero_;  ///< when picture 0 is due
  std::uint64_t next_sequence_ = 0;
};

}  // namespace nestbox::capture
