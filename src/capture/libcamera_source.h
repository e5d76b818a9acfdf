#pragma once
/// A real camera, behind the port of camera_port.h.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "camera_buffers.h"
#include "camera_controls.h"
#include "camera_converter.h"
#include "camera_port.h"
#include "frame_source.h"
#include "media_clock.h"
#include "nestbox/base/bounded_queue.h"
#include "picture_pool.h"
#include "sensor_clock.h"

namespace nestbox::capture {

/// Lends the camera's own buffers out, a slot for each request. Where the encoder cannot take them, or there are too
/// few to lend, each picture is converted once into a pool of our own, and its request goes straight back.
class LibcameraSource final : public FrameSource {
 public:
  /// `id` empty: the first camera.
  LibcameraSource(std::string id, const CameraOptions& options, BackendMaker make_backend);
  ~LibcameraSource() override;

  void set_wake(const Wake& wake) override { wake_ = wake; }
  /// Errors: kNotFound when no such camera is there, kBusy when another program has it.
  Result<SourceFormat> start() override;
  Result<std::optional<FilledSlot>> poll(BootTime now) override;
  void painted(SlotIndex slot) override;
  BootTime next_due() const override;
  bool wants_slot() const override;
  void give_back(SlotIndex slot) override;
  Adjusted adjust(const CameraOptions& options) override;
  void stop() override;
  bool needs_fresh_start() const override { return lost_; }
  bool is_device() const override { return true; }
  std::string name() const override;
  std::vector<std::string> notes() const override;
  std::uint64_t notes_revision() const override { return converted_ + damaged_ + unstamped_ + revision_; }

 private:
  /// What libcamera's thread reaches: it posts, and wakes the capture thread. Outlives the source while a call is on
  /// its way.
  struct Mail {
    explicit Mail(std::size_t capacity) : completed(capacity) {}
    BoundedQueue<CompletedRequest> completed;
    Wake wake;
  };

  Result<std::string> find_camera();
  Result<void> configure(const PictureMemory::Shape& shape);
  Result<void> map_buffers();
  void add_analysis_planes(int asked_width);
  Result<void> make_converter();
  Result<void> begin();
  Result<void> feed();
  SourceFormat format() const;
  std::optional<LensRange> lens() const;
  CameraOptions in_software() const;
  Result<std::optional<FilledSlot>> take(const CompletedRequest& done, BootTime now);
  bool fill_lent(const CompletedRequest& done, FilledSlot& filled);
  bool fill_converted(const CompletedRequest& done, FilledSlot& filled);
  void leave_library();
  void count_lost(const CompletedRequest& done);
  void note_stamp(SensorClock::Trust trust);
  void put_back(std::size_t request) { idle_.push_back(request); }

  const std::string wanted_id_;
  CameraOptions options_;
  const BackendMaker make_backend_;
  Wake wake_;

  // Order matters: sessions end before the library.
  std::shared_ptr<CameraBackend> backend_;
  std::unique_ptr<CameraSession> session_;
  std::string id_, model_;
  CameraPlan plan_;
  CameraAbilities abilities_;
  ControlChoice choice_;
  ControlSettings pending_;  ///< to go with the next request
  std::shared_ptr<CameraMemory> memory_;
  std::shared_ptr<Mail> mail_;
  std::vector<std::size_t> idle_;  ///< requests that are neither queued nor lent
  std::size_t queued_ = 0;

  std::optional<PicturePool> pool_;  ///< only where pictures are converted
  std::unique_ptr<CameraConverter> converter_;
  std::vector<std::uint16_t> column_sums_;

  std::optional<RateCap> rate_cap_;
  std::optional<std::uint32_t> last_driver_sequence_;
  std::uint64_t sequence_ = 0;
  std::size_t cancelled_in_a_row_ = 0;
  std::optional<Error> broken_;
  bool lost_ = false;
  std::uint64_t converted_ = 0, damaged_ = 0, unstamped_ = 0, revision_ = 0;
  std::optional<SensorClock::Trust> stamps_;
};

}  // namespace nestbox::capture
