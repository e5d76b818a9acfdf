// The kernel's own simulated chip, labelled as a Raspberry Pi 4's, in the guest (scripts/guest);
// tests/guest/lines_test.py runs these there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "nestbox/gpio/lines.h"
#include "support/patience.h"

namespace nestbox {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Level = Lines::Level;
using State = LineStatus::State;
namespace fs = std::filesystem;

const fs::path kConfig = "/sys/kernel/config/gpio-sim";

void write(const fs::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  ASSERT_TRUE(file) << path;
}

std::string read(const fs::path& path) {
  std::string text;
  std::ifstream file(path);
  std::getline(file, text);
  return text;
}

std::ptrdiff_t open_descriptors() {
  return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
}

/// The guest's chip, or another.
class KernelChip {
 public:
  explicit KernelChip(const std::string& name) : config_(kConfig / name) {}
  void live(bool is) const { write(config_ / "live", is ? "1" : "0"); }
  std::string device() const { return read(config_ / "bank" / "chip_name"); }
  /// From outside: what lies on the line, and what it carries.
  void pull(unsigned line, bool up) const { write(wire(line) / "pull", up ? "pull-up" : "pull-down"); }
  bool high(unsigned line) const { return read(wire(line) / "value") == "1"; }
  fs::path wire(unsigned line) const {
    return fs::path("/sys/devices/platform") / read(config_ / "dev_name") / device() /
           ("sim_gpio" + std::to_string(line));
  }
  const fs::path& config() const { return config_; }

 private:
  const fs::path config_;
};

class KernelLines : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kConfig / "guest"))
      GTEST_SKIP() << "this machine has no simulated chip of the kernel's; scripts/guest has";
    for (const unsigned line : {17U, 22U, 23U}) chip_.pull(line, false);
  }

  void apply() { lines_.apply(setup_, BootClock::now()); }
  void turn(std::chrono::milliseconds limit) {
    auto wait = limit;
    if (const auto next = lines_.next_deadline())
      wait = std::clamp(std::chrono::ceil<std::chrono::milliseconds>(*next - BootClock::now()), 0ms, limit);
    pollfd waited{lines_.descriptor(), POLLIN, 0};
    if (::poll(&waited, 1, static_cast<int>(wait.count())) > 0) {
      ++wakes_;
      lines_.read(BootClock::now());
    }
    lines_.tick(BootClock::now());
  }
  [[nodiscard]] bool becomes(const std::function<bool()>& state) {
    const auto deadline = BootClock::now() + kPatience;
    while (!state() && BootClock::now() < deadline) turn(100ms);
    return state();
  }
  [[nodiscard]] bool becomes(const std::string& name, std::optional<bool> active) {
    return becomes([&] { return status(name).active == active; });
  }
  void forget() {
    changes_.clear();
    told_at_.clear();
    wakes_ = 0;
  }
  void go_on_for(std::chrono::milliseconds time) {
    for (const auto end = BootClock::now() + time; BootClock::now() < end;) turn(10ms);
  }
  LineStatus status(const std::string& name) const {
    for (auto& line : lines_.status())
      if (line.name == name) return line;
    return {};
  }

  const KernelChip chip_{"guest"};
  Lines::Setup setup_{"auto",
                      {{"lid", {"17"}},
                       {"pir", {"GPIO22", ActiveLevel::kHigh, LineBias::kPullDown}},
                       {"button", {"pinctrl-bcm2711:GPIO23", ActiveLevel::kLow, LineBias::kPullUp, 30ms}}},
                      {{"coil", {"24"}}, {"lamp", {"GPIO27"}}, {"light", {"28", ActiveLevel::kLow}}}};
  int wakes_ = 0;
  std::vector<LineChange> changes_;
  std::vector<BootTime> told_at_;
  Lines lines_{[this](const LineChange& change) {
    changes_.push_back(change);
    told_at_.push_back(BootClock::now());
  }};
};

