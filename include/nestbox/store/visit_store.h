#pragma once
/// Visits and what moved in them, in SQLite (docs/database.md), on a thread of its own.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nestbox/base/result.h"
#include "nestbox/base/thread.h"
#include "nestbox/rules/clock_watch.h"
#include "nestbox/rules/visit.h"

namespace nestbox {

struct VisitQuery {
  std::optional<WallTime> since;       ///< visits that began then or later
  std::optional<WallTime> until;       ///< and before that
  std::optional<std::int64_t> before;  ///< an id: the page after the one that ended with it
  int limit = 100;                     ///< 1 to 1000
};
struct VisitPage {
  std::vector<VisitRecord> visits;   ///< newest first, by their begin
  std::optional<std::int64_t> next;  ///< VisitQuery::before of the next page; none: there is no more
};
/// What the owner says of a visit; what is empty stays as it was.
struct VisitRemark {
  std::optional<bool> starred;
  std::optional<std::string> notes, species;  ///< at most 2000 and 100 bytes of UTF-8
};
struct WhyRecord {
  VisitRecord visit;
  std::vector<MotionRecord> events;       ///< in order of time
  std::vector<MotionRecord> near_misses;  ///< within the visit and half a minute around it
};

struct StoreStatus {
  enum class State : std::uint8_t {
    kClosed,
    kOpen,
    kFailed,  ///< it could not be opened, or the disk refused the last change
  } state = State::kClosed;
  std::string last_error;     ///< why kFailed; empty otherwise
  std::string set_aside;      ///< file name of the database that was damaged, the last one since start; empty: none was
  std::int64_t saved = 0;     ///< visits that could be read in it still, and are in the new one
  std::uint64_t refused = 0;  ///< orders, because too many waited
};

/// Every order is taken at once and done on the store's thread, in the order given; `done` runs there too, once, and
/// must not block. When 64 orders wait (a dead disk) an order is refused: `done` gets kExhausted at once, on the
/// caller's thread; so it does with kCancelled after request_stop(), while those that wait are done still. Orders given
/// before the database is open, or after it could not be opened, fail with kUnavailable.
///
/// Every change is one transaction, on the disk (WAL, synchronous FULL) before `done` says so. What fails says why:
/// kUnavailable (the disk is full, read-only, broken), kBusy (another program writes to the database for 3 s),
/// kInvalidArgument (a number that is not finite, an area outside of [0, 1]). A failed change has changed nothing.
///
/// A database that is damaged is set aside (nestbox.db.damaged-2026-11-21T213000Z) and a new one begun, with all visits
/// that can still be read, under their numbers: at open, and when an order meets damage later; that order is then done
/// in the new one. The status says so. Only when nothing could be read do numbers begin at 1 again. Thread-safe.
class VisitStore {
 public:
  template <class T>
  using Done = std::function<void(Result<T>)>;

  VisitStore();
  ~VisitStore();  ///< stops and joins for a while, then abandons
  VisitStore(const VisitStore&) = delete;
  VisitStore& operator=(const VisitStore&) = delete;
  void start();
  void request_stop() noexcept;
  [[nodiscard]] bool join_until(BootTime deadline);
  void abandon();
  const Heartbeat& heartbeat() const noexcept;
  StoreStatus status() const;

  struct Opened {
    std::string set_aside;   ///< file name of the damaged one; empty: there was none
    std::int64_t saved = 0;  ///< visits that could be read in it still, and are in the new one
  };
  /// Opens or makes the database, brings an older schema up to date. Again: closes the one before.
  /// Errors: kUnavailable for what the disk refuses; kInvalidArgument for a schema newer than this program.
  void open(std::filesystem::path database, Done<Opened> done);

  /// `visit.id` is not looked at. The new id, which grows and is never used again. A `continues` that is not in the
  /// store is dropped.
  void insert(VisitRecord visit, Done<std::int64_t> done);
  /// Writes all but what the owner says (star, notes, species). Errors: kNotFound.
  void update(VisitRecord visit, Done<void> done);
  /// Errors: kNotFound; kInvalidArgument for text that is too long or no UTF-8.
  void remark(std::int64_t id, VisitRemark remark, Done<VisitRecord> done);
  void find(std::int64_t id, Done<VisitRecord> done);  ///< Errors: kNotFound.
  /// Errors: kInvalidArgument for a limit that is not between 1 and 1000; kNotFound when `before` is no visit.
  void list(VisitQuery query, Done<VisitPage> done);

  /// Errors: kNotFound for a visit that is not in the store. The oldest near misses are forgotten beyond 100,000.
  void add_motion(MotionRecord motion, Done<void> done);
  /// At most 1000 events and 1000 near misses, the first ones. Errors: kNotFound.
  void why(std::int64_t id, Done<WhyRecord> done);

  /// The clock has been set: visits that were written by the clock as it was, and what moved during them or outside of
  /// any, are moved by as much, and trusted from now on.
  void correct_clock(ClockWatch::Correction correction, Done<void> done);

  /// Visits without an end, oldest first: at start, those that a crash cut off.
  void unfinished(Done<std::vector<VisitRecord>> done);
  /// Every visit that has a clip or photograph, oldest first.
  void with_recordings(Done<std::vector<VisitRecord>> done);

 private:
  class Worker;
  std::shared_ptr<Worker> worker_;  // an abandoned thread keeps it
  NamedThread thread_;
};

}  // namespace nestbox
