#include "visit_database.h"

#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <utility>

#include "connection.h"
#include "nestbox/base/file.h"
#include "nestbox/base/utf8.h"
#include "salvage.h"
#include "set_aside.h"

namespace nestbox::store {
namespace {

using SQLite::Statement;

constexpr int kPageMax = 1000;
constexpr std::size_t kNotesBytesMax = 2000;
constexpr std::size_t kSpeciesBytesMax = 100;
constexpr std::chrono::seconds kAroundVisit(30);
constexpr int kMotionMax = 1000;             // told of one visit
constexpr int kNearMissesKept = 100'000;     // some 20 MB; a restless tree makes a thousand a day
constexpr std::int64_t kForgetEvery = 1000;  // motions

constexpr auto kEarliest = std::numeric_limits<std::int64_t>::min();
constexpr auto kLatest = std::numeric_limits<std::int64_t>::max();

#define VISIT_COLUMNS                                                                                                \
  "id, begin_ns, end_ns, clock_trusted, by_motion, by_pir, by_lid, by_button, peak_score, continues_id, clip_path, " \
  "photo_path, clip_lead_s, best_moment_s, starred, notes, species"

constexpr const char* kFindVisit = "SELECT " VISIT_COLUMNS " FROM visit WHERE id = ?1";
constexpr const char* kListVisits = "SELECT " VISIT_COLUMNS
                                    " FROM visit WHERE begin_ns >= ?1 AND begin_ns < ?2 AND (begin_ns, id) < (?3, ?4)"
                                    " ORDER BY begin_ns DESC, id DESC LIMIT ?5";
constexpr const char* kUnfinished = "SELECT " VISIT_COLUMNS " FROM visit WHERE end_ns IS NULL ORDER BY begin_ns, id";
constexpr const char* kRecorded = "SELECT " VISIT_COLUMNS
                                  " FROM visit WHERE clip_path IS NOT NULL OR photo_path IS NOT NULL"
                                  " ORDER BY begin_ns, id";
constexpr const char* kZones = "SELECT zone FROM visit_zone WHERE visit_id = ?1 ORDER BY position";

#define MOTION_COLUMNS "id, visit_id, near_miss, begin_ns, end_ns, area_share, peak_score, threshold_score, zone"

constexpr const char* kEvents =
    "SELECT " MOTION_COLUMNS " FROM motion WHERE visit_id = ?1 AND near_miss = 0 ORDER BY begin_ns, id LIMIT ?2";
constexpr const char* kNearMisses = "SELECT " MOTION_COLUMNS
                                    " FROM motion WHERE near_miss = 1 AND begin_ns <= ?2 AND end_ns >= ?1"
                                    " ORDER BY begin_ns, id LIMIT ?3";
constexpr const char* kReasons = "SELECT code, held_s, ago_s FROM motion_reason WHERE motion_id = ?1 ORDER BY position";

// `continues` of a visit that was in a database set aside since is dropped, so that this one is kept all the same.
constexpr const char* kInsertVisit =
    "INSERT INTO visit (begin_ns, end_ns, clock_trusted, by_motion, by_pir, by_lid, by_button, peak_score, "
    "continues_id,"
    " clip_path, photo_path, clip_lead_s, best_moment_s, starred, notes, species) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
    "?8,"
    " (SELECT id FROM visit WHERE id = ?9), ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
constexpr const char* kUpdateVisit =
    "UPDATE visit SET begin_ns = ?1, end_ns = ?2, clock_trusted = ?3, by_motion = ?4, by_pir = ?5, by_lid = ?6,"
    " by_button = ?7, peak_score = ?8, continues_id = (SELECT id FROM visit WHERE id = ?9), clip_path = ?10,"
    " photo_path = ?11, clip_lead_s = ?12, best_moment_s = ?13 WHERE id = ?14";

constexpr const char* kCorrectVisits =
    "UPDATE visit SET begin_ns = begin_ns + ?3, end_ns = end_ns + ?3, clock_trusted = 1"
    " WHERE clock_trusted = 0 AND begin_ns BETWEEN ?1 AND ?2";
constexpr const char* kCorrectMotions =
    "UPDATE motion SET begin_ns = begin_ns + ?3, end_ns = end_ns + ?3 WHERE begin_ns BETWEEN ?1 AND ?2 AND"
    " (visit_id IS NULL OR visit_id IN (SELECT id FROM visit WHERE clock_trusted = 0 AND begin_ns BETWEEN ?1 AND ?2))";

std::int64_t to_ns(WallTime time) {
  return time.time_since_epoch().count();
}

WallTime to_time(std::int64_t ns) {
  return WallTime(std::chrono::nanoseconds(ns));
}

template <class T>
void bind_optional(Statement& statement, int index, const std::optional<T>& value) {
  if (value) {
    statement.bind(index, *value);
  } else {
    statement.bind(index);
  }
}

/// What is empty is NULL in a column that may be.
void bind_name(Statement& statement, int index, const std::string& name) {
  if (name.empty()) {
    statement.bind(index);
  } else {
    statement.bind(index, name);
  }
}

/// ?1 to ?13 of kInsertVisit and kUpdateVisit.
void bind_facts(Statement& statement, const VisitRecord& visit) {
  statement.bind(1, to_ns(visit.begin));
  bind_optional(statement, 2, visit.end ? std::optional(to_ns(*visit.end)) : std::nullopt);
  statement.bind(3, visit.clock_trusted ? 1 : 0);
  int index = 4;
  for (const auto trigger : kEveryTrigger) statement.bind(index++, visit.triggers.contains(trigger) ? 1 : 0);
  statement.bind(8, visit.peak_score);
  bind_optional(statement, 9, visit.continues);
  bind_name(statement, 10, visit.clip);
  bind_name(statement, 11, visit.photo);
  bind_optional(statement, 12, visit.clip_lead_s);
  bind_optional(statement, 13, visit.best_s);
}
static_assert(std::size(kEveryTrigger) == 4, "the table has a column for each: a step of the schema is due");

void write_zones(SQLite::Database& database, std::int64_t id, const std::vector<std::string>& zones) {
  Statement insert(database, "INSERT INTO visit_zone (visit_id, position, zone) VALUES (?1, ?2, ?3)");
  int position = 0;
  for (const auto& zone : zones) {
    insert.bind(1, id);
    insert.bind(2, position++);
    insert.bind(3, zone);
    insert.exec();
    insert.reset();
  }
}

template <class T>
std::optional<T> optional_column(Statement& row, int index) {
  const auto column = row.getColumn(index);
  if (column.isNull()) return std::nullopt;
  if constexpr (std::is_same_v<T, double>) return column.getDouble();
  if constexpr (std::is_same_v<T, std::int64_t>) return column.getInt64();
}

VisitRecord to_visit(Statement& row) {
  VisitRecord visit;
  visit.id = row.getColumn(0).getInt64();
  visit.begin = to_time(row.getColumn(1).getInt64());
  if (const auto end = optional_column<std::int64_t>(row, 2)) visit.end = to_time(*end);
  visit.clock_trusted = row.getColumn(3).getInt() != 0;
  int index = 4;
  for (const auto trigger : kEveryTrigger) {
    if (row.getColumn(index++).getInt() != 0) visit.triggers.add(trigger);
  }
  visit.peak_score = row.getColumn(8).getDouble();
  visit.continues = optional_column<std::int64_t>(row, 9);
  visit.clip = row.getColumn(10).getString();
  visit.photo = row.getColumn(11).getString();
  visit.clip_lead_s = optional_column<double>(row, 12);
  visit.best_s = optional_column<double>(row, 13);
  visit.starred = row.getColumn(14).getInt() != 0;
  visit.notes = row.getColumn(15).getString();
  visit.species = row.getColumn(16).getString();
  return visit;
}

std::vector<VisitRecord> read_visits(SQLite::Database& database, Statement& select) {
  std::vector<VisitRecord> visits;
  Statement zones(database, kZones);
  while (select.executeStep()) {
    auto& visit = visits.emplace_back(to_visit(select));
    zones.bind(1, visit.id);
    while (zones.executeStep()) visit.zones.push_back(zones.getColumn(0).getString());
    zones.reset();
  }
  return visits;
}

std::optional<VisitRecord> read_visit(SQLite::Database& database, std::int64_t id) {
  Statement select(database, kFindVisit);
  select.bind(1, id);
  auto visits = read_visits(database, select);
  if (visits.empty()) return std::nullopt;
  return std::move(visits.front());
}

std::vector<MotionRecord> read_motions(SQLite::Database& database, Statement& select) {
  std::vector<MotionRecord> motions;
  Statement reasons(database, kReasons);
  while (select.executeStep()) {
    auto& motion = motions.emplace_back();
    motion.visit = optional_column<std::int64_t>(select, 1);
    motion.near_miss = select.getColumn(2).getInt() != 0;
    motion.begin = to_time(select.getColumn(3).getInt64());
    motion.end = to_time(select.getColumn(4).getInt64());
    motion.area = select.getColumn(5).getDouble();
    motion.peak_score = select.getColumn(6).getDouble();
    motion.threshold = select.getColumn(7).getDouble();
    motion.zone = select.getColumn(8).getString();
    reasons.bind(1, select.getColumn(0).getInt64());
    while (reasons.executeStep()) {
      motion.reasons.push_back({reasons.getColumn(0).getString(), reasons.getColumn(1).getDouble(),  //
                                reasons.getColumn(2).getDouble()});
    }
    reasons.reset();
  }
  return motions;
}

std::int64_t write_motion(SQLite::Database& database, const MotionRecord& motion) {
  Statement insert(database,
                   "INSERT INTO motion (visit_id, near_miss, begin_ns, end_ns, area_share, peak_score, threshold_score,"
                   " zone) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  bind_optional(insert, 1, motion.visit);
  insert.bind(2, motion.near_miss ? 1 : 0);
  insert.bind(3, to_ns(motion.begin));
  insert.bind(4, to_ns(motion.end));
  insert.bind(5, motion.area);
  insert.bind(6, motion.peak_score);
  insert.bind(7, motion.threshold);
  bind_name(insert, 8, motion.zone);
  insert.exec();
  return database.getLastInsertRowid();
}

void write_reasons(SQLite::Database& database, std::int64_t motion, const std::vector<MotionReason>& reasons) {
  Statement insert(database,
                   "INSERT INTO motion_reason (motion_id, position, code, held_s, ago_s) VALUES (?1, ?2, ?3, ?4, ?5)");
  int position = 0;
  for (const auto& reason : reasons) {
    insert.bind(1, motion);
    insert.bind(2, position++);
    insert.bind(3, reason.code);
    insert.bind(4, reason.for_s);
    insert.bind(5, reason.ago_s);
    insert.exec();
    insert.reset();
  }
}

/// Visits and their events stay for ever; near misses would outnumber them a hundred times.
void forget_old_near_misses(SQLite::Database& database) {
  Statement remove(database,
                   "DELETE FROM motion WHERE near_miss = 1 AND id <="
                   " (SELECT id FROM motion WHERE near_miss = 1 ORDER BY id DESC LIMIT 1 OFFSET ?1)");
  remove.bind(1, kNearMissesKept);
  remove.exec();
}

tl::unexpected<Error> no_such_visit(std::int64_t id) {
  return fail(ErrorKind::kNotFound, fmt::format("there is no visit {}", id));
}

Result<void> check_text(const char* what, const std::optional<std::string>& text, std::size_t bytes_max) {
  if (!text) return {};
  if (text->size() > bytes_max) {
    return fail(ErrorKind::kInvalidArgument,
                fmt::format("{}: {} bytes are too many; at most {}", what, text->size(), bytes_max));
  }
  if (!is_utf8(*text) || text->find('\0') != std::string::npos) {
    return fail(ErrorKind::kInvalidArgument, fmt::format("{}: this is no text in UTF-8", what));
  }
  return {};
}

/// Makes the file, or finds out in the system's words why it cannot be.
Result<void> make_file(const std::filesystem::path& file) {
  const FileDescriptor made(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (made) return {};
  return fail(ErrorKind::kUnavailable, fmt::format("open {}: {}", file.string(), system_error_text(errno)));
}

}  // namespace

VisitDatabase::VisitDatabase(std::filesystem::path file, std::unique_ptr<SQLite::Database> connection)
    : file_(std::move(file)), connection_(std::move(connection)) {}

VisitDatabase::~VisitDatabase() = default;

Result<std::unique_ptr<VisitDatabase>> VisitDatabase::open_once(const std::filesystem::path& file,
                                                                const std::function<bool()>& go_on) {
  if (auto made = make_file(file); !made) return tl::unexpected(std::move(made.error()));
  auto connection = connect(file, go_on);
  if (!connection) return tl::unexpected(std::move(connection.error()));
  for (const char* select : {kFindVisit, kZones, kEvents, kReasons}) Statement(**connection, select);
  return std::unique_ptr<VisitDatabase>(new VisitDatabase(file, std::move(*connection)));
}

Result<VisitDatabase::Opened> VisitDatabase::open(const std::filesystem::path& file,
                                                  const std::function<bool()>& go_on) {
  try {
    auto database = open_once(file, go_on);
    if (!database) return tl::unexpected(std::move(database.error()));
    return Opened{std::move(*database), "", 0};
  } catch (const SQLite::Exception& exception) {
    if (!is_not_ours(exception)) return fail(to_error(exception), "open " + file.string());
  }
  return open_anew(file, go_on);
}

Result<VisitDatabase::Opened> VisitDatabase::open_anew(const std::filesystem::path& file,
                                                       const std::function<bool()>& go_on) {
  auto name = set_aside(file, wall_now());
  if (!name) return tl::unexpected(std::move(name.error()));
  try {
    auto database = open_once(file, go_on);
    if (!database) return tl::unexpected(std::move(database.error()));
    const auto saved = salvage(file.parent_path() / *name, *(*database)->connection_, go_on);
    return Opened{std::move(*database), std::move(*name), saved};
  } catch (const SQLite::Exception& exception) {
    return fail(to_error(exception), "begin a new " + file.string());
  }
}

template <class Work>
auto VisitDatabase::attempt(std::string_view what, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const SQLite::Exception& exception) {
    damaged_ = damaged_ || is_damage(exception);
    return fail(to_error(exception), fmt::format("{} in {}", what, file_.string()));
  }
}

Result<std::int64_t> VisitDatabase::insert(const VisitRecord& visit) {
  return attempt("keep a visit", [&]() -> Result<std::int64_t> {
    SQLite::Transaction transaction(*connection_, SQLite::TransactionBehavior::IMMEDIATE);
    Statement insert(*connection_, kInsertVisit);
    bind_facts(insert, visit);
    insert.bind(14, visit.starred ? 1 : 0);
    insert.bind(15, visit.notes);
    insert.bind(16, visit.species);
    insert.exec();
    const std::int64_t id = connection_->getLastInsertRowid();
    write_zones(*connection_, id, visit.zones);
    transaction.commit();
    return id;
  });
}

Result<void> VisitDatabase::update(const VisitRecord& visit) {
  return attempt(fmt::format("update visit {}", visit.id), [&]() -> Result<void> {
    SQLite::Transaction transaction(*connection_, SQLite::TransactionBehavior::IMMEDIATE);
    Statement update(*connection_, kUpdateVisit);
    bind_facts(update, visit);
    update.bind(14, visit.id);
    if (update.exec() == 0) return no_such_visit(visit.id);
    Statement clear(*connection_, "DELETE FROM visit_zone WHERE visit_id = ?1");
    clear.bind(1, visit.id);
    clear.exec();
    write_zones(*connection_, visit.id, visit.zones);
    transaction.commit();
    return {};
  });
}

Result<VisitRecord> VisitDatabase::remark(std::int64_t id, const VisitRemark& remark) {
  if (auto good = check_text("notes", remark.notes, kNotesBytesMax); !good) return tl::unexpected(good.error());
  if (auto good = check_text("species", remark.species, kSpeciesBytesMax); !good) return tl::unexpected(good.error());
  return attempt(fmt::format("note what is said of visit {}", id), [&]() -> Result<VisitRecord> {
    SQLite::Transaction transaction(*connection_, SQLite::TransactionBehavior::IMMEDIATE);
    Statement update(*connection_,
                     "UPDATE visit SET starred = coalesce(?1, starred), notes = coalesce(?2, notes),"
                     " species = coalesce(?3, species) WHERE id = ?4");
    bind_optional(update, 1, remark.starred ? std::optional(*remark.starred ? 1 : 0) : std::nullopt);
    bind_optional(update, 2, remark.notes);
    bind_optional(update, 3, remark.species);
    update.bind(4, id);
    if (update.exec() == 0) return no_such_visit(id);
    auto visit = read_visit(*connection_, id);
    transaction.commit();
    return std::move(*visit);
  });
}

Result<VisitRecord> VisitDatabase::find(std::int64_t id) {
  return attempt(fmt::format("read visit {}", id), [&]() -> Result<VisitRecord> {
    auto visit = read_visit(*connection_, id);
    if (!visit) return no_such_visit(id);
    return std::move(*visit);
  });
}

Result<VisitPage> VisitDatabase::list(const VisitQuery& query) {
  if (query.limit < 1 || query.limit > kPageMax) {
    return fail(ErrorKind::kInvalidArgument, fmt::format("limit: {} is not between 1 and {}", query.limit, kPageMax));
  }
  return attempt("list visits", [&]() -> Result<VisitPage> {
    std::int64_t until_ns = query.until ? to_ns(*query.until) : kLatest;
    std::int64_t before_ns = kLatest;
    if (query.before) {
      const auto last = read_visit(*connection_, *query.before);
      if (!last) return no_such_visit(*query.before);
      before_ns = to_ns(last->begin);
      until_ns = std::min(until_ns, before_ns + 1);  // where SQLite begins to look; the rest of them it would pass over
    }
    Statement select(*connection_, kListVisits);
    select.bind(1, query.since ? to_ns(*query.since) : kEarliest);
    select.bind(2, until_ns);
    select.bind(3, before_ns);
    select.bind(4, query.before.value_or(kLatest));
    select.bind(5, query.limit + 1);
    VisitPage page{read_visits(*connection_, select), {}};
    if (page.visits.size() > static_cast<std::size_t>(query.limit)) {
      page.visits.pop_back();
      page.next = page.visits.back().id;
    }
    return page;
  });
}

Result<void> VisitDatabase::correct_clock(const ClockWatch::Correction& correction) {
  return attempt("put times right", [&]() -> Result<void> {
    SQLite::Transaction transaction(*connection_, SQLite::TransactionBehavior::IMMEDIATE);
    // Motions first: they are known by the visits as they are.
    for (const auto* const sql : {kCorrectMotions, kCorrectVisits}) {
      Statement update(*connection_, sql);
      update.bind(1, to_ns(correction.since));
      update.bind(2, to_ns(correction.until));
      update.bind(3, static_cast<std::int64_t>(correction.by.count()));
      update.exec();
    }
    transaction.commit();
    return {};
  });
}

Result<void> VisitDatabase::add_motion(const MotionRecord& motion) {
  return attempt("keep a motion", [&]() -> Result<void> {
    SQLite::Transaction transaction(*connection_, SQLite::TransactionBehavior::IMMEDIATE);
    if (motion.visit && !read_visit(*connection_, *motion.visit)) return no_such_visit(*motion.visit);
    const auto id = write_motion(*connection_, motion);
    write_reasons(*connection_, id, motion.reasons);
    if (id % kForgetEvery == 0) forget_old_near_misses(*connection_);
    transaction.commit();
    return {};
  });
}

Result<WhyRecord> VisitDatabase::why(std::int64_t id) {
  return attempt(fmt::format("read the motion of visit {}", id), [&]() -> Result<WhyRecord> {
    auto visit = read_visit(*connection_, id);
    if (!visit) return no_such_visit(id);
    WhyRecord why{std::move(*visit), {}, {}};
    Statement events(*connection_, kEvents);
    events.bind(1, id);
    events.bind(2, kMotionMax);
    why.events = read_motions(*connection_, events);
    Statement near_misses(*connection_, kNearMisses);
    near_misses.bind(1, to_ns(why.visit.begin - kAroundVisit));
    near_misses.bind(2, why.visit.end ? to_ns(*why.visit.end + kAroundVisit) : kLatest);
    near_misses.bind(3, kMotionMax);
    why.near_misses = read_motions(*connection_, near_misses);
    return why;
  });
}

Result<std::vector<VisitRecord>> VisitDatabase::unfinished() {
  return attempt("read unfinished visits", [&]() -> Result<std::vector<VisitRecord>> {
    Statement select(*connection_, kUnfinished);
    return read_visits(*connection_, select);
  });
}

Result<std::vector<VisitRecord>> VisitDatabase::with_recordings() {
  return attempt("read the visits with recordings", [&]() -> Result<std::vector<VisitRecord>> {
    Statement select(*connection_, kRecorded);
    return read_visits(*connection_, select);
  });
}

}  // namespace nestbox::store
