/// Outputs over a network that is slow, dead or without names: a namespace of its own, joined to ours by a veth pair.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "nestbox/av/av_log.h"
#include "nestbox/publish/output.h"
#include "nestbox/publish/publish_test.h"
#include "nestbox/rules/bitrate_controller.h"
#include "support/rtmp_server.h"
#include "support/rtmp_stream.h"

namespace nestbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using testing::HasSubstr;

/// A namespace for the server and one for the output, so that nothing of the machine's own network is touched.
class Network {
 public:
  Network() {
    const std::string both = "ip netns add " + near() + " && ip netns add " + far();
    ready_ =
        sh(both) &&
        sh(fmt::format("ip link add name near0 netns {} type veth peer name far0 netns {}", near(), far())) &&
        sh(fmt::format("ip -n {} addr add 10.77.0.1/24 dev near0 && ip -n {} link set near0 up", near(), near())) &&
        sh(fmt::format("ip -n {} addr add 10.77.0.2/24 dev far0 && ip -n {} link set far0 up", far(), far())) &&
        sh(fmt::format("ip -n {} link set lo up && ip -n {} link set lo up", near(), far()));
  }
  ~Network() { sh("ip netns del " + near() + "; ip netns del " + far()); }

  bool ready() const { return ready_; }
  std::string near() const { return fmt::format("nestbox-near-{}", ::getpid()); }
  std::string far() const { return fmt::format("nestbox-far-{}", ::getpid()); }
  static std::string url() { return "rtmp://10.77.0.2/live"; }

  bool narrow(const std::string& rate) const {
    return sh(
        fmt::format("ip netns exec {} tc qdisc add dev near0 root tbf rate {} burst 16kb latency 300ms", near(), rate));
  }
  bool widen() const { return sh(fmt::format("ip netns exec {} tc qdisc del dev near0 root", near())); }
  bool cut() const {
    return sh(
        fmt::format("ip netns exec {0} iptables -A INPUT -i far0 -j DROP && "
                    "ip netns exec {0} iptables -A OUTPUT -o far0 -j DROP",
                    far()));
  }
  bool mend() const { return sh(fmt::format("ip netns exec {} iptables -F", far())); }
  bool route_everywhere() const { return sh(fmt::format("ip -n {} route add default via 10.77.0.2", near())); }

 private:
  static bool sh(const std::string& command) { return run({"sh", "-c", command}); }
  bool ready_ = false;
};

std::size_t anonymous_memory_bytes() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  for (std::string line; std::getline(rollup, line);) {
    if (line.starts_with("Anonymous:")) return std::stoul(line.substr(10)) * 1024;
  }
  return 0;
}

class NetworkTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = rtmp_server_missing(); !why.empty()) GTEST_SKIP() << why;
    if (::geteuid() != 0) GTEST_SKIP() << "network namespaces need root";
    network_ = std::make_unique<Network>();
    if (!network_->ready()) GTEST_SKIP() << "this machine makes no network namespaces with a veth pair";
    install_av_log_bridge();
  }

  /// Threads belong to the namespace of the thread that started them.
  std::shared_ptr<Output> on_air(LiveStream& stream, const std::string& url) {
    OutputOptions options;
    options.name = "test";
    options.url = url;
    auto output = std::make_shared<Output>(options, Secret(kKey), [&stream] { stream.hub.want_keyframe(); });
    std::thread([&] {
      ASSERT_TRUE(enter_network_namespace(network_->near()));
      output->start();
    }).join();
    output->set_on_air(Air::kOn);
    stream.hub.attach(output);
    return output;
  }
  static bool live(const Output& output) { return output.status().state == OutputState::kLive; }
  static double seconds_to_stop(Output& output) {
    const auto began_at = BootClock::now();
    output.request_stop();
    EXPECT_TRUE(output.join_until(began_at + seconds(5)));
    return to_seconds(BootClock::now() - began_at);
  }

  std::unique_ptr<Network> network_;
};

/// What app does with the bit rate, for one output.
class RateLoop {
 public:
  RateLoop(LiveStream& stream, const Output& output)
      : thread_([&] {
          BitrateController controller({400'000, 3'000'000, 10'000});
          while (!stopping_) {
            const auto status = output.status();
            worst_lag_s = std::max(worst_lag_s.load(), status.lag_s);
            const BitrateController::Link link{
                status.throughput_bps,
                std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(status.lag_s)), status.congested,
                status.state == OutputState::kLive};
            stream.set_bitrate(controller.update(BootClock::now(), {&link, 1}));
            std::this_thread::sleep_for(milliseconds(200));
          }
        }) {}
  ~RateLoop() {
    stopping_ = true;
    thread_.join();
  }
  std::atomic<double> worst_lag_s{0};

 private:
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