TEST_F(KernelLines, LidMotionSensorAndButtonAreFollowed) {
  apply();
  for (const auto* const name : {"lid", "pir", "button"}) {
    ASSERT_TRUE(becomes(name, false)) << name << ": " << status(name).last_error;
    EXPECT_EQ(status(name).state, State::kOk);
  }
  EXPECT_EQ(status("lid").where, "GPIO17 of pinctrl-bcm2711 (" + chip_.device() + ")");
  forget();
  for (const bool active : {true, false, true}) {
    const auto before = BootClock::now();
    chip_.pull(17, active);
    chip_.pull(22, active);
    chip_.pull(23, !active);
    for (const auto* const name : {"lid", "pir", "button"}) ASSERT_TRUE(becomes(name, active)) << name;
    ASSERT_EQ(changes_.size(), 3U);
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      EXPECT_GE(changes_[i].at, before) << changes_[i].name;
      if (changes_[i].name != "button") continue;
      EXPECT_GE(told_at_[i] - changes_[i].at, 30ms) << "stamped when it happened, not when its debounce was over";
    }
    forget();
  }
}

TEST_F(KernelLines, CoilAndLampCarryWhatIsSet) {
  apply();
  EXPECT_FALSE(chip_.high(24));
  EXPECT_TRUE(chip_.high(28)) << "active low";
  for (const auto* const name : {"coil", "lamp", "light"}) lines_.set(name, Level::kActive);
  EXPECT_TRUE(chip_.high(24));
  EXPECT_TRUE(chip_.high(27));
  EXPECT_FALSE(chip_.high(28));
  setup_.inputs.clear();
  apply();
  EXPECT_TRUE(chip_.high(27)) << "kept over apply()";
  lines_.set("coil", Level::kInactive);
  EXPECT_FALSE(chip_.high(24));
}

