#pragma once
/// All lines of a setup.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel_chips.h"
#include "line_slot.h"
#include "nestbox/base/file.h"
#include "nestbox/base/log.h"
#include "nestbox/gpio/lines.h"
#include "simulated_chips.h"

namespace nestbox {

class Lines::Bank {
 public:
  explicit Bank(std::function<void(const LineChange&)> changed);
  ~Bank();
  Bank(const Bank&) = delete;
  Bank& operator=(const Bank&) = delete;

  void apply(const Setup& setup, BootTime now);
  int descriptor() const noexcept { return waiting_.get(); }
  void read(BootTime now);
  void tick(BootTime now);
  std::optional<BootTime> next_deadline() const;
  void set(std::string_view output, Level level);
  std::vector<LineStatus> status() const;
  Result<void> simulate(std::string_view input, Level level, BootTime now);
  Result<Level> simulated(std::string_view name) const;

 private:
  using Slots = std::vector<std::unique_ptr<gpio::LineSlot>>;

  void hold(gpio::LineSlot& slot, BootTime now, std::vector<LineChange>& changes);
  void report(std::vector<LineChange> changes);
  void tell_log();
  Result<const gpio::LineSlot*> simulated_slot(std::string_view name) const;

  const std::function<void(const LineChange&)> changed_;
  FileDescriptor waiting_;  // an epoll set of all lines, so that the main loop's descriptor is always the same one
  log::RateLimit log_limit_;
  gpio::KernelChips kernel_;
  gpio::SimulatedChips simulated_;
  Slots slots_;
};

}  // namespace nestbox
