#include "nestbox/media/frame_ring.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <deque>
#include <thread>
#include <vector>

#include "nestbox/base/bounded_queue.h"
#include "nestbox/media/picture_memory.h"
#include "support/allocations.h"

namespace nestbox {
namespace {

Frame frame_number(std::uint64_t sequence) {
  Frame frame;
  frame.sequence = sequence;
  return frame;
}

struct Ring {
  explicit Ring(std::size_t slots)
      : returned(slots), ring(FrameRing::create(slots, nullptr, [this](SlotIndex slot) {
          EXPECT_TRUE(returned.push(SlotIndex{slot}));
        })) {}
  BoundedQueue<SlotIndex> returned;
  std::shared_ptr<FrameRing> ring;
};

TEST(FrameRing, ShowsWhatWasPublishedAndTakesItBack) {
  Ring r(2);
  EXPECT_EQ(r.ring->slots(), 2u);
  EXPECT_EQ(r.ring->leased(), 0u);
  auto lease = r.ring->publish(1, frame_number(7));
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->sequence, 7u);
  EXPECT_EQ((*lease).sequence, 7u);
  EXPECT_EQ(r.ring->leased(), 1u);
  EXPECT_EQ(r.returned.try_pop(), std::nullopt);
  lease.reset();
  EXPECT_FALSE(lease);
  EXPECT_EQ(r.returned.try_pop(), SlotIndex{1});
  EXPECT_EQ(r.ring->leased(), 0u);
  lease.reset();  // nothing is returned twice
  EXPECT_EQ(r.returned.try_pop(), std::nullopt);
}

TEST(FrameRing, TheLastOfSeveralHoldsReturnsTheSlotOnce) {
  Ring r(1);
  auto first = r.ring->publish(0, frame_number(1));
  auto second = first.share();
  auto third = second.share();
  first.reset();
  second.reset();
  EXPECT_EQ(r.returned.size(), 0u);
  EXPECT_EQ(r.ring->leased(), 1u);
  EXPECT_EQ(third->sequence, 1u);
  third.reset();
  EXPECT_EQ(r.returned.size(), 1u);
}

TEST(FrameLease, MovingIsNoHoldMore) {
  Ring r(2);
  auto from = r.ring->publish(0, frame_number(1));
  FrameLease to(std::move(from));
  EXPECT_FALSE(from);  // NOLINT(bugprone-use-after-move): what is left behind is the point
  EXPECT_TRUE(to);
  auto other = r.ring->publish(1, frame_number(2));
  other = std::move(to);  // lets go of slot 1
  EXPECT_EQ(r.returned.try_pop(), SlotIndex{1});
  EXPECT_EQ(other->sequence, 1u);
  auto& self = other;
  other = std::move(self);
  EXPECT_TRUE(other);
  { const FrameLease dies = std::move(other); }
  EXPECT_EQ(r.returned.try_pop(), SlotIndex{0});
}

TEST(FrameLease, CannotBeCopiedByAccident) {
  EXPECT_FALSE(std::is_copy_constructible_v<FrameLease>);
  EXPECT_FALSE(std::is_copy_assignable_v<FrameLease>);
  EXPECT_TRUE(std::is_nothrow_move_constructible_v<FrameLease>);
}

// Stop and restart: the owner lets go of the ring, and a late reader still has its picture.
TEST(FrameRing, LivesAsLongAsALeaseDoes) {
  auto memory = std::make_shared<std::array<std::uint8_t, 64>>();
  memory->fill(42);
  const std::weak_ptr<const void> watched = memory;
  std::vector<SlotIndex> returned;
  auto ring = FrameRing::create(2, memory, [&](SlotIndex slot) { returned.push_back(slot); });
  Frame frame;
  frame.analysis = {memory->data(), 8, 8, 8};
  auto late = ring->publish(0, frame);
  memory.reset();
  ring.reset();
  ASSERT_FALSE(watched.expired());
  EXPECT_EQ(late->analysis.data[63], 42);
  late.reset();
  EXPECT_TRUE(watched.expired());
  EXPECT_EQ(returned, std::vector<SlotIndex>{0});
}

TEST(FrameRing, PublishesSharesAndReturnsWithoutAllocating) {
  std::size_t returns = 0;
  const auto ring = FrameRing::create(3, nullptr, [&](SlotIndex) { ++returns; });
  BoundedQueue<FrameLease> inbox(2);
  const auto before = test::allocations_of_this_thread();
  for (std::uint64_t i = 0; i < 1000; ++i) {
    auto lease = ring->publish(i % 3, frame_number(i));
    auto dropped = inbox.offer(lease.share());
    auto taken = inbox.pop();
  }
  EXPECT_EQ(test::allocations_of_this_thread() - before, 0u);
  EXPECT_EQ(returns, 1000u);
}

// Readers as the daemon has them: one takes the newest only, one is always two behind, one takes everything in order.
// Each checks that its picture is the one it was given, from the first look to the last.
class Reader {
 public:
  Reader(std::size_t inbox, std::size_t held) : held_most_(held), inbox_(inbox), thread_([this] { run(); }) {}
  ~Reader() { stop_and_join(); }

  void offer(FrameLease lease) { dropped_ += inbox_.offer(std::move(lease)) ? 1 : 0; }
  /// Waits for room: this reader misses nothing.
  void deliver(FrameLease lease) {
    while (!inbox_.push(std::move(lease))) std::this_thread::yield();
  }
  void stop_and_join() {
    inbox_.close();
    if (thread_.joinable()) thread_.join();
  }
  // After stop_and_join():
  std::uint64_t seen() const { return seen_; }
  std::uint64_t dropped() const { return dropped_; }
  std::uint64_t rewritten() const { return rewritten_; }

