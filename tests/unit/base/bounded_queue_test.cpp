#include "nestbox/base/bounded_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <thread>
#include <vector>

namespace nestbox {
namespace {

using namespace std::chrono_literals;

// Items that cannot be copied: the queue moves or does not compile.
using Item = std::unique_ptr<int>;
Item item(int value) {
  return std::make_unique<int>(value);
}

TEST(BoundedQueue, GivesItemsBackInOrderAcrossItsSeam) {
  BoundedQueue<int> queue(3);
  int next_in = 0;
  int next_out = 0;
  for (int round = 0; round < 10; ++round) {
    ASSERT_TRUE(queue.push(next_in++));
    ASSERT_TRUE(queue.push(next_in++));
    EXPECT_EQ(queue.size(), 2u);
    EXPECT_EQ(queue.pop(), next_out++);
    EXPECT_EQ(queue.pop(), next_out++);
  }
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_EQ(queue.capacity(), 3u);
}

TEST(BoundedQueue, PushRefusesWhenFullAndLeavesTheItem) {
  BoundedQueue<Item> queue(1);
  ASSERT_TRUE(queue.push(item(1)));
  auto refused = item(2);
  EXPECT_FALSE(queue.push(std::move(refused)));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(*refused, 2);
  EXPECT_EQ(**queue.try_pop(), 1);
}

TEST(BoundedQueue, PushRefusesWhenClosedAndLeavesTheItem) {
  BoundedQueue<Item> queue(1);
  queue.close();
  auto refused = item(2);
  EXPECT_FALSE(queue.push(std::move(refused)));
  EXPECT_NE(refused, nullptr);
}

TEST(BoundedQueue, OfferDropsTheOldestAndHandsItBack) {
  BoundedQueue<Item> queue(2);
  EXPECT_FALSE(queue.offer(item(1)));
  EXPECT_FALSE(queue.offer(item(2)));
  const auto dropped = queue.offer(item(3));
  ASSERT_TRUE(dropped);
  EXPECT_EQ(**dropped, 1);
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(**queue.pop(), 2);
  EXPECT_EQ(**queue.pop(), 3);
}

TEST(BoundedQueue, OfferToAClosedQueueHandsTheItemItselfBack) {
  BoundedQueue<Item> queue(2);
  ASSERT_TRUE(queue.push(item(1)));
  queue.close();
  const auto returned = queue.offer(item(2));
  ASSERT_TRUE(returned);
  EXPECT_EQ(**returned, 2);
  EXPECT_EQ(queue.size(), 1u);
}

TEST(BoundedQueue, AClosedQueueIsDrainedBeforeItEnds) {
  BoundedQueue<int> queue(2);
  ASSERT_TRUE(queue.push(1));
  ASSERT_TRUE(queue.push(2));
  EXPECT_FALSE(queue.closed());
  queue.close();
  queue.close();
  EXPECT_TRUE(queue.closed());
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop_until(BootTime::max()), 2);
  EXPECT_EQ(queue.pop(), std::nullopt);
  EXPECT_EQ(queue.pop_until(BootTime::max()), std::nullopt);
  EXPECT_EQ(queue.try_pop(), std::nullopt);
}

TEST(BoundedQueue, TryPopDoesNotWait) {
  BoundedQueue<int> queue(1);
  EXPECT_EQ(queue.try_pop(), std::nullopt);
}

TEST(BoundedQueue, PopUntilEndsAtItsDeadlineAndNotBefore) {
  BoundedQueue<int> queue(1);
  EXPECT_EQ(queue.pop_until(BootTime{}), std::nullopt);  // long past
  const auto deadline = BootClock::now() + 5ms;
  EXPECT_EQ(queue.pop_until(deadline), std::nullopt);
  EXPECT_GE(BootClock::now(), deadline);
}

TEST(BoundedQueue, PopUntilTakesWhatIsThereEvenAfterItsDeadline) {
  BoundedQueue<int> queue(1);
  ASSERT_TRUE(queue.push(7));
  EXPECT_EQ(queue.pop_until(BootTime{}), 7);
}

TEST(BoundedQueue, ADeadlineAtTheEndOfTimeWaitsForAnItem) {
  BoundedQueue<int> queue(1);
  std::thread producer([&] { EXPECT_TRUE(queue.push(1)); });
  EXPECT_EQ(queue.pop_until(BootTime::max()), 1);
  producer.join();
}

TEST(BoundedQueue, CloseWakesEveryWaiter) {
  BoundedQueue<int> queue(1);
  std::vector<std::thread> waiters;
  for (int i = 0; i < 4; ++i) waiters.emplace_back([&] { EXPECT_EQ(queue.pop(), std::nullopt); });
  for (int i = 0; i < 4; ++i) {
    waiters.emplace_back([&] { EXPECT_EQ(queue.pop_until(BootTime::max()), std::nullopt); });
  }
  queue.close();
  for (auto& waiter : waiters) waiter.join();
}

// What went in comes out exactly once, whoever takes it, in the order of its producer.
TEST(BoundedQueue, ManyProducersAndConsumersLoseNothingAndDoubleNothing) {
  constexpr int kProducers = 3;
  constexpr int kConsumers = 3;
  constexpr int kEach = 4000;
  BoundedQueue<int> queue(8);
  std::vector<std::thread> threads;
  std::vector<std::vector<int>> taken(kConsumers);
  for (int consumer = 0; consumer < kConsumers; ++consumer) {
    threads.emplace_back([&queue, &mine = taken[static_cast<std::size_t>(consumer)]] {
      while (const auto got = queue.pop()) mine.push_back(*got);
    });
  }
  std::vector<std::thread> producers;
  for (int producer = 0; producer < kProducers; ++producer) {
    producers.emplace_back([&queue, producer] {
      for (int i = 0; i < kEach; ++i) {
        while (!queue.push(producer * kEach + i)) std::this_thread::yield();
      }
    });
  }
  for (auto& producer : producers) producer.join();
  queue.close();
  for (auto& thread : threads) thread.join();

  std::vector<int> all;
  for (const auto& mine : taken) {
    std::vector<int> last(kProducers, -1);
    for (const int value : mine) {
      auto& before = last[static_cast<std::size_t>(value / kEach)];
      EXPECT_LT(before, value);
      before = value;
    }
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  std::vector<int> expected(static_cast<std::size_t>(kProducers * kEach));
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
}

// Offered items are either taken or handed back: nothing vanishes inside.
TEST(BoundedQueue, OfferedItemsAreTakenOrHandedBack) {
  constexpr int kOffers = 20000;
  BoundedQueue<int> queue(2);
  long taken = 0;
  std::thread consumer([&] {
    while (const auto got = queue.pop()) taken += *got;
  });
  long dropped = 0;
  for (int i = 1; i <= kOffers; ++i) {
    if (const auto back = queue.offer(int{i})) dropped += *back;
  }
  queue.close();
  consumer.join();
  EXPECT_EQ(taken + dropped, static_cast<long>(kOffers) * (kOffers + 1) / 2);
}

TEST(BoundedQueue, WhatIsInsideDiesWithTheQueue) {
  const auto counted = std::make_shared<int>(1);
  {
    BoundedQueue<std::shared_ptr<int>> queue(2);
    ASSERT_TRUE(queue.push(std::shared_ptr<int>(counted)));
    EXPECT_EQ(counted.use_count(), 2);
    // A popped place does not keep its item alive until it is used again.
    queue.pop();
    EXPECT_EQ(counted.use_count(), 1);
    ASSERT_TRUE(queue.push(std::shared_ptr<int>(counted)));
  }
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(BoundedQueueDeathTest, NeedsRoomForOne) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(BoundedQueue<int>(0), "capacity > 0");
}

}  // namespace
}  // namespace nestbox
