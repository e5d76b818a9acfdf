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
#include "nestbox/rules/visit.h"

namespace nestbox {

struct VisitQuery {
  std::optional<WallTime> since;       ///< visits that began then or later
  std::optional<WallTime> until;       ///< and before that
  std::optional<std::int64_t> before;  ///< an id: the page after the one that ended with it
  int limit = 100;
};
struct VisitPage {
  std::vector<VisitRecord> visits;   ///< newest first
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

/// Every order is taken at once and done on the store's thread, in the order given; `done` runs there too and must not
/// block. When 64 orders wait (a dead disk) an order is refused: `done` gets kExhausted at once, on the caller's
/// thread. Orders given before the database is open, or after it could not be opened, fail with kUnavailable.
///
/// Every change is one transaction, on the disk (WAL, synchronous FULL) before `done` says so. A database that is
/// damaged is set aside (nestbox.db.damaged-DATE) and a new one begun; the status says so. Thread-safe.
class VisitStore {
 public:
  template <class T>
  using Done = std::function<void(Result<T>)>;

  VisitStore();
  ~VisitStore();
  void start();
  void request_stop() noexcept;
  [[nodiscard]] bool join_until(BootTime deadline);
  void abandon();
  const Heartbeat& heartbeat() const noexcept;

  struct Opened {
    std::string set_aside;  ///< file name of the damaged one; empty: there was none
  };
  /// Opens or makes the database, brings an older schema up to date. Again: closes the one before.
  /// Errors: kUnavailable for what the disk refuses; kInvalidArgument for a schema newer than this program.
  void open(std::filesystem::path database, Done<Opened> done);

  /// `visit.id` is not looked at. The new id, which grows and is never used again.
  void insert(VisitRecord visit, Done<std::int64_t> done);
  /// Writes all but what the owner says (star, notes, species). Errors: kNotFound.
  void update(VisitRecord visit, Done<void> done);
  /// Errors: kNotFound; kInvalidArgument for text that is too long or no UTF-8.
  void remark(std::int64_t id, VisitRemark remark, Done<VisitRecord> done);
  void find(std::int64_t id, Done<VisitRecord> done);
  void list(VisitQuery query, Done<VisitPage> done);

  void add_motion(MotionRecord motion, Done<void> done);
  void why(std::int64_t id, Done<WhyRecord> done);

  /// Visits without an end: at start, those that a crash cut off.
  void unfinished(Done<std::vector<VisitRecord>> done);
  /// Every visit that has a clip or photograph, oldest first.
  void with_recordings(Done<std::vector<VisitRecord>> done);

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace nestbox
