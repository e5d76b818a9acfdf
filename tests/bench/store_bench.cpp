/// What the store's orders cost, asked from another thread and waited for: with nothing in it, and with 100,000 visits
/// of which each has a zone, an event and a reason. The folder is $TMPDIR's: where it is decides what a change costs.
/// To fill it takes 200,000 changes: TMPDIR=/dev/shm is the place for all but insert_one.
#include <benchmark/benchmark.h>

#include <future>
#include <string>

#include "nestbox/base/assert.h"
#include "nestbox/store/visit_store.h"
#include "support/temporary_folder.h"

namespace nestbox {
namespace {

constexpr std::int64_t kVisits = 100'000;

VisitRecord some_visit(std::int64_t number) {
  VisitRecord visit;
  visit.begin = WallTime(std::chrono::seconds(1'777'615'200 + number * 300));
  visit.end = visit.begin + std::chrono::seconds(40);
  visit.triggers = {Trigger::kMotion};
  visit.zones = {"hole"};
  visit.peak_score = 2.5;
  visit.clip = "visits/2026/05/01/kestrel_2026-05-01_08-00-00.mp4";
  return visit;
}

MotionRecord some_motion(std::int64_t visit) {
  MotionRecord motion;
  motion.visit = visit;
  motion.begin = some_visit(visit).begin;
  motion.end = motion.begin + std::chrono::seconds(3);
  motion.zone = "hole";
  motion.reasons = {{"switch", 0.6, 1.5}};
  return motion;
}

class Bench {
 public:
  Bench() {
    store_.start();
    open();
  }
  ~Bench() {
    store_.request_stop();
    if (!store_.join_until(BootTime::max())) store_.abandon();
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  void open() {
    wait<VisitStore::Opened>([&](auto done) { store_.open(folder_.path() / "nestbox.db", done); });
  }
  std::int64_t insert(std::int64_t number) {
    return wait<std::int64_t>([&](auto done) { store_.insert(some_visit(number), done); });
  }
  void add_motion(std::int64_t visit) {
    std::promise<bool> kept;
    store_.add_motion(some_motion(visit), [&](const Result<void>& result) { kept.set_value(result.has_value()); });
    NESTBOX_ASSERT(kept.get_future().get());
  }
  template <class T, class Order>
  T wait(Order order) {
    std::promise<Result<T>> answer;
    order([&](Result<T> result) { answer.set_value(std::move(result)); });
    return answer.get_future().get().value();
  }
  VisitStore& store() { return store_; }

 private:
  TemporaryFolder folder_;
  VisitStore store_;
};

Bench& season() {
  static Bench bench;
  static const bool filled = [] {
    for (std::int64_t i = 0; i < kVisits; ++i) bench.add_motion(bench.insert(i));
    return true;
  }();
  benchmark::DoNotOptimize(filled);
  return bench;
}

void insert_one(benchmark::State& state) {
  Bench bench;
  std::int64_t number = 0;
  for (auto _ : state) bench.insert(number++);
}
BENCHMARK(insert_one)->UseRealTime()->Unit(benchmark::kMicrosecond);

void open_100000(benchmark::State& state) {
  auto& bench = season();
  for (auto _ : state) bench.open();
}
BENCHMARK(open_100000)->UseRealTime()->Unit(benchmark::kMillisecond);

void list_100_of_100000(benchmark::State& state) {
  auto& bench = season();
  VisitQuery query;
  query.before = state.range(0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(bench.wait<VisitPage>([&](auto done) { bench.store().list(query, done); }));
  }
}
BENCHMARK(list_100_of_100000)->Arg(kVisits)->Arg(kVisits / 2)->UseRealTime()->Unit(benchmark::kMillisecond);

void why_of_100000(benchmark::State& state) {
  auto& bench = season();
  for (auto _ : state) {
    benchmark::DoNotOptimize(bench.wait<WhyRecord>([&](auto done) { bench.store().why(kVisits / 2, done); }));
  }
}
BENCHMARK(why_of_100000)->UseRealTime()->Unit(benchmark::kMillisecond);

void with_recordings_100000(benchmark::State& state) {
  auto& bench = season();
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        bench.wait<std::vector<VisitRecord>>([&](auto done) { bench.store().with_recordings(done); }));
  }
}
BENCHMARK(with_recordings_100000)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace nestbox