struct Arrival {
  double longest_gap_s = 0, worst_age_s = 0, median_age_s = 0;
  std::size_t pictures = 0;
};

Arrival arrival_between(const std::vector<Subscriber::Seen>& pictures, BootTime from, BootTime to) {
  Arrival arrival;
  BootTime previous = from;
  std::vector<double> ages_s;
  for (const auto& picture : pictures) {
    if (picture.arrived_at < from || picture.arrived_at > to) continue;
    arrival.longest_gap_s = std::max(arrival.longest_gap_s, to_seconds(picture.arrived_at - previous));
    ages_s.push_back(to_seconds(picture.arrived_at - picture.captured_at));
    previous = picture.arrived_at;
  }
  arrival.longest_gap_s = std::max(arrival.longest_gap_s, to_seconds(to - previous));
  arrival.pictures = ages_s.size();
  if (ages_s.empty()) return arrival;
  std::sort(ages_s.begin(), ages_s.end());
  arrival.worst_age_s = ages_s.back();
  arrival.median_age_s = ages_s[ages_s.size() / 2];
  return arrival;
}

TEST_F(NetworkTest, FiveHundredKilobitsForAMinuteSlow) {
  RtmpServer server(network_->far());
  LiveStream stream({.width = 640, .height = 360, .bitrate_bps = 3'000'000});
  auto output = on_air(stream, Network::url());
  Subscriber subscriber("rtmp://127.0.0.1/live/" + std::string(kKey), network_->far());
  RateLoop rate(stream, *output);
  ASSERT_TRUE(seconds_until([&] { return live(*output) && subscriber.count() > 60; }))
      << output->status().last_error << server.log();
  const auto memory_before = anonymous_memory_bytes();
  const auto narrowed_at = BootClock::now();
  ASSERT_TRUE(network_->narrow("500kbit"));
  std::this_thread::sleep_for(seconds(60));
  const auto widened_at = BootClock::now();
  const auto memory_after = anonymous_memory_bytes();
  ASSERT_TRUE(network_->widen());
  const auto recovered = seconds_until([&] { return stream.bitrate_bps() > 2'700'000; }, seconds(60));
  const auto pictures = subscriber.seen();
  const auto whole = arrival_between(pictures, narrowed_at, widened_at);
  const auto settled = arrival_between(pictures, narrowed_at + seconds(5), widened_at);
  const auto after = arrival_between(pictures, widened_at + seconds(2), pictures.back().arrived_at);
  const double grown_mb = (static_cast<double>(memory_after) - static_cast<double>(memory_before)) / 1e6;
  std::printf(
      "500 kbit/s for 60 s: longest gap %.2f s; age of pictures: worst %.2f s, worst after 5 s %.2f s, median %.2f s; "
      "lag "
      "said at most %.2f s; dropped %llu packets, sessions lost %llu; memory %+.1f MB; 2.7 Mbit/s again after %.1f s, "
      "age "
      "then at most %.2f s\n",
      whole.longest_gap_s, whole.worst_age_s, settled.worst_age_s, settled.median_age_s, rate.worst_lag_s.load(),
      static_cast<unsigned long long>(output->status().packets_dropped),
      static_cast<unsigned long long>(output->status().reconnects), grown_mb, recovered.value_or(-1),
      after.worst_age_s);
  EXPECT_LT(whole.longest_gap_s, 4 * kSlowdown);
  EXPECT_LT(settled.median_age_s, kSlowdown);
  EXPECT_LT(settled.worst_age_s, 1.5 * kSlowdown);
  EXPECT_LT(after.worst_age_s, kSlowdown);
  EXPECT_LT(grown_mb, 10);
  EXPECT_EQ(output->status().reconnects, 0U);
  EXPECT_TRUE(recovered);
  EXPECT_LT(stream.longest_push_s(), 0.5 * kSlowdown) << "on a busy machine; a blocked push would take seconds";
  EXPECT_LT(seconds_to_stop(*output), kSlowdown);
  stream.hub.detach(*output);
}

