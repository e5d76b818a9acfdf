// libgpiod 2, Debian trixie's.
#include <fcntl.h>
#include <fmt/format.h>
#include <gpiod.h>

#include <cerrno>
#include <memory>

#include "kernel_chips.h"

namespace nestbox::gpio {
namespace {

constexpr std::size_t kKernelHolds = 256;  // edges a line; a contact bounces less often before anybody looks
constexpr std::size_t kBatch = 64;

template <auto kFree>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
template <class T, auto kFree>
using Owned = std::unique_ptr<T, Freed<kFree>>;

using ChipHandle = Owned<gpiod_chip, gpiod_chip_close>;
using ChipInfo = Owned<gpiod_chip_info, gpiod_chip_info_free>;
using LineInfo = Owned<gpiod_line_info, gpiod_line_info_free>;
using Settings = Owned<gpiod_line_settings, gpiod_line_settings_free>;
using LineConfig = Owned<gpiod_line_config, gpiod_line_config_free>;
using RequestConfig = Owned<gpiod_request_config, gpiod_request_config_free>;
using Request = Owned<gpiod_line_request, gpiod_line_request_release>;
using EventBuffer = Owned<gpiod_edge_event_buffer, gpiod_edge_event_buffer_free>;

class HeldLine2 : public HeldLine {
 public:
  HeldLine2(Request request, EventBuffer buffer, unsigned offset, std::string name)
      : request_(std::move(request)), buffer_(std::move(buffer)), offset_(offset), name_(std::move(name)) {}

  /// Of an output there is nothing to read.
  int descriptor() const override { return buffer_ ? gpiod_line_request_get_fd(request_.get()) : -1; }
  Result<bool> level() override {
    const auto value = gpiod_line_request_get_value(request_.get(), offset_);
    if (value == GPIOD_LINE_VALUE_ERROR) return tl::unexpected(line_error(errno, "read " + name_));
    return value == GPIOD_LINE_VALUE_ACTIVE;
  }
  Result<void> set(bool active) override {
    const auto value = active ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
    if (gpiod_line_request_set_value(request_.get(), offset_, value) != 0)
      return tl::unexpected(line_error(errno, "set " + name_));
    return {};
  }
  Result<Edges> read() override {
    const int count = gpiod_line_request_read_edge_events(request_.get(), buffer_.get(), kBatch);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Edges{};
    if (count < 0) return tl::unexpected(line_error(errno, "read edges of " + name_));
    Edges batch;
    for (int i = 0; i < count; ++i) {
      auto* const event = gpiod_edge_event_buffer_get_event(buffer_.get(), static_cast<unsigned long>(i));
      const auto number = gpiod_edge_event_get_line_seqno(event);
      batch.lost = batch.lost || number != last_number_ + 1;
      last_number_ = number;
      const std::chrono::nanoseconds stamp(gpiod_edge_event_get_timestamp_ns(event));
      batch.edges.push_back(
          {gpiod_edge_event_get_event_type(event) == GPIOD_EDGE_EVENT_RISING_EDGE, boot_time_of_stamp(stamp)});
    }
    return batch;
  }

