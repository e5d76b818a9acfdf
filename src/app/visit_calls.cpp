/// Visits: looked at, explained, and what their owner says of them.
#include <fmt/format.h>

#include "call_context.h"
#include "nestbox/rules/since.h"
#include "visits_json.h"

namespace nestbox::calls {
namespace {

constexpr int kPageMax = 500;

/// A whole number of an argument; nothing where there is none; `wrong` where it is something else.
struct NumberArgument {
  bool wrong = false;
  std::optional<std::int64_t> value;
};
NumberArgument number_argument(const Json& arguments, const char* name) {
  const auto found = arguments.find(name);
  if (found == arguments.end() || found->is_null()) return {};
  if (!found->is_number_integer()) return {true, {}};
  return {false, found->get<std::int64_t>()};
}

std::optional<std::int64_t> visit_argument(const Context& context) {
  const auto id = number_argument(context.arguments, "id");
  if (id.value && *id.value > 0) return id.value;
  context.done(
      error(kBadUsage, "bad_usage", "the number of a visit is missing: see `nestbox visits`", "", "1, 2, 3 .."));
  return std::nullopt;
}

/// That a visit is unknown is no mistake in the question.
Answer visit_error(const Error& cause) {
  if (cause.kind == ErrorKind::kNotFound) return error(kFailed, "not_found", cause.message);
  return error(cause);
}

/// Answers with what the store says, on the main thread: `to_body` makes a body of it.
template <class T, class ToBody>
VisitStore::Done<T> answer_with(const Context& context, ToBody to_body) {
  return [&daemon = context.daemon, done = context.done, to_body](Result<T> result) {
    auto answer = result ? good(to_body(*result)) : visit_error(result.error());
    daemon.on_main([done, answer = std::move(answer)] { done(answer); });
  };
}

auto visit_body(const Context& context) {
  return [zone = context.daemon.time_zone()](const VisitRecord& visit) { return to_json(visit, zone); };
}

void list(const Context& context) {
  VisitQuery query;
  if (const auto since = text_argument(context.arguments, "since"); since && !since->empty()) {
    const auto moment = parse_since(*since, wall_now(), context.daemon.time_zone());
    if (!moment) return context.done(error(moment.error()));
    query.since = *moment;
  }
  const auto before = number_argument(context.arguments, "before"), limit = number_argument(context.arguments, "limit");
  if (before.wrong) return context.done(error(kBadUsage, "bad_value", "before is the number of a visit"));
  if (limit.wrong || limit.value.value_or(1) < 1 || limit.value.value_or(1) > kPageMax) {
    return context.done(error(kBadUsage, "bad_value", "limit is how many visits at once", "", "1 to 500"));
  }
  query.before = before.value;
  if (limit.value) query.limit = static_cast<int>(*limit.value);
  context.daemon.visits().list(
      query, answer_with<VisitPage>(
                 context, [zone = context.daemon.time_zone()](const VisitPage& page) { return to_json(page, zone); }));
}

void remark(const Context& context, const VisitRemark& remark) {
  const auto id = visit_argument(context);
  if (!id) return;
  context.daemon.visits().remark(*id, remark, answer_with<VisitRecord>(context, visit_body(context)));
}

Json to_json(const ReplayScore& score) {
  return {{"caught", score.caught}, {"missed", score.missed}, {"false", score.wrong}};
}

Answer replay_answer(const std::vector<MotionArchive::Trial>& trials, const TimeZone& zone) {
  ReplayScore before, after;
  auto changes = Json::array();
  const auto add = [](ReplayScore& sum, const ReplayScore& one) {
    sum.caught += one.caught;
    sum.missed += one.missed;
    sum.wrong += one.wrong;
  };
  for (const auto& trial : trials) {
    add(before, trial.before);
    add(after, trial.after);
    if (trial.before == trial.after) continue;
    changes.push_back({{"time", to_rfc3339(zone.to_local(trial.begin))},
                       {"before", to_json(trial.before)},
                       {"after", to_json(trial.after)}});
  }
  return good(
      {{"recordings", trials.size()}, {"before", to_json(before)}, {"after", to_json(after)}, {"changes", changes}});
}

}  // namespace

void visits(const Context& context) {
  if (!context.arguments.contains("id")) return list(context);
  const auto id = visit_argument(context);
  if (!id) return;
  context.daemon.visits().find(*id, answer_with<VisitRecord>(context, visit_body(context)));
}

void why(const Context& context) {
  const auto id = visit_argument(context);
  if (!id) return;
  context.daemon.visits().why(*id, answer_with<WhyRecord>(context, [](const WhyRecord& why) { return to_json(why); }));
}

void star(const Context& context) {
  const auto starred = context.arguments.find("starred");
  const bool given = starred != context.arguments.end();
  if (given && !starred->is_boolean()) {
    return context.done(error(kBadUsage, "bad_value", "starred is true or false", "", "true, false"));
  }
  VisitRemark what;
  what.starred = !given || starred->get<bool>();
  remark(context, what);
}

void note(const Context& context) {
  VisitRemark what;
  what.notes = text_argument(context.arguments, "text");
  if (!what.notes) return context.done(error(kBadUsage, "bad_usage", "note needs a text; an empty one deletes it"));
  remark(context, what);
}

void species(const Context& context) {
  VisitRemark what;
  what.species = text_argument(context.arguments, "name");
  if (!what.species)
    return context.done(error(kBadUsage, "bad_usage", "species needs a name; an empty one deletes it"));
  remark(context, what);
}

void replay(const Context& context) {
  std::vector<std::string> set_options;
  const auto given = context.arguments.value("set", Json::array());
  for (const auto& option : given.is_array() ? given : Json::array()) {
    if (option.is_string()) set_options.push_back(option.get<std::string>());
  }
  if (!given.is_array() || set_options.size() != given.size()) {
    return context.done(error(kBadUsage, "bad_usage", "set is a list of texts", "", "[\"motion.sensitivity=60\"]"));
  }
  const auto options = context.daemon.settings().tried(set_options);
  if (!options) return context.done(error(options.error()));
  const auto progress = [report = context.call.progress](std::size_t done, std::size_t of) {
    if (report) report(dump({{"done", done}, {"of", of}}));
  };
  context.daemon.replay(options->motion, progress,
                        [&daemon = context.daemon, done = context.done,
                         zone = context.daemon.time_zone()](Result<std::vector<MotionArchive::Trial>> trials) {
                          auto answer = trials ? replay_answer(*trials, zone) : visit_error(trials.error());
                          daemon.on_main([done, answer = std::move(answer)] { done(answer); });
                        });
}

void day(const Context& context) {
  auto moment = wall_now();
  if (const auto text = text_argument(context.arguments, "day"); text && !text->empty()) {
    const auto parsed = parse_since(*text, moment, context.daemon.time_zone());
    if (!parsed) return context.done(error(parsed.error()));
    moment = *parsed;
  }
  context.daemon.make_film(moment, [done = context.done](const Result<FilmMaker::Film>& film) {
    if (!film) return done(visit_error(film.error()));
    auto left_out = Json::array();
    for (const auto& clip : film->made.left_out)
      left_out.push_back({{"clip", clip.clip.filename().string()}, {"why", clip.why}});
    done(good({{"day", film->day},
               {"file", film->file},
               {"visits", film->visits},
               {"moments", film->made.moments},
               {"duration_s", to_seconds(film->made.duration)},
               {"left_out", left_out}}));
  });
}

}  // namespace nestbox::calls
