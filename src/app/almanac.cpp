#include "almanac.h"

#include <libnova/solar.h>
#include <libnova/transform.h>

#include "nestbox/base/mutex.h"

namespace nestbox {
namespace {

/// libnova keeps what it worked out last in variables of its own, without a lock.
Mutex& libnova_mutex() {
  static Mutex mutex;
  return mutex;
}

double julian_day(WallTime time) {
  constexpr double kEpoch = 2440587.5;  // 1970-01-01 00:00 UTC
  constexpr double kDay_s = 86400;
  return kEpoch + to_seconds(time.time_since_epoch()) / kDay_s;
}

double sun_height_deg(const LocationOptions& place, WallTime time) {
  const double day = julian_day(time);
  ln_lnlat_posn observer{};
  observer.lat = place.latitude;
  observer.lng = place.longitude;
  ln_equ_posn sun{};
  ln_hrz_posn horizontal{};
  const Lock lock(libnova_mutex());
  ln_get_solar_equ_coords(day, &sun);
  ln_get_hrz_from_equ(&sun, &observer, day, &horizontal);
  return horizontal.alt;
}

}  // namespace

Almanac almanac_of(const std::optional<LocationOptions>& location) {
  if (!location) return {};
  return [place = *location](WallTime time) { return sun_height_deg(place, time); };
}

}  // namespace nestbox
