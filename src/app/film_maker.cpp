#include "film_maker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>

#include "nestbox/base/log.h"

namespace nestbox {
namespace {

constexpr auto kFilmsPart = "film";
constexpr auto kFilmsFolder = "films";
constexpr std::chrono::minutes kLook{5};  // a clock that was set may make a film due
constexpr std::chrono::seconds kLength{59};
constexpr int kVisitsMax = 1000;

std::string day_text(const LocalTime& local) {
  return fmt::format("{:04}-{:02}-{:02}", local.year, local.month, local.day);
}

/// The beginning of the local day that is `days` after that of `local`. A day has 23 to 25 hours.
WallTime day_begin(LocalTime local, int days, const TimeZone& zone) {
  local.hour = 12;
  local.minute = local.second = local.millisecond = 0;
  auto noon = zone.to_local(zone.to_wall(local) + days * std::chrono::hours(24));
  noon.hour = noon.minute = noon.second = noon.millisecond = 0;
  return zone.to_wall(noon);
}

/// The film that is due at a time of day, and of which day it is.
struct Due {
  int hour, minute, days_ago;
};
constexpr std::array kDue{Due{0, 10, 1}, Due{17, 0, 0}};

bool may_be_shown(const VisitRecord& visit) {
  return visit.end && visit.best_s && visit.clip_lead_s && !visit.clip.empty() && !is_false_alarm(visit);
}

}  // namespace

void FilmMaker::configure(Setup setup) {
  setup_ = std::move(setup);
  if (looked_at_ == WallTime{}) {
    looked_at_ = wall_now();
    schedule();
  }
}

void FilmMaker::schedule() {
  timer_.expires_after(kLook);
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    make_what_is_due(wall_now());
    schedule();
  });
}

void FilmMaker::make_what_is_due(WallTime now) {
  const auto since = std::exchange(looked_at_, now);
  for (const auto& due : kDue) {
    auto at = setup_.time_zone.to_local(now);
    at.hour = due.hour, at.minute = due.minute, at.second = at.millisecond = 0;
    const auto moment = setup_.time_zone.to_wall(at);
    if (moment <= since || moment > now) continue;
    const auto day = day_begin(at, -due.days_ago, setup_.time_zone);
    make(day, [](const Result<Film>& film) {
      if (film) return log::write(log::Level::kInfo, kFilmsPart, "the day's film is " + film->file);
      if (film.error().kind == ErrorKind::kNotFound) return;  // a day without visits
      NESTBOX_LOG_ERROR(kFilmsPart, "no film of the day: {}", film.error().message);
    });
  }
}

void FilmMaker::make(WallTime moment, Done done) {
  if (setup_.state.empty()) return done(fail(ErrorKind::kUnavailable, "paths.state is absent"));
  const auto local = setup_.time_zone.to_local(moment);
  VisitQuery query;
  query.since = day_begin(local, 0, setup_.time_zone);
  query.until = day_begin(local, 1, setup_.time_zone);
  query.limit = kVisitsMax;
  ports_.store.list(query, [this, day = day_text(local), done = std::move(done)](Result<VisitPage> page) {
    boost::asio::post(ports_.context, [this, day, done, page = std::move(page)] {
      if (!page) return done(tl::unexpected(page.error()));
      auto visits = page->visits;
      std::reverse(visits.begin(), visits.end());
      join(day, visits, done);
    });
  });
}

void FilmMaker::join(const std::string& day, const std::vector<VisitRecord>& visits, const Done& done) {
  Film film{day, fmt::format("{}/{}_{}.mp4", kFilmsFolder, setup_.box_name, day), 0, {}};
  FilmOrder order;
  order.file = setup_.state / film.file;
  order.title = setup_.box_name + "\n" + day;
  order.length_max = kLength;
  int count = 0;
  for (const auto& visit : visits) {
    ++count;
    if (!may_be_shown(visit)) continue;
    const auto at = setup_.time_zone.to_local(visit.begin);
    const auto best = std::chrono::duration<double>(std::max(0.0, *visit.best_s + *visit.clip_lead_s));
    order.moments.push_back({setup_.state / visit.clip, std::chrono::duration_cast<std::chrono::nanoseconds>(best),
                             visit.starred ? 1000 + visit.peak_score : visit.peak_score,
                             fmt::format("{:02}:{:02}", at.hour, at.minute), count});
  }
  film.visits = static_cast<int>(order.moments.size());
  if (order.moments.empty()) return done(fail(ErrorKind::kNotFound, "no visit with a clip on " + day));
  const auto posted = ports_.housekeeping.post([film, order, done, &context = ports_.context]() mutable {
    std::error_code ignored;
    std::filesystem::create_directory(order.file.parent_path(), ignored);
    auto made = make_day_film(order);
    boost::asio::post(context, [film = std::move(film), done, made = std::move(made)]() mutable {
      if (!made) return done(tl::unexpected(made.error()));
      film.made = std::move(*made);
      done(std::move(film));
    });
  });
  if (!posted) done(tl::unexpected(posted.error()));
}

}  // namespace nestbox
