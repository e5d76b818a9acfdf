#include "nestbox/store/visit_store.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <utility>

#include "nestbox/base/bounded_queue.h"
#include "nestbox/base/log.h"
#include "visit_database.h"

namespace nestbox {

using store::VisitDatabase;

namespace {

constexpr std::size_t kOrdersMax = 64;
constexpr std::chrono::milliseconds kJoinAtLatest(1500);
constexpr const char* kPart = "store";

}  // namespace

class VisitStore::Worker {
 public:
  enum class Access : std::uint8_t { kRead, kChange };

  /// `work(VisitDatabase&)` gives a Result<T>. It may run twice: when damage is met, again in the new database.
  template <class T, class Work>
  void post(Access access, Work work, Done<T> done) {
    give({[this, access, work = std::move(work), done = std::move(done)](const Error* refusal) {
      done(refusal != nullptr ? Result<T>(fail(refusal->kind, refusal->message)) : in_database<T>(access, work));
    }});
  }
  void open(std::filesystem::path file, Done<Opened> done) {
    give({[this, file = std::move(file), done = std::move(done)](const Error* refusal) {
      done(refusal != nullptr ? Result<Opened>(fail(refusal->kind, refusal->message)) : open_file(file));
    }});
  }

  void run();
  void request_stop() noexcept {
    stopping_ = true;
    inbox_.close();
  }
  const Heartbeat& heartbeat() const noexcept { return heartbeat_; }
  StoreStatus status() const EXCLUDES(mutex_) {
    Lock lock(mutex_);
    return status_;
  }

 private:
  struct Order {
    std::function<void(const Error* refusal)> answer;  ///< does it, or passes on why it is not done
  };

  void give(Order order) EXCLUDES(mutex_);
  Result<Opened> open_file(const std::filesystem::path& file);
  template <class T, class Work>
  Result<T> in_database(Access access, const Work& work);
  void begin_anew();
  Result<Opened> take(Result<VisitDatabase::Opened> opened);
  void note_opened(const Opened* opened, const std::string& error) EXCLUDES(mutex_);
  void note_change(const Error* error) EXCLUDES(mutex_);

  BoundedQueue<Order> inbox_{kOrdersMax};
  Heartbeat heartbeat_;
  std::atomic<bool> stopping_{false};
  const std::function<bool()> go_on_ = [this] {
    heartbeat_.work_begins(BootClock::now());  // a large database takes its time, and gets on
    return !stopping_;
  };
  // The store's thread alone.
  std::unique_ptr<VisitDatabase> database_;
  std::string why_closed_ = "the store of visits is not open yet";

  mutable Mutex mutex_;
  StoreStatus status_ GUARDED_BY(mutex_);
};

void VisitStore::Worker::run() {
  constexpr int kNicerThanThePipeline = 10;
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNicerThanThePipeline);
  while (auto order = inbox_.pop()) {
    const AtWork work(heartbeat_);
    order->answer(nullptr);
  }
  const AtWork work(heartbeat_);  // closing writes what is in the journal to the database
  database_.reset();
  Lock lock(mutex_);
  status_.state = StoreStatus::State::kClosed;
}

void VisitStore::Worker::give(Order order) {
  if (inbox_.push(std::move(order))) return;
  // NOLINTBEGIN(bugprone-use-after-move): what the queue refuses it leaves as it was
  if (inbox_.closed()) {
    const Error stopped{ErrorKind::kCancelled, "the store of visits has been stopped"};
    return order.answer(&stopped);
  }
  {
    Lock lock(mutex_);
    ++status_.refused;
  }
  const Error full{ErrorKind::kExhausted,
                   fmt::format("{} orders wait for the store of visits already: its disk is slow or dead", kOrdersMax)};
  order.answer(&full);
  // NOLINTEND(bugprone-use-after-move)
}

Result<VisitStore::Opened> VisitStore::Worker::open_file(const std::filesystem::path& file) {
  database_.reset();
  return take(VisitDatabase::open(file, go_on_));
}

Result<VisitStore::Opened> VisitStore::Worker::take(Result<VisitDatabase::Opened> opened) {
  if (!opened) {
    why_closed_ = "the store of visits is closed: " + opened.error().message;
    note_opened(nullptr, opened.error().message);
    return fail(opened.error().kind, opened.error().message);
  }
  database_ = std::move(opened->database);
  Opened answer{std::move(opened->set_aside), opened->saved};
  note_opened(&answer, "");
  return answer;
}

template <class T, class Work>
Result<T> VisitStore::Worker::in_database(Access access, const Work& work) {
  if (!database_) return fail(ErrorKind::kUnavailable, why_closed_);
  Result<T> answer = work(*database_);
  if (database_->damaged()) {
    NESTBOX_LOG_ERROR(kPart, "{}", answer.error().message);
    begin_anew();
    answer = database_ ? work(*database_) : Result<T>(fail(ErrorKind::kUnavailable, why_closed_));
  }
  if (access == Access::kChange && database_) note_change(answer ? nullptr : &answer.error());
  return answer;
}

