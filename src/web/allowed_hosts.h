#pragma once
/// Which Host headers are ours. A page elsewhere can make its own name point at this machine (DNS rebinding) and so
/// read what we serve; its requests carry its name, and are refused here.
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "nestbox/base/clock.h"

namespace nestbox::web {

/// The name or address in a Host header, without its port: lower case, no trailing dot, addresses in their shortest
/// form. Empty for what is no Host (RFC 9110, 7.2).
std::optional<std::string> host_in(std::string_view header);

/// Thread-bound. Loopback, this machine's names and addresses of the moment, and those its owner added.
class AllowedHosts {
 public:
  explicit AllowedHosts(const std::vector<std::string>& added);
  /// `host` as host_in() gives it.
  bool allows(const std::string& host, BootTime now);

 private:
  void look_at_machine();

  std::set<std::string> added_;
  std::set<std::string> own_;
  std::optional<BootTime> looked_at_;
};

}  // namespace nestbox::web