TEST_F(KernelLines, ALineThatIsBusyNamesItsHolderAndIsTakenWhenItIsFree) {
  auto other = std::make_unique<Lines>([](const LineChange&) {});
  other->apply({"auto", {}, {{"other lamp", {"27"}}}}, BootClock::now());
  apply();
  EXPECT_EQ(status("lamp").state, State::kBusy);
  EXPECT_EQ(status("lamp").holder, "nestbox other lamp");
  EXPECT_THAT(status("lamp").last_error,
              AllOf(HasSubstr("GPIO27 of pinctrl-bcm2711"), HasSubstr("nestbox other lamp")));
  EXPECT_EQ(status("lid").state, State::kOk) << "the others work";
  const auto refused = make_inactive("auto", {{"lamp", {"27"}}, {"fan", {"29"}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kBusy);
  EXPECT_THAT(refused.error().message, HasSubstr("nestbox other lamp"));
  lines_.set("lamp", Level::kActive);
  other.reset();
  ASSERT_TRUE(becomes([&] { return status("lamp").state == State::kOk; }));
  EXPECT_TRUE(chip_.high(27));
}

TEST_F(KernelLines, WhatIsNotThereIsSaidWithWhatIs) {
  setup_.inputs = {{"lid", {"17"}}, {"pir", {"58"}}, {"button", {"SDA1"}}, {"door", {"gpiochip77:1"}}};
  apply();
  EXPECT_EQ(status("lid").state, State::kOk);
  EXPECT_THAT(status("pir").last_error, HasSubstr("its lines are 0 to 57"));
  EXPECT_THAT(status("button").last_error, HasSubstr("no line called SDA1"));
  EXPECT_THAT(status("door").last_error, HasSubstr("there are: pinctrl-bcm2711 (" + chip_.device() + ")"));
  for (const auto* const name : {"pir", "button", "door"}) EXPECT_EQ(status(name).state, State::kAbsent);
}

TEST_F(KernelLines, OutputsOfNobodyAreMadeInactive) {
  const auto done = make_inactive("auto", {{"lamp", {"27"}}, {"none", {"none"}}, {"coil", {"GPIO24"}}});
  EXPECT_TRUE(done) << done.error().message;
  apply();
  EXPECT_EQ(status("lamp").state, State::kOk) << "it was let go of";
}

TEST_F(KernelLines, AStormOfEdgesIsOneChange) {
  // It outlasts any pause that a busy machine makes between two edges.
  setup_.inputs[0].line.debounce = 2s;
  apply();
  ASSERT_TRUE(becomes("lid", false));
  forget();
  constexpr int kEdges = 10'000 + 1;  // a second of them
  BootTime before{}, half{};
  std::atomic<bool> over{false};
  std::thread storm([&] {
    const auto pull = chip_.wire(17) / "pull";
    std::FILE* const file = std::fopen(pull.c_str(), "w");
    before = BootClock::now();
    for (int edge = 0; edge < kEdges; ++edge) {
      std::rewind(file);
      std::fputs(edge % 2 == 0 ? "pull-up" : "pull-down", file);
      std::fflush(file);
      if (edge == kEdges / 2) half = BootClock::now();
      std::this_thread::sleep_until(std::chrono::steady_clock::time_point(
          std::chrono::steady_clock::now().time_since_epoch() / 100us * 100us + 100us));
    }
    std::fclose(file);
    over = true;
  });
  while (!over) turn(100ms);
  storm.join();
  ASSERT_TRUE(becomes("lid", true));
  go_on_for(100ms);
  ASSERT_EQ(changes_.size(), 1U);
  EXPECT_TRUE(changes_[0].active);
  EXPECT_GE(changes_[0].at, before);
  EXPECT_LE(changes_[0].at, half) << "the stamp is the first edge's";
  // The simulated chip tells of edges at the next tick of the kernel's clock, so of several at once.
  std::printf("%d edges in %.2f s: one change, %d wakes\n", kEdges, to_seconds(told_at_.back() - before) - 2, wakes_);
}

TEST_F(KernelLines, AfterLostEdgesTheLevelIsReadAgain) {
  apply();
  ASSERT_TRUE(becomes("lid", false));
  // Nobody reads meanwhile, and no kernel keeps so many. With libgpiod 1 those that are kept end on the wrong level.
  constexpr int kEdges = 301;
  for (const bool up : {true, false}) {
    for (int edge = 0; edge < kEdges; ++edge) {
      chip_.pull(17, edge % 2 == 0 ? up : !up);
      std::this_thread::sleep_for(12ms);  // a tick of the kernel's clock, or the chip would tell of two at once
    }
    forget();
    lines_.read(BootClock::now());
    EXPECT_EQ(status("lid").active, up) << changes_.size() << " changes";
  }
}

TEST_F(KernelLines, AChipThatGoesIsNoticedAndComesBackUnderAnotherNumber) {
  apply();
  ASSERT_TRUE(becomes("lid", false));
  lines_.set("lamp", Level::kActive);
  const std::string device = chip_.device();
  const auto descriptors = open_descriptors();
  chip_.live(false);
  ASSERT_TRUE(becomes([&] { return status("lid").state == State::kAbsent && status("lamp").state == State::kAbsent; }));
  EXPECT_EQ(status("lid").active, std::nullopt);

  const KernelChip first("first");
  fs::create_directories(first.config() / "bank");
  first.live(true);
  chip_.live(true);
  EXPECT_NE(chip_.device(), device);
  ASSERT_TRUE(becomes([&] { return status("lid").state == State::kOk && status("lamp").state == State::kOk; }));
  EXPECT_TRUE(chip_.high(27)) << "the lamp shines again";
  EXPECT_THAT(status("lid").where, HasSubstr(chip_.device()));
  ASSERT_TRUE(becomes("lid", false));
  chip_.pull(17, true);
  EXPECT_TRUE(becomes("lid", true));
  EXPECT_EQ(open_descriptors(), descriptors);

  first.live(false);
  fs::remove(first.config() / "bank");
  fs::remove(first.config());
}

TEST_F(KernelLines, FromEdgeToCallback) {
  setup_.inputs.resize(1);
  apply();
  ASSERT_TRUE(becomes("lid", false));
  forget();
  constexpr std::size_t kEdges = 500;
  std::vector<double> delays_us;
  for (std::size_t edge = 0; edge < kEdges; ++edge) {
    const bool up = edge % 2 == 0;
    chip_.pull(17, up);
    ASSERT_TRUE(becomes("lid", up));
    ASSERT_EQ(changes_.size(), edge + 1);
    delays_us.push_back(to_seconds(told_at_.back() - changes_.back().at) * 1e6);
  }
  std::sort(delays_us.begin(), delays_us.end());
  std::printf("edge to callback: p50 %.0f us, p99 %.0f us, slowest %.0f us of %zu\n", delays_us[kEdges / 2],
              delays_us[kEdges * 99 / 100], delays_us.back(), kEdges);
  EXPECT_GE(delays_us.front(), 0);
}

}  // namespace
}  // namespace nestbox