TEST_F(NetworkTest, NoPacketsForThirtySecondsSlow) {
  RtmpServer server(network_->far());
  LiveStream stream({});
  auto output = on_air(stream, Network::url());
  Subscriber subscriber("rtmp://127.0.0.1/live/" + std::string(kKey), network_->far());
  ASSERT_TRUE(seconds_until([&] { return live(*output) && output->status().bytes > 500'000; }));
  const auto cut_at = BootClock::now();
  ASSERT_TRUE(network_->cut());
  const auto noticed = seconds_until([&] { return output->status().state == OutputState::kBackoff; });
  ASSERT_TRUE(noticed);
  EXPECT_LT(*noticed, 10);
  while (BootClock::now() < cut_at + seconds(30)) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(output->status().fault, PublishFault::kNoNetwork) << output->status().last_error;
  const auto mended_at = BootClock::now();
  ASSERT_TRUE(network_->mend());
  ASSERT_TRUE(seconds_until([&] { return subscriber.first_after(mended_at).has_value(); }));
  const double took = to_seconds(*subscriber.first_after(mended_at) - mended_at);
  std::this_thread::sleep_for(seconds(2));
  const auto last = subscriber.seen().back();
  std::printf("dead link noticed after %.1f s; media %.2f s after it was mended; lag then %.2f s\n", *noticed, took,
              to_seconds(last.arrived_at - last.captured_at));
  EXPECT_LT(took, 3 * kSlowdown) << "2 s, and the subscriber's own way back";
  EXPECT_LT(to_seconds(last.arrived_at - last.captured_at), 1);
  EXPECT_LT(seconds_to_stop(*output), kSlowdown);
  stream.hub.detach(*output);
}

TEST_F(NetworkTest, StoppingDoesNotWaitForADeadLink) {
  RtmpServer server(network_->far());
  LiveStream stream({.bitrate_bps = 3'000'000});
  auto output = on_air(stream, Network::url());
  ASSERT_TRUE(seconds_until([&] { return live(*output); }));
  ASSERT_TRUE(network_->cut());
  ASSERT_TRUE(seconds_until([&] { return output->status().lag_s > 1.5; }));
  EXPECT_LT(seconds_to_stop(*output), kSlowdown);
  auto connecting = on_air(stream, Network::url());
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_LT(seconds_to_stop(*connecting), kSlowdown);
  stream.hub.detach(*output);
  stream.hub.detach(*connecting);
}

TEST_F(NetworkTest, NoNetworkAndNoNameAreToldApart) {
  LiveStream stream({});
  auto alone = on_air(stream, "rtmp://live.example.org/live");
  ASSERT_TRUE(seconds_until([&] { return !alone->status().last_error.empty(); }));
  EXPECT_EQ(alone->status().fault, PublishFault::kNoNetwork) << alone->status().last_error;
  EXPECT_LT(seconds_to_stop(*alone), kSlowdown);
  stream.hub.detach(*alone);

  ASSERT_TRUE(network_->route_everywhere());  // there is a way out, but no name server answers on it
  ASSERT_TRUE(network_->cut());
  auto nameless = on_air(stream, "rtmp://live.example.org/live");
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_LT(seconds_to_stop(*nameless), kSlowdown) << "while getaddrinfo() hangs";
  stream.hub.detach(*nameless);
  auto again = on_air(stream, "rtmp://live.example.org/live");
  ASSERT_TRUE(seconds_until([&] { return !again->status().last_error.empty(); }));
  EXPECT_EQ(again->status().fault, PublishFault::kNoName) << again->status().last_error;
  EXPECT_LT(stream.longest_push_s(), 0.5 * kSlowdown) << "on a busy machine; a blocked push would take seconds";
  EXPECT_LT(seconds_to_stop(*again), kSlowdown);
  stream.hub.detach(*again);
}

TEST_F(NetworkTest, TheTestOfAnOutputSaysTooSlow) {
  RtmpServer server(network_->far());
  ASSERT_TRUE(network_->narrow("500kbit"));
  LiveStream stream({.width = 640, .height = 360, .bitrate_bps = 2'000'000});
  OutputOptions options;
  options.name = "test";
  options.url = Network::url();
  std::unique_ptr<PublishTest> test;
  std::thread([&] {
    ASSERT_TRUE(enter_network_namespace(network_->near()));
    test = std::make_unique<PublishTest>(options, Secret(kKey), stream.hub, seconds(6));
  }).join();
  std::optional<PublishVerdict> verdict;
  ASSERT_TRUE(seconds_until([&] { return (verdict = test->poll(BootClock::now())).has_value(); }, seconds(25)));
  EXPECT_EQ(verdict->fault, PublishFault::kTooSlow);
  EXPECT_THAT(verdict->text, HasSubstr("Mbit/s"));
  std::printf("%s\n", verdict->text.c_str());
  EXPECT_LT(verdict->throughput_bps, 600'000);
}

}  // namespace
}  // namespace nestbox
