// libgpiod 1.6, Debian bookworm's.
#include <fcntl.h>
#include <fmt/format.h>
#include <gpiod.h>

#include <array>
#include <cerrno>

#include "kernel_chips.h"

namespace nestbox::gpio {
namespace {

constexpr std::size_t kKernelHolds = 16;  // edges a line (LINEEVENT_BUFFER_SIZE); further ones are dropped

/// Lines of it die with it, so each holds it.
using ChipHandle = std::shared_ptr<gpiod_chip>;

class HeldLine1 : public HeldLine {
 public:
  HeldLine1(ChipHandle chip, gpiod_line* line, std::string name)
      : chip_(std::move(chip)), line_(line), name_(std::move(name)) {}
  ~HeldLine1() override { gpiod_line_release(line_); }
  HeldLine1(const HeldLine1&) = delete;
  HeldLine1& operator=(const HeldLine1&) = delete;

  int descriptor() const override { return gpiod_line_event_get_fd(line_); }
  Result<bool> level() override {
    const int value = gpiod_line_get_value(line_);
    if (value < 0) return tl::unexpected(line_error(errno, "read " + name_));
    return value != 0;
  }
  Result<void> set(bool active) override {
    if (gpiod_line_set_value(line_, active ? 1 : 0) != 0) return tl::unexpected(line_error(errno, "set " + name_));
    return {};
  }
  Result<Edges> read() override {
    std::array<gpiod_line_event, kKernelHolds> events{};
    const int count = gpiod_line_event_read_multiple(line_, events.data(), events.size());
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return Edges{};
    if (count < 0) return tl::unexpected(line_error(errno, "read edges of " + name_));
    Edges batch;
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      const auto stamp = std::chrono::seconds(event.ts.tv_sec) + std::chrono::nanoseconds(event.ts.tv_nsec);
      batch.edges.push_back({event.event_type == GPIOD_LINE_EVENT_RISING_EDGE, boot_time_of_stamp(stamp)});
    }
    // This interface numbers no edges: when as many waited as the kernel holds, some may have been dropped.
    batch.lost = batch.edges.size() == kKernelHolds;
    return batch;
  }

 private:
  const ChipHandle chip_;
  gpiod_line* const line_;
  const std::string name_;
};

int flags_of(const LineWish& wish) {
  int flags = wish.active == ActiveLevel::kLow ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0;
  if (wish.direction == LineWish::Direction::kOutput) return flags;
  switch (wish.bias) {
    case LineBias::kNone:
      return flags | GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE;
    case LineBias::kPullUp:
      return flags | GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP;
    case LineBias::kPullDown:
      return flags | GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN;
  }
  return flags;
}

class Chip1 : public Chip {
 public:
  explicit Chip1(ChipHandle chip)
      : chip_(std::move(chip)), name_{gpiod_chip_name(chip_.get()), gpiod_chip_label(chip_.get())} {}

  const ChipName& name() const override { return name_; }
  unsigned line_count() const override { return gpiod_chip_num_lines(chip_.get()); }
  std::optional<unsigned> find(const std::string& line_name) override {
    gpiod_line* const line = gpiod_chip_find_line(chip_.get(), line_name.c_str());
    if (line == nullptr) return std::nullopt;
    return gpiod_line_offset(line);
  }
  std::string line_name(unsigned offset) override { return text_of(offset, gpiod_line_name); }
  std::string holder(unsigned offset) override { return text_of(offset, gpiod_line_consumer); }

  Result<std::unique_ptr<HeldLine>> request(const LineWish& wish) override {
    const std::string name = fmt::format("line {} of {}", wish.offset, name_.device);
    gpiod_line* const line = gpiod_chip_get_line(chip_.get(), wish.offset);
    if (line == nullptr) return tl::unexpected(line_error(errno, "look at " + name));
    const bool input = wish.direction == LineWish::Direction::kInput;
    const gpiod_line_request_config config{
        wish.consumer.c_str(), input ? GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES : GPIOD_LINE_REQUEST_DIRECTION_OUTPUT,
        flags_of(wish)};
    if (gpiod_line_request(line, &config, wish.level ? 1 : 0) != 0)
      return tl::unexpected(request_error(errno, wish, name));
    auto held = std::make_unique<HeldLine1>(chip_, line, name);
    if (input && ::fcntl(held->descriptor(), F_SETFL, O_NONBLOCK) != 0)
      return tl::unexpected(line_error(errno, "set up " + name));
    return held;
  }

 private:
  std::string text_of(unsigned offset, const char* (*text)(gpiod_line*)) const {
    gpiod_line* const line = gpiod_chip_get_line(chip_.get(), offset);
    const char* const found = line == nullptr ? nullptr : text(line);
    return found == nullptr ? "" : found;
  }

  const ChipHandle chip_;
  const ChipName name_;
};

}  // namespace

Result<std::unique_ptr<Chip>> open_with_gpiod(const std::string& device) {
  const std::string path = "/dev/" + device;
  ChipHandle chip(gpiod_chip_open(path.c_str()), [](gpiod_chip* opened) {
    if (opened != nullptr) gpiod_chip_close(opened);
  });
  if (!chip) return tl::unexpected(line_error(errno, "open " + path));
  return std::make_unique<Chip1>(std::move(chip));
}

}  // namespace nestbox::gpio
