#pragma once
/// What VisitStore's thread does: the tables as records. Blocking; thread-bound.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nestbox/store/visit_store.h"

namespace SQLite {
class Database;
}

namespace nestbox::store {

class VisitDatabase {
 public:
  struct Opened;
  /// As VisitStore::open. `go_on` is asked now and then, for the check of a large database takes a while.
  static Result<Opened> open(const std::filesystem::path& file, const std::function<bool()>& go_on);
  /// Sets the file aside, for it is damaged, and begins a new one with what can be saved.
  static Result<Opened> open_anew(const std::filesystem::path& file, const std::function<bool()>& go_on);
  ~VisitDatabase();
  VisitDatabase(const VisitDatabase&) = delete;
  VisitDatabase& operator=(const VisitDatabase&) = delete;

  /// An order met damage that the check at open did not see: nothing more can be done with this file.
  bool damaged() const noexcept { return damaged_; }
  const std::filesystem::path& file() const noexcept { return file_; }

  // As in VisitStore.
  Result<std::int64_t> insert(const VisitRecord& visit);
  Result<void> update(const VisitRecord& visit);
  Result<VisitRecord> remark(std::int64_t id, const VisitRemark& remark);
  Result<VisitRecord> find(std::int64_t id);
  Result<VisitPage> list(const VisitQuery& query);
  Result<void> add_motion(const MotionRecord& motion);
  Result<WhyRecord> why(std::int64_t id);
  Result<void> correct_clock(const ClockWatch::Correction& correction);
  Result<std::vector<VisitRecord>> unfinished();
  Result<std::vector<VisitRecord>> with_recordings();

 private:
  VisitDatabase(std::filesystem::path file, std::unique_ptr<SQLite::Database> connection);
  static Result<std::unique_ptr<VisitDatabase>> open_once(const std::filesystem::path& file,
                                                          const std::function<bool()>& go_on);
  /// Runs `work`, and turns what SQLite throws into an error that begins with `what`.
  template <class Work>
  auto attempt(std::string_view what, Work work) -> decltype(work());

  const std::filesystem::path file_;
  std::unique_ptr<SQLite::Database> connection_;
  bool damaged_ = false;
};

struct VisitDatabase::Opened {
  std::unique_ptr<VisitDatabase> database;
  std::string set_aside;   ///< file name of the damaged one; empty: there was none
  std::int64_t saved = 0;  ///< visits that could be read in it still, and are in the new one
};

}  // namespace nestbox::store
