#pragma once
/// How long to wait before the next try to reach a server.
#include <chrono>
#include <cstdint>
#include <optional>

#include "nestbox/base/clock.h"

namespace nestbox {

/// What became of a try, as far as the pace of trying depends on it.
enum class Setback : std::uint8_t {
  kUnreachable,  ///< no network, no name, nobody listens, no answer
  kBusy,         ///< the server still holds our old connection ("already publishing")
  kRejected,     ///< an answer that says no: reset, certificate, key
};

/// The pace of reconnecting. After a good session is lost: the first try almost at once, then about every second for
/// `kFastPhase`, for a server that restarts or a link that comes back; then 2, 4, ... 60 s with jitter. What was never
/// good goes 1, 2, 4, ... 60 s from the start. Only a session of `kHealthy` arms the fast phase anew (the first one
/// needs `kProven` alone), so a server that accepts and kicks for ever is not hammered.
/// Bounds: rejected for ever, at most 70 tries in any hour; otherwise at most 120 in the first hour, 62 in each later
/// one. Pure: time and chance come in as arguments. Thread-bound.
class Backoff {
 public:
  static constexpr std::chrono::seconds kHealthy{30};
  static constexpr std::chrono::seconds kProven{3};
  static constexpr std::chrono::seconds kFastPhase{45};
  static constexpr std::chrono::seconds kSlowest{60};

  /// The wait after a try that ended at `now`. `media_for`: how long its server took media, zero when it took none.
  /// `chance` in [0, 1).
  std::chrono::nanoseconds after(Setback setback, std::chrono::nanoseconds media_for, BootTime now, double chance);

  /// Whether tries are a second apart at present: connecting is to be cut short, for the next try follows at once.
  bool fast(BootTime now) const noexcept { return fast_until_ && now < *fast_until_; }

  /// The next failure starts the slow pace from its beginning again: somebody says that the network has changed.
  void ease() noexcept { slow_tries_ = 0; }

 private:
  bool arms(Setback setback, std::chrono::nanoseconds media_for) const noexcept;
  bool next_is_fast(Setback setback, BootTime now) noexcept;
  std::chrono::nanoseconds slow(double chance) noexcept;

  std::optional<BootTime> fast_until_;
  bool ever_armed_ = false;
  int fast_rejections_ = 0;
  int slow_tries_ = 0;
};

}  // namespace nestbox
