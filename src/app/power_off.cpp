#include "power_off.h"

#include <fmt/format.h>
#include <systemd/sd-bus.h>

#include <cstring>
#include <memory>

namespace nestbox {
namespace {

constexpr std::uint64_t kPatience_us = 5'000'000;

struct BusCloser {
  void operator()(sd_bus* bus) const noexcept { sd_bus_flush_close_unref(bus); }
};

}  // namespace

// org.freedesktop.login1(5)
Result<void> power_off() {
  sd_bus* opened = nullptr;
  if (const int status = sd_bus_open_system(&opened); status < 0) {
    return fail(ErrorKind::kUnavailable,
                fmt::format("the system cannot be asked to power off: no system bus ({})", std::strerror(-status)));
  }
  const std::unique_ptr<sd_bus, BusCloser> bus(opened);
  sd_bus_set_method_call_timeout(bus.get(), kPatience_us);
  sd_bus_error refusal{};
  const int status = sd_bus_call_method(bus.get(), "org.freedesktop.login1", "/org/freedesktop/login1",
                                        "org.freedesktop.login1.Manager", "PowerOff", &refusal, nullptr, "b", 0);
  const std::string said = refusal.message != nullptr ? refusal.message : std::strerror(-status);
  sd_bus_error_free(&refusal);
  if (status >= 0) return {};
  return fail(
      ErrorKind::kUnavailable,
      fmt::format("the system refuses to power off: {}; the package's rule for polkit allows it to the user nestbox",
                  said));
}

}  // namespace nestbox