void VisitStore::Worker::begin_anew() {
  const auto file = database_->file();
  database_.reset();
  const auto opened = take(VisitDatabase::open_anew(file, go_on_));
  if (!opened) return;
  NESTBOX_LOG_WARNING(kPart, "{} was damaged; it is now {}, and a new one is begun with {} visits from it",
                      file.string(), opened->set_aside, opened->saved);
}

void VisitStore::Worker::note_opened(const Opened* opened, const std::string& error) {
  Lock lock(mutex_);
  status_.state = opened != nullptr ? StoreStatus::State::kOpen : StoreStatus::State::kFailed;
  status_.last_error = error;
  if (opened == nullptr || opened->set_aside.empty()) return;
  status_.set_aside = opened->set_aside;
  status_.saved = opened->saved;
}

void VisitStore::Worker::note_change(const Error* error) {
  const bool request_was_wrong =
      error != nullptr && (error->kind == ErrorKind::kNotFound || error->kind == ErrorKind::kInvalidArgument);
  if (request_was_wrong) return;
  Lock lock(mutex_);
  status_.state = error == nullptr ? StoreStatus::State::kOpen : StoreStatus::State::kFailed;
  status_.last_error = error == nullptr ? "" : error->message;
}

VisitStore::VisitStore() : worker_(std::make_shared<Worker>()) {}

VisitStore::~VisitStore() {
  if (!thread_.joinable()) return;
  request_stop();
  if (!join_until(BootClock::now() + kJoinAtLatest)) abandon();
}

void VisitStore::start() {
  thread_ = NamedThread("store", [worker = worker_] { worker->run(); });
}

void VisitStore::request_stop() noexcept {
  worker_->request_stop();
}

bool VisitStore::join_until(BootTime deadline) {
  return thread_.join_until(deadline);
}

void VisitStore::abandon() {
  thread_.abandon();
}

const Heartbeat& VisitStore::heartbeat() const noexcept {
  return worker_->heartbeat();
}

StoreStatus VisitStore::status() const {
  return worker_->status();
}

void VisitStore::open(std::filesystem::path database, Done<Opened> done) {
  worker_->open(std::move(database), std::move(done));
}

void VisitStore::insert(VisitRecord visit, Done<std::int64_t> done) {
  worker_->post(
      Worker::Access::kChange, [visit = std::move(visit)](VisitDatabase& database) { return database.insert(visit); },
      std::move(done));
}

void VisitStore::update(VisitRecord visit, Done<void> done) {
  worker_->post(
      Worker::Access::kChange, [visit = std::move(visit)](VisitDatabase& database) { return database.update(visit); },
      std::move(done));
}

void VisitStore::remark(std::int64_t id, VisitRemark remark, Done<VisitRecord> done) {
  worker_->post(
      Worker::Access::kChange,
      [id, remark = std::move(remark)](VisitDatabase& database) { return database.remark(id, remark); },
      std::move(done));
}

void VisitStore::find(std::int64_t id, Done<VisitRecord> done) {
  worker_->post(
      Worker::Access::kRead, [id](VisitDatabase& database) { return database.find(id); }, std::move(done));
}

void VisitStore::list(VisitQuery query, Done<VisitPage> done) {
  worker_->post(
      Worker::Access::kRead, [query](VisitDatabase& database) { return database.list(query); }, std::move(done));
}

void VisitStore::add_motion(MotionRecord motion, Done<void> done) {
  worker_->post(
      Worker::Access::kChange,
      [motion = std::move(motion)](VisitDatabase& database) { return database.add_motion(motion); }, std::move(done));
}

void VisitStore::why(std::int64_t id, Done<WhyRecord> done) {
  worker_->post(
      Worker::Access::kRead, [id](VisitDatabase& database) { return database.why(id); }, std::move(done));
}

void VisitStore::correct_clock(ClockWatch::Correction correction, Done<void> done) {
  worker_->post(
      Worker::Access::kChange, [correction](VisitDatabase& database) { return database.correct_clock(correction); },
      std::move(done));
}

void VisitStore::unfinished(Done<std::vector<VisitRecord>> done) {
  worker_->post(
      Worker::Access::kRead, [](VisitDatabase& database) { return database.unfinished(); }, std::move(done));
}

void VisitStore::with_recordings(Done<std::vector<VisitRecord>> done) {
  worker_->post(
      Worker::Access::kRead, [](VisitDatabase& database) { return database.with_recordings(); }, std::move(done));
}

}  // namespace nestbox