 private:
  const Request request_;
  const EventBuffer buffer_;
  const unsigned offset_;
  const std::string name_;
  unsigned long last_number_ = 0;  // the kernel counts from 1
};

gpiod_line_bias bias_of(LineBias bias) {
  switch (bias) {
    case LineBias::kNone:
      return GPIOD_LINE_BIAS_DISABLED;
    case LineBias::kPullUp:
      return GPIOD_LINE_BIAS_PULL_UP;
    case LineBias::kPullDown:
      return GPIOD_LINE_BIAS_PULL_DOWN;
  }
  return GPIOD_LINE_BIAS_AS_IS;
}

/// Nothing when there is no memory for it, as with all that libgpiod makes.
LineConfig line_config(const LineWish& wish) {
  Settings settings(gpiod_line_settings_new());
  LineConfig config(gpiod_line_config_new());
  if (!settings || !config) return nullptr;
  gpiod_line_settings_set_active_low(settings.get(), wish.active == ActiveLevel::kLow);
  if (wish.direction == LineWish::Direction::kInput) {
    gpiod_line_settings_set_direction(settings.get(), GPIOD_LINE_DIRECTION_INPUT);
    gpiod_line_settings_set_edge_detection(settings.get(), GPIOD_LINE_EDGE_BOTH);
    gpiod_line_settings_set_bias(settings.get(), bias_of(wish.bias));
  } else {
    gpiod_line_settings_set_direction(settings.get(), GPIOD_LINE_DIRECTION_OUTPUT);
    gpiod_line_settings_set_output_value(settings.get(),
                                         wish.level ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE);
  }
  if (gpiod_line_config_add_line_settings(config.get(), &wish.offset, 1, settings.get()) != 0) return nullptr;
  return config;
}

class Chip2 : public Chip {
 public:
  Chip2(ChipHandle chip, const ChipInfo& info)
      : chip_(std::move(chip)),
        name_{gpiod_chip_info_get_name(info.get()), gpiod_chip_info_get_label(info.get())},
        line_count_(static_cast<unsigned>(gpiod_chip_info_get_num_lines(info.get()))) {}

  const ChipName& name() const override { return name_; }
  unsigned line_count() const override { return line_count_; }
  std::optional<unsigned> find(const std::string& line_name) override {
    const int offset = gpiod_chip_get_line_offset_from_name(chip_.get(), line_name.c_str());
    if (offset < 0) return std::nullopt;
    return static_cast<unsigned>(offset);
  }
  std::string line_name(unsigned offset) override { return text_of(offset, gpiod_line_info_get_name); }
  std::string holder(unsigned offset) override { return text_of(offset, gpiod_line_info_get_consumer); }

  Result<std::unique_ptr<HeldLine>> request(const LineWish& wish) override {
    const std::string name = fmt::format("line {} of {}", wish.offset, name_.device);
    const bool input = wish.direction == LineWish::Direction::kInput;
    const LineConfig lines = line_config(wish);
    const RequestConfig config(gpiod_request_config_new());
    EventBuffer buffer(input ? gpiod_edge_event_buffer_new(kBatch) : nullptr);
    if (!lines || !config || (input && !buffer)) return tl::unexpected(request_error(ENOMEM, wish, name));
    gpiod_request_config_set_consumer(config.get(), wish.consumer.c_str());
    gpiod_request_config_set_event_buffer_size(config.get(), kKernelHolds);
    Request request(gpiod_chip_request_lines(chip_.get(), config.get(), lines.get()));
    if (!request) return tl::unexpected(request_error(errno, wish, name));
    if (input && ::fcntl(gpiod_line_request_get_fd(request.get()), F_SETFL, O_NONBLOCK) != 0)
      return tl::unexpected(line_error(errno, "set up " + name));
    return std::make_unique<HeldLine2>(std::move(request), std::move(buffer), wish.offset, name);
  }

 private:
  std::string text_of(unsigned offset, const char* (*text)(gpiod_line_info*)) const {
    const LineInfo info(gpiod_chip_get_line_info(chip_.get(), offset));
    const char* const found = info ? text(info.get()) : nullptr;
    return found == nullptr ? "" : found;
  }

  const ChipHandle chip_;
  const ChipName name_;
  const unsigned line_count_;
};

}  // namespace

Result<std::unique_ptr<Chip>> open_with_gpiod(const std::string& device) {
  const std::string path = "/dev/" + device;
  ChipHandle chip(gpiod_chip_open(path.c_str()));
  const ChipInfo info(chip ? gpiod_chip_get_info(chip.get()) : nullptr);
  if (!info) return tl::unexpected(line_error(errno, "open " + path));
  return std::make_unique<Chip2>(std::move(chip), info);
}

}  // namespace nestbox::gpio