 private:
  static bool is_as_stamped(const FrameLease& lease) {
    const auto stamp = static_cast<std::uint8_t>(lease->sequence);
    const auto& plane = lease->analysis;
    for (int i = 0; i < plane.stride * plane.height; ++i) {
      if (plane.data[i] != stamp) return false;
    }
    return true;
  }
  void run() {
    std::deque<FrameLease> held;
    while (auto lease = inbox_.pop()) {
      ++seen_;
      rewritten_ += is_as_stamped(*lease) ? 0 : 1;
      held.push_back(std::move(*lease));
      if (held.size() > held_most_) {
        rewritten_ += is_as_stamped(held.front()) ? 0 : 1;
        held.pop_front();
      }
    }
  }

  const std::size_t held_most_;
  BoundedQueue<FrameLease> inbox_;
  std::uint64_t dropped_ = 0;
  std::uint64_t seen_ = 0;
  std::uint64_t rewritten_ = 0;
  std::thread thread_;
};

TEST(FrameRing, TwentyThousandFramesToThreeReadersAreNeverRewrittenAndNoSlotIsLost) {
  constexpr std::size_t kSlots = 12;
  constexpr std::uint64_t kFrames = 20000;
  PictureMemory pictures(kSlots, {32, 16, 16, 8});
  BoundedQueue<SlotIndex> free(kSlots);
  for (SlotIndex slot = 0; slot < kSlots; ++slot) ASSERT_TRUE(free.push(SlotIndex{slot}));
  const auto ring =
      FrameRing::create(kSlots, nullptr, [&](SlotIndex slot) { EXPECT_TRUE(free.push(SlotIndex{slot})); });
  std::uint64_t rewritten = 0;
  {
    std::array readers{std::make_unique<Reader>(1, 0), std::make_unique<Reader>(2, 2), std::make_unique<Reader>(2, 0)};
    for (std::uint64_t sequence = 0; sequence < kFrames; ++sequence) {
      const auto slot = free.pop();
      ASSERT_TRUE(slot);
      auto frame = frame_number(sequence);
      const auto& plane = pictures.analysis(*slot);
      frame.analysis = plane;
      std::memset(plane.data, static_cast<std::uint8_t>(sequence),
                  static_cast<std::size_t>(plane.stride) * static_cast<std::size_t>(plane.height));
      const auto lease = ring->publish(*slot, frame);
      readers[0]->offer(lease.share());
      readers[1]->offer(lease.share());
      readers[2]->deliver(lease.share());
    }
    for (const auto& reader : readers) {
      reader->stop_and_join();
      EXPECT_EQ(reader->seen() + reader->dropped(), kFrames);
      rewritten += reader->rewritten();
    }
    EXPECT_EQ(readers[2]->dropped(), 0u);
  }
  EXPECT_EQ(rewritten, 0u);
  EXPECT_EQ(free.size(), kSlots);
  EXPECT_EQ(ring->leased(), 0u);
}

// A stalled reader keeps its slots for as long as it likes; the others go round and round in the rest.
TEST(FrameRing, AStalledReaderKeepsItsPicturesWhileTheRestGoesOn) {
  constexpr std::size_t kSlots = 5;
  Ring r(kSlots);
  PictureMemory pictures(kSlots, {16, 16, 8, 8});
  std::deque<SlotIndex> free{0, 1, 2, 3, 4};
  std::vector<FrameLease> stalled;
  for (std::uint64_t sequence = 0; sequence < 1000; ++sequence) {
    ASSERT_FALSE(free.empty());
    const auto slot = free.front();
    free.pop_front();
    auto frame = frame_number(sequence);
    frame.analysis = pictures.analysis(slot);
    *pictures.analysis(slot).data = static_cast<std::uint8_t>(sequence);
    auto lease = r.ring->publish(slot, frame);
    if (sequence < 3) stalled.push_back(lease.share());
    lease.reset();
    while (const auto back = r.returned.try_pop()) free.push_back(*back);
  }
  EXPECT_EQ(r.ring->leased(), 3u);
  for (std::uint64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(stalled[i]->sequence, i);
    EXPECT_EQ(*stalled[i]->analysis.data, i);
  }
  stalled.clear();
  EXPECT_EQ(r.ring->leased(), 0u);
  EXPECT_EQ(free.size() + r.returned.size(), kSlots);
}

class FrameRingDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(FrameRingDeathTest, ALeasedSlotIsNotPublishedAnew) {
  Ring r(2);
  const auto lease = r.ring->publish(0, frame_number(1));
  EXPECT_DEATH(r.ring->publish(0, frame_number(2)), "leases");
}

TEST_F(FrameRingDeathTest, ASlotThatDoesNotExistIsNotPublished) {
  Ring r(2);
  EXPECT_DEATH(r.ring->publish(2, frame_number(1)), "slot < slots_.size");
}

TEST_F(FrameRingDeathTest, AnEmptyLeaseShowsNothingAndSharesNothing) {
  const FrameLease empty;
  EXPECT_DEATH(static_cast<void>(*empty), "ring_ != nullptr");
  EXPECT_DEATH(static_cast<void>(empty->sequence), "ring_ != nullptr");
  EXPECT_DEATH(static_cast<void>(empty.share()), "ring_ != nullptr");
}

TEST_F(FrameRingDeathTest, NeedsASlotAndSomebodyToGiveItTo) {
  EXPECT_DEATH(FrameRing::create(0, nullptr, [](SlotIndex) {}), "slots > 0");
  EXPECT_DEATH(FrameRing::create(1, nullptr, nullptr), "on_returned");
}

}  // namespace
}  // namespace nestbox
