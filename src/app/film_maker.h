#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <string>

#include "jobs.h"
#include "nestbox/base/time_zone.h"
#include "nestbox/record/day_film.h"
#include "nestbox/store/visit_store.h"

namespace nestbox {

/// The day's film, of the visits that the store knows: on demand, at 17:00, so that it is there in the evening, and
/// once more after midnight, with what came after that. Main thread only; the work is done on the housekeeping thread.
class FilmMaker {
 public:
  struct Ports {
    boost::asio::io_context& context;
    VisitStore& store;
    Jobs& housekeeping;
  };
  struct Setup {
    std::filesystem::path state;  ///< empty: there is no folder, and no film
    std::string box_name;
    TimeZone time_zone = TimeZone::utc();
  };
  explicit FilmMaker(Ports ports) : ports_(ports), timer_(ports.context) {}

  void configure(Setup setup);

  struct Film {
    std::string day;   ///< "2026-11-21"
    std::string file;  ///< relative to paths.state
    int visits = 0;    ///< of that day, with a clip
    FilmResult made;
  };
  using Done = std::function<void(Result<Film>)>;
  /// The film of the local day in which `moment` lies; one of that day is replaced. `done` runs on the main thread.
  /// Errors: kNotFound when no visit of that day has a clip; those of make_day_film().
  void make(WallTime moment, Done done);

 private:
  void schedule();
  void make_what_is_due(WallTime due);
  void join(const std::string& day, const std::vector<VisitRecord>& visits, const Done& done);

  const Ports ports_;
  Setup setup_;
  boost::asio::steady_timer timer_;
  WallTime looked_at_{};  ///< films due until then have been made
};

}  // namespace nestbox
