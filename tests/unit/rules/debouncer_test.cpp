#include "nestbox/rules/debouncer.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace nestbox {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using Edge = Debouncer::Edge;

constexpr BootTime kStart{1h};

TEST(Debouncer, WithoutADebounceEachEdgeToAnotherLevelCountsAtOnce) {
  Debouncer debouncer(0ms);
  EXPECT_EQ(debouncer.edge({false, kStart}), (Edge{false, kStart}));
  EXPECT_EQ(debouncer.edge({true, kStart + 1us}), (Edge{true, kStart + 1us}));
  EXPECT_EQ(debouncer.edge({true, kStart + 2us}), std::nullopt) << "between them the kernel saw nothing";
  EXPECT_EQ(debouncer.edge({false, kStart + 2us}), (Edge{false, kStart + 2us}));
  EXPECT_EQ(debouncer.deadline(), std::nullopt);
}

TEST(Debouncer, KnowsNothingUntilTheFirstLevelWasStable) {
  Debouncer debouncer(30ms);
  EXPECT_EQ(debouncer.edge({true, kStart}), std::nullopt);
  EXPECT_EQ(debouncer.stable(), std::nullopt);
  EXPECT_EQ(debouncer.pass(kStart + 30ms - 1ns), std::nullopt);
  EXPECT_EQ(debouncer.pass(kStart + 30ms), (Edge{true, kStart}));
  EXPECT_EQ(debouncer.stable(), true);
}

TEST(Debouncer, AGlitchIsNothing) {
  Debouncer debouncer(30ms);
  debouncer.edge({false, kStart});
  debouncer.pass(kStart + 1s);
  EXPECT_EQ(debouncer.edge({true, kStart + 2s}), std::nullopt);
  EXPECT_EQ(debouncer.edge({false, kStart + 2s + 29ms}), std::nullopt);
  EXPECT_EQ(debouncer.pass(kStart + 3s), std::nullopt);
  EXPECT_EQ(debouncer.deadline(), std::nullopt);
}

TEST(Debouncer, EdgesThatAreToldLateCountAsIfInTime) {
  Debouncer debouncer(30ms);
  debouncer.edge({false, kStart});
  debouncer.pass(kStart + 1s);
  EXPECT_EQ(debouncer.edge({true, kStart + 2s}), std::nullopt);
  EXPECT_EQ(debouncer.edge({false, kStart + 3s}), (Edge{true, kStart + 2s})) << "stable long before this edge";
  EXPECT_EQ(debouncer.pass(kStart + 4s), (Edge{false, kStart + 3s}));
}

TEST(Debouncer, AStampBeforeItsPredecessorDoesNotShortenTheWait) {
  Debouncer debouncer(30ms);
  debouncer.edge({false, kStart});
  debouncer.edge({true, kStart - 10ms});
  EXPECT_EQ(debouncer.deadline(), kStart + 30ms);
  EXPECT_EQ(debouncer.pass(kStart + 30ms), (Edge{true, kStart}));
}

TEST(Debouncer, ASecondOfEdgesAt10KilohertzIsOneChange) {
  Debouncer debouncer(30ms);
  debouncer.edge({false, kStart});
  debouncer.pass(kStart + 1s);
  const BootTime first = kStart + 2s;
  for (int i = 0; i < 10'001; ++i) ASSERT_EQ(debouncer.edge({i % 2 == 0, first + i * 100us}), std::nullopt) << i;
  EXPECT_EQ(debouncer.pass(first + 1s + 30ms), (Edge{true, first}));
}

TEST(Debouncer, StampsNeverGoBack) {
  Debouncer debouncer(0ms);
  debouncer.edge({false, kStart});
  EXPECT_EQ(debouncer.edge({true, kStart - 10ms}), (Edge{true, kStart}));
}

TEST(Debouncer, ALevelThatIsReadAfterLostEdgesCounts) {
  Debouncer debouncer(30ms);
  debouncer.edge({false, kStart});
  debouncer.pass(kStart + 1s);
  debouncer.edge({true, kStart + 5s});  // nobody saw it change
  EXPECT_EQ(debouncer.latest(), true);
  EXPECT_EQ(debouncer.pass(kStart + 5s + 30ms), (Edge{true, kStart + 5s}));
}

/// A contact that settles on one level after another, and bounces for a while each time.
struct Contact {
  std::vector<Edge> edges;
  std::vector<Edge> settled;  // what a debouncer is to say
};

Contact random_contact(std::mt19937& random, nanoseconds debounce) {
  const auto up_to = [&random](nanoseconds most) {
    return nanoseconds(std::uniform_int_distribution<nanoseconds::rep>(1, most.count())(random));
  };
  Contact contact;
  BootTime now = kStart;
  bool stable = false;
  contact.edges.push_back({stable, now});
  contact.settled.push_back({stable, now});
  for (int unrest = 0; unrest < 50; ++unrest) {
    now += debounce + up_to(10 * debounce);
    const BootTime first = now;
    bool level = stable;
    const auto bounces = std::uniform_int_distribution<int>(1, 20)(random);
    for (int i = 0; i < bounces; ++i) {
      level = !level;
      contact.edges.push_back({level, now});
      if (i + 1 < bounces) now += up_to(debounce - 1ns);
    }
    if (level == stable) continue;
    stable = level;
    contact.settled.push_back({level, first});
  }
  return contact;
}

TEST(Debouncer, OfAnyBouncesSaysEachSettledLevelOnceWithItsFirstEdge) {
  std::mt19937 random(20'261'122);
  for (int round = 0; round < 500; ++round) {
    const auto debounce = 1ms * std::uniform_int_distribution<int>(1, 100)(random);
    const auto contact = random_contact(random, debounce);
    Debouncer in_time(debounce), late(debounce);
    std::vector<Edge> said, said_late;
    const auto keep = [](std::vector<Edge>& all, const std::optional<Edge>& edge) {
      if (edge) all.push_back(*edge);
    };
    for (const auto& edge : contact.edges) {
      if (const auto deadline = in_time.deadline(); deadline && *deadline <= edge.at)
        keep(said, in_time.pass(*deadline));
      keep(said, in_time.edge(edge));
      keep(said_late, late.edge(edge));
    }
    const BootTime end = contact.edges.back().at + debounce;
    keep(said, in_time.pass(end));
    keep(said_late, late.pass(end));
    ASSERT_EQ(said, contact.settled) << "round " << round;
    ASSERT_EQ(said_late, contact.settled) << "round " << round << ", told at the end";
  }
}

}  // namespace
}  // namespace nestbox
