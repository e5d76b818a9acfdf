#pragma once
/// A store on a folder of its own, whose answers are waited for; and SQLite itself, to see what lies in the file.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nestbox/store/visit_store.h"
#include "support/patience.h"
#include "support/temporary_folder.h"

namespace nestbox {

/// Gives an order and waits for its answer.
template <class T, class Order>
Result<T> answer_of(Order order) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto answer = promise->get_future();
  order([promise](Result<T> result) { promise->set_value(std::move(result)); });
  if (answer.wait_for(kPatience) != std::future_status::ready) {
    return fail(ErrorKind::kTimeout, "the store did not answer");
  }
  return answer.get();
}

/// VisitStore as if it blocked.
class BlockingStore {
 public:
  BlockingStore() { store_.start(); }
  explicit BlockingStore(const std::filesystem::path& file) : BlockingStore() {
    const auto opened = open(file);
    EXPECT_TRUE(opened) << opened.error().message;
  }
  ~BlockingStore() { stop(); }
  BlockingStore(const BlockingStore&) = delete;
  BlockingStore& operator=(const BlockingStore&) = delete;
  void stop() {
    store_.request_stop();
    if (!stopped_) {
      EXPECT_TRUE(store_.join_until(BootClock::now() + kPatience));
    }
    stopped_ = true;
  }

  VisitStore& store() { return store_; }
  StoreStatus status() const { return store_.status(); }
  Result<VisitStore::Opened> open(const std::filesystem::path& file) {
    return answer_of<VisitStore::Opened>([&](auto done) { store_.open(file, done); });
  }
  Result<std::int64_t> insert(const VisitRecord& visit) {
    return answer_of<std::int64_t>([&](auto done) { store_.insert(visit, done); });
  }
  Result<void> update(const VisitRecord& visit) {
    return answer_of<void>([&](auto done) { store_.update(visit, done); });
  }
  Result<VisitRecord> remark(std::int64_t id, const VisitRemark& remark) {
    return answer_of<VisitRecord>([&](auto done) { store_.remark(id, remark, done); });
  }
  Result<VisitRecord> find(std::int64_t id) {
    return answer_of<VisitRecord>([&](auto done) { store_.find(id, done); });
  }
  Result<VisitPage> list(const VisitQuery& query) {
    return answer_of<VisitPage>([&](auto done) { store_.list(query, done); });
  }
  Result<void> add_motion(const MotionRecord& motion) {
    return answer_of<void>([&](auto done) { store_.add_motion(motion, done); });
  }
  Result<void> correct_clock(const ClockWatch::Correction& correction) {
    return answer_of<void>([&](auto done) { store_.correct_clock(correction, done); });
  }
  Result<WhyRecord> why(std::int64_t id) {
    return answer_of<WhyRecord>([&](auto done) { store_.why(id, done); });
  }
  Result<std::vector<VisitRecord>> unfinished() {
    return answer_of<std::vector<VisitRecord>>([&](auto done) { store_.unfinished(done); });
  }
  Result<std::vector<VisitRecord>> with_recordings() {
    return answer_of<std::vector<VisitRecord>>([&](auto done) { store_.with_recordings(done); });
  }

 private:
  VisitStore store_;
  bool stopped_ = false;
};

/// Runs SQL on a file; what the statements select comes back as text, columns with | and rows with newlines between.
inline std::string run_sql(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* connection = nullptr;
  std::string rows;
  EXPECT_EQ(sqlite3_open(file.c_str(), &connection), SQLITE_OK);
  char* complaint = nullptr;
  const auto take = [](void* to, int count, char** values, char**) {
    auto& text = *static_cast<std::string*>(to);
    if (!text.empty()) text += '\n';
    for (int i = 0; i < count; ++i) text += (i > 0 ? "|" : "") + std::string(values[i] != nullptr ? values[i] : "NULL");
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(connection, sql.c_str(), take, &rows, &complaint), SQLITE_OK) << complaint;
  sqlite3_free(complaint);
  EXPECT_EQ(sqlite3_close(connection), SQLITE_OK);
  return rows;
}

/// 2026-05-01T06:00:00Z and so many seconds.
inline WallTime morning(double seconds) {
  constexpr std::int64_t kMorning = 1777615200;
  return WallTime(std::chrono::seconds(kMorning)) +
         std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
}

/// A visit with something in every field.
inline VisitRecord full_visit() {
  VisitRecord visit;
  visit.begin = morning(0.123456789);
  visit.end = morning(42.5);
  visit.clock_trusted = false;
  visit.triggers = {Trigger::kMotion, Trigger::kLid};
  visit.zones = {"hole", "Nest, \"left\"", "größer"};
  visit.peak_score = 3.25;
  visit.clip = "visits/2026/05/01/box_2026-05-01_08-00-00.mp4";
  visit.photo = "visits/2026/05/01/box_2026-05-01_08-00-00.jpg";
  visit.clip_lead_s = 5.5;
  visit.best_s = 7.75;
  visit.starred = true;
  visit.notes = "feeds\nthe young 🐦";
  visit.species = "Turmfalke";
  return visit;
}

/// One that begins so many seconds into the morning and lasts 10 s.
inline VisitRecord visit_at(double seconds) {
  VisitRecord visit;
  visit.begin = morning(seconds);
  visit.end = morning(seconds + 10);
  visit.triggers = {Trigger::kMotion};
  return visit;
}

inline MotionRecord motion_at(double begin_s, double end_s) {
  MotionRecord motion;
  motion.begin = morning(begin_s);
  motion.end = morning(end_s);
  motion.area = 0.018;
  motion.peak_score = 2.5;
  motion.threshold = 1;
  return motion;
}

class StoreTest : public testing::Test {
 protected:
  StoreTest() = default;
  explicit StoreTest(const std::filesystem::path& parent) : folder_(parent) {}
  std::filesystem::path file() const { return folder_.path() / "nestbox.db"; }
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

}  // namespace nestbox
