#include "nestbox/base/thread.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <future>
#include <string>

#include "nestbox/base/bounded_queue.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;

std::string own_name() {
  char name[16] = {};
  pthread_getname_np(pthread_self(), name, sizeof name);
  return name;
}

TEST(NamedThread, ShowsItsNameToTheSystem) {
  std::string seen;
  NamedThread thread("capture", [&] { seen = own_name(); });
  EXPECT_EQ(thread.name(), "capture");
  EXPECT_TRUE(thread.joinable());
  thread.join();
  EXPECT_FALSE(thread.joinable());
  EXPECT_EQ(seen, "capture");
}

TEST(NamedThread, CutsALongNameForTheSystemAlone) {
  std::string seen;
  NamedThread thread("publish my-first-output", [&] { seen = own_name(); });
  thread.join();
  EXPECT_EQ(seen, "publish my-firs");
  EXPECT_EQ(thread.name(), "publish my-first-output");
}

TEST(NamedThread, TakesNoSignals) {
  bool all_blocked = false;
  NamedThread thread("worker", [&] {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    all_blocked =
        sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGHUP) == 1;
  });
  thread.join();
  EXPECT_TRUE(all_blocked);
  sigset_t own;
  pthread_sigmask(SIG_SETMASK, nullptr, &own);
  EXPECT_EQ(sigismember(&own, SIGTERM), 0) << "starting a thread must leave its parent's mask alone";
}

TEST(NamedThread, JoinUntilGivesUpAtTheDeadlineAndCanBeAskedAgain) {
  std::promise<void> release;
  NamedThread thread("worker", [held = release.get_future().share()] { held.wait(); });
  const auto deadline = BootClock::now() + 5ms;
  EXPECT_FALSE(thread.join_until(BootTime{}));
  EXPECT_FALSE(thread.join_until(deadline));
  EXPECT_GE(BootClock::now(), deadline);
  EXPECT_TRUE(thread.joinable());
  release.set_value();
  EXPECT_TRUE(thread.join_until(BootTime::max()));
  EXPECT_FALSE(thread.joinable());
}

TEST(NamedThread, JoinUntilSeesABodyThatEndedHoweverLongAgoTheDeadlineWas) {
  NamedThread thread("worker", [] {});
  while (!thread.join_until(BootTime{})) std::this_thread::yield();
  EXPECT_FALSE(thread.joinable());
}

TEST(NamedThread, MovesWithItsBody) {
  std::atomic<int> runs{0};
  NamedThread first("worker", [&] { ++runs; });
  NamedThread second(std::move(first));
  EXPECT_EQ(second.name(), "worker");
  NamedThread third;
  EXPECT_FALSE(third.joinable());
  third = std::move(second);
  third.join();
  third = NamedThread("again", [&] { ++runs; });
  third.join();
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(third.name(), "again");
}

TEST(NamedThread, AnAbandonedThreadMayOutliveItsOwner) {
  struct Doors {
    BoundedQueue<int> in{1}, out{1};
  };
  const auto doors = std::make_shared<Doors>();
  {
    NamedThread thread("stuck", [doors] { EXPECT_TRUE(doors->out.push(doors->in.pop().value())); });
    thread.abandon();
    EXPECT_FALSE(thread.joinable());
  }
  ASSERT_TRUE(doors->in.push(7));
  EXPECT_EQ(doors->out.pop(), 7);
}

TEST(NamedThreadDeathTest, MustNotBeDestroyedRunning) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(NamedThread("worker", [] {}), "joinable");
}

TEST(NamedThreadDeathTest, MustNotBeReplacedRunning) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        NamedThread thread("worker", [] {});
        thread = NamedThread();
      },
      "joinable");
}

TEST(NamedThreadDeathTest, CannotBeJoinedTwice) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  NamedThread never_started;
  EXPECT_DEATH(never_started.join(), "joinable");
  EXPECT_DEATH(static_cast<void>(never_started.join_until(BootTime::max())), "joinable");
}

TEST(Heartbeat, IsHealthyWhileIdle) {
  const Heartbeat heartbeat;
  EXPECT_EQ(heartbeat.busy_for(BootTime(1h)), std::nullopt);
}

TEST(Heartbeat, SaysHowLongTheWorkInHandGoesOn) {
  Heartbeat heartbeat;
  heartbeat.work_begins(BootTime(10s));
  EXPECT_EQ(heartbeat.busy_for(BootTime(10s)), 0s);
  EXPECT_EQ(heartbeat.busy_for(BootTime(13s)), 3s);
  heartbeat.work_begins(BootTime(14s));  // the next piece, with no pause between
  EXPECT_EQ(heartbeat.busy_for(BootTime(15s)), 1s);
  heartbeat.work_ends();
  EXPECT_EQ(heartbeat.busy_for(BootTime(20s)), std::nullopt);
}

TEST(Heartbeat, WorkThatBeganWithTheClockIsWork) {
  Heartbeat heartbeat;
  heartbeat.work_begins(BootTime{});
  EXPECT_EQ(heartbeat.busy_for(BootTime(1s)), 1s);
}

TEST(AtWork, MarksAScope) {
  Heartbeat heartbeat;
  {
    const AtWork working(heartbeat);
    const auto busy = heartbeat.busy_for(BootClock::now());
    ASSERT_TRUE(busy);
    EXPECT_GE(*busy, 0s);
  }
  EXPECT_EQ(heartbeat.busy_for(BootClock::now()), std::nullopt);
}

TEST(BootClock, NeverGoesBack) {
  auto before = BootClock::now();
  for (int i = 0; i < 1000; ++i) {
    const auto now = BootClock::now();
    ASSERT_GE(now, before);
    before = now;
  }
}

}  // namespace
}  // namespace nestbox
