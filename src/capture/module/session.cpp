#include "session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "configuration.h"
#include "devices.h"
#include "versions.h"

namespace nestbox::capture {
namespace {

namespace controls = libcamera::controls;
using libcamera::FrameMetadata;
using libcamera::Request;

constexpr std::size_t kAllocatorsMax = 8;

/// libcamera's codes are negative error numbers.
tl::unexpected<Error> refused(const std::string& attempt, int code) {
  return fail(ErrorKind::kUnavailable, fmt::format("{}: {}", attempt, std::strerror(-code)));
}

std::vector<BufferPlane> planes_of(const libcamera::FrameBuffer& buffer) {
  std::vector<BufferPlane> planes;
  const auto& theirs = buffer.planes();
  for (const auto& plane : theirs) {
    const bool has_offset = plane.offset != libcamera::FrameBuffer::Plane::kInvalidOffset;
    planes.push_back({plane.fd.get(), has_offset ? plane.offset : 0, plane.length});
  }
  return planes;
}

CompletedRequest::Status status_of(const Request& request, const libcamera::FrameBuffer& buffer, bool credible) {
  if (request.status() == Request::RequestCancelled) return CompletedRequest::Status::kCancelled;
  if (credible && buffer.metadata().status != FrameMetadata::FrameSuccess) return CompletedRequest::Status::kDamaged;
  return CompletedRequest::Status::kPicture;
}

template <class To, class From>
std::optional<To> converted(const std::optional<From>& value) {
  if (!value) return std::nullopt;
  return static_cast<To>(*value);
}

}  // namespace

LibcameraSession::~LibcameraSession() {
  requests_.clear();
  allocators_.clear();
  configuration_.reset();
  camera_->release();
}

Result<CameraPlan> LibcameraSession::configure(const CameraWish& wish) {
  configuration_ = choose_configuration(*camera_, wish);
  if (!configuration_) {
    return fail(ErrorKind::kUnavailable, fmt::format("camera {}: it offers no video stream", camera_->id()));
  }
  if (const int code = camera_->configure(configuration_.get()); code < 0) {
    return refused(fmt::format("camera {}: configure {}", camera_->id(), configuration_->at(0).toString()), code);
  }
  if (auto allocated = allocate(wish.buffers); !allocated) return tl::unexpected(allocated.error());
  if (auto made = make_requests(); !made) return tl::unexpected(made.error());
  abilities_ = abilities_of(*camera_);
  auto plan = plan_of(*configuration_);
  plan.requests = plan.in_flight = requests_.size();
  for (const auto& stream : *configuration_) {
    plan.in_flight = std::min<std::size_t>(plan.in_flight, std::max(1U, stream.bufferCount));
  }
  return plan;
}

Result<void> LibcameraSession::allocate(std::size_t wanted) {
  buffers_.resize(configuration_->size());
  const auto fewest = [this] {
    return std::min_element(buffers_.begin(), buffers_.end(),
                            [](const auto& one, const auto& other) { return one.size() < other.size(); })
        ->size();
  };
  while (fewest() < wanted && allocators_.size() < kAllocatorsMax) {
    allocators_.push_back(std::make_unique<libcamera::FrameBufferAllocator>(camera_));
    auto& allocator = *allocators_.back();
    for (unsigned i = 0; i < configuration_->size(); ++i) {
      auto* const stream = configuration_->at(i).stream();
      const int code = allocator.allocate(stream);
      if (code <= 0) {
        if (fewest() > 0) return {};  // fewer than wanted: the caller copes
        return refused(fmt::format("camera {}: allocate picture buffers", camera_->id()), code);
      }
      for (const auto& buffer : allocator.buffers(stream)) buffers_[i].push_back(buffer.get());
    }
  }
  return {};
}

Result<void> LibcameraSession::make_requests() {
  const bool has_analysis = buffers_.size() > 1;
  const auto count = has_analysis ? std::min(buffers_[0].size(), buffers_[1].size()) : buffers_[0].size();
  for (std::size_t i = 0; i < count; ++i) {
    auto request = camera_->createRequest(i);
    if (!request) return fail(ErrorKind::kUnavailable, fmt::format("camera {}: make a request", camera_->id()));
    for (std::size_t stream = 0; stream < buffers_.size(); ++stream) {
      const int code =
          request->addBuffer(configuration_->at(static_cast<unsigned>(stream)).stream(), buffers_[stream][i]);
      if (code < 0) return refused(fmt::format("camera {}: fill a request", camera_->id()), code);
    }
    requests_.push_back(std::move(request));
  }
  return {};
}

std::vector<RequestBuffers> LibcameraSession::buffers() const {
  std::vector<RequestBuffers> all(requests_.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].main = planes_of(*buffers_[0][i]);
    if (buffers_.size() > 1) all[i].analysis = planes_of(*buffers_[1][i]);
  }
  return all;
}

Result<void> LibcameraSession::start(const ControlSettings& settings, Completed on_completed) {
  on_completed_ = std::move(on_completed);
  camera_->requestCompleted.connect(this, [this](Request* request) { completed(*request); });
  camera_->disconnected.connect(this, [this] {
    unplugged_ = true;
    CompletedRequest gone;
    gone.status = CompletedRequest::Status::kUnplugged;
    on_completed_(gone);
  });
  for (auto& request : requests_) request->reuse(Request::ReuseBuffers);
  libcamera::ControlList list(camera_->controls());
  write_controls(settings, abilities_, exposure_, list);
  const int code = camera_->start(&list);
  if (code == 0) return {};
  stop();
  return refused(fmt::format("camera {}: start", camera_->id()), code);
}

Result<void> LibcameraSession::queue(std::size_t index, const ControlSettings& settings) {
  auto& request = *requests_.at(index);
  if (request.status() != Request::RequestPending) request.reuse(Request::ReuseBuffers);
  if (!settings.empty()) write_controls(settings, abilities_, exposure_, request.controls());
  const int code = camera_->queueRequest(&request);
  if (code < 0) return refused(fmt::format("camera {}: queue a request", camera_->id()), code);
  return {};
}

// Stopping a camera whose device is gone, without libcamera having been told, ends the process by an assertion of
// libcamera's.
void LibcameraSession::stop() {
  lost_ = !unplugged_ && video_device_is_gone();
  if (!lost_) camera_->stop();
  camera_->requestCompleted.disconnect(this);
  camera_->disconnected.disconnect(this);
}

// On libcamera's thread.
void LibcameraSession::completed(Request& request) const {
  const auto* const stream = configuration_->at(0).stream();
  const auto& buffer = *request.findBuffer(stream);
  const bool credible = is_credible(buffer);
  const libcamera::ControlList& metadata = request.metadata();
  CompletedRequest done;
  done.request = static_cast<std::size_t>(request.cookie());
  done.status = status_of(request, buffer, credible);
  if (credible) {
    done.sequence = buffer.metadata().sequence;
    const auto planes = buffer.metadata().planes();
    if (!planes.empty()) done.bytes_used = planes[0].bytesused;
  }
  done.sensor_stamp = metadata.get(controls::SensorTimestamp);
  done.exposure_us = converted<std::int64_t>(metadata.get(controls::ExposureTime));
  done.gain = metadata.get(controls::AnalogueGain);
  if (const auto digital = metadata.get(controls::DigitalGain); digital && done.gain) *done.gain *= *digital;
  done.lux = metadata.get(controls::Lux);
  done.focus_measure = converted<int>(metadata.get(controls::FocusFoM));
  done.lens_position = metadata.get(controls::LensPosition);
  on_completed_(done);
}

}  // namespace nestbox::capture
