#include "nestbox/base/mutex.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "nestbox/base/clock.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;

struct Counter {
  Mutex mutex;
  Condition changed;
  int value GUARDED_BY(mutex) = 0;
};

TEST(Mutex, ExcludesOtherThreads) {
  Counter counter;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        Lock lock(counter.mutex);
        ++counter.value;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  Lock lock(counter.mutex);
  EXPECT_EQ(counter.value, 20000);
}

TEST(Condition, HandsTurnsToAndFro) {
  constexpr int kTurns = 2000;
  Counter counter;
  const auto play = [&](int parity) {
    for (int turn = 0; turn < kTurns; ++turn) {
      Lock lock(counter.mutex);
      while (counter.value % 2 != parity) counter.changed.wait(counter.mutex);
      ++counter.value;
      counter.changed.notify_one();
    }
  };
  std::thread other(play, 1);
  play(0);
  other.join();
  Lock lock(counter.mutex);
  EXPECT_EQ(counter.value, 2 * kTurns);
}

TEST(Condition, WaitForEndsByItselfAndHoldsTheLockAgain) {
  Counter counter;
  const auto start = BootClock::now();
  {
    Lock lock(counter.mutex);
    while (counter.changed.wait_for(counter.mutex, 2ms)) {
      // A spurious wake says nothing; nobody notifies.
    }
    ++counter.value;
  }
  EXPECT_GE(BootClock::now() - start, 2ms);
  std::thread other([&] {
    Lock lock(counter.mutex);  // was given back
    ++counter.value;
  });
  other.join();
  Lock lock(counter.mutex);
  EXPECT_EQ(counter.value, 2);
}

// The longest duration there is must not overflow inside of the standard library and wake at once.
TEST(Condition, WaitForTheLongestTimeWaitsForAWake) {
  Counter counter;
  std::thread waker([&] {
    Lock lock(counter.mutex);
    counter.value = 1;
    counter.changed.notify_all();
  });
  int wakes = 0;
  {
    Lock lock(counter.mutex);
    while (counter.value == 0) {
      counter.changed.wait_for(counter.mutex, std::chrono::nanoseconds::max());
      ++wakes;
    }
  }
  waker.join();
  EXPECT_LT(wakes, 10);
}

}  // namespace
}  // namespace nestbox
