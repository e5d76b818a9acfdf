/// Outputs against servers that die, freeze, refuse, lie about who they are, or say nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "nestbox/av/av_log.h"
#include "nestbox/base/log.h"
#include "nestbox/publish/output.h"
#include "nestbox/publish/publish_test.h"
#include "support/rtmp_server.h"
#include "support/rtmp_stream.h"

namespace nestbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

OutputOptions options_of(const std::string& url, const std::string& ca_file = {}) {
  OutputOptions options;
  options.name = "test";
  options.url = url;
  options.ca_file = ca_file;
  return options;
}

std::shared_ptr<Output> on_air(LiveStream& stream, const OutputOptions& options) {
  auto output = std::make_shared<Output>(options, Secret(kKey), [&stream] { stream.hub.want_keyframe(); });
  output->start();
  output->set_on_air(Air::kOn);
  stream.hub.attach(output);
  return output;
}

bool live(const Output& output) {
  return output.status().state == OutputState::kLive;
}
bool waits(const Output& output) {
  return output.status().state == OutputState::kBackoff;
}

/// How long the thread took to end after it was asked to.
double seconds_to_stop(LiveStream& stream, Output& output) {
  const auto began_at = BootClock::now();
  output.request_stop();
  EXPECT_TRUE(output.join_until(began_at + seconds(5)));
  const double took = to_seconds(BootClock::now() - began_at);
  stream.hub.detach(output);
  return took;
}

class FaultTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = rtmp_server_missing(); !why.empty()) GTEST_SKIP() << why;
    install_av_log_bridge();
  }
};

TEST_F(FaultTest, ServerKilledAndBackAfterFiveSeconds) {
  RtmpServer server;
  LiveStream stream({});
  auto output = on_air(stream, options_of(server.url()));
  Subscriber subscriber(server.url() + "/" + kKey);
  ASSERT_TRUE(seconds_until([&] { return live(*output) && output->status().bytes > 500'000; }));
  server.kill();
  ASSERT_TRUE(seconds_until([&] { return waits(*output); }));
  std::this_thread::sleep_for(seconds(5));
  const auto back_at = BootClock::now();
  server.start();
  ASSERT_TRUE(seconds_until([&] { return subscriber.first_after(back_at).has_value(); }));
  const double took = to_seconds(*subscriber.first_after(back_at) - back_at);
  RecordProperty("seconds_to_media", std::to_string(took));
  std::printf("media at the subscriber %.2f s after the server came back\n", took);
  EXPECT_LT(took, 2 * kSlowdown);
  EXPECT_TRUE(seconds_until([&] { return output->status().reconnects == 1; }));  // told by samples
  EXPECT_LT(seconds_to_stop(stream, *output), kSlowdown);
}

TEST_F(FaultTest, ServerFrozenForTwentySecondsSlow) {
  RtmpServer server;
  LiveStream stream({});
  auto output = on_air(stream, options_of(server.url()));
  Subscriber subscriber(server.url() + "/" + kKey);
  ASSERT_TRUE(seconds_until([&] { return live(*output) && output->status().bytes > 500'000; }));
  server.freeze();
  const auto frozen_at = BootClock::now();
  const auto noticed = seconds_until([&] { return waits(*output); });
  ASSERT_TRUE(noticed);
  EXPECT_LT(*noticed, 10);
  EXPECT_EQ(output->status().fault, PublishFault::kLost);
  std::this_thread::sleep_until(std::chrono::steady_clock::now() + (frozen_at + seconds(20) - BootClock::now()));
  const auto thawed_at = BootClock::now();
  server.thaw();
  ASSERT_TRUE(seconds_until([&] { return subscriber.first_after(thawed_at).has_value(); }));
  const double took = to_seconds(*subscriber.first_after(thawed_at) - thawed_at);
  std::this_thread::sleep_for(seconds(2));
  const auto last = subscriber.seen().back();
  const double age = to_seconds(last.arrived_at - last.captured_at);
  std::printf("frozen noticed after %.1f s; media %.2f s after the thaw; lag then %.2f s\n", *noticed, took, age);
  EXPECT_LT(took, 2 * kSlowdown);
  EXPECT_LT(age, kSlowdown);
  EXPECT_LT(output->status().lag_s, kSlowdown);
  EXPECT_LT(seconds_to_stop(stream, *output), kSlowdown);
}

TEST_F(FaultTest, RefusedAsAlreadyPublishingUntilTheOtherLeaves) {
  RtmpServer server;
  LiveStream stream({});
  auto first = on_air(stream, options_of(server.url()));
  ASSERT_TRUE(seconds_until([&] { return live(*first); }));
  auto second = on_air(stream, options_of(server.url()));
  ASSERT_TRUE(seconds_until([&] { return waits(*second); }));
  EXPECT_EQ(second->status().fault, PublishFault::kRefused);
  EXPECT_THAT(second->status().last_error, HasSubstr("already publishing"));
  std::this_thread::sleep_for(milliseconds(2500));
  EXPECT_NE(second->status().state, OutputState::kLive);
  seconds_to_stop(stream, *first);
  const auto took = seconds_until([&] { return live(*second); });
  ASSERT_TRUE(took);
  std::printf("live %.2f s after the other publisher left\n", *took);
  EXPECT_LT(*took, 2 * kSlowdown);
  EXPECT_LT(seconds_to_stop(stream, *second), kSlowdown);
}

class CertificateTest : public FaultTest {
 protected:
  void expect_refused(const std::string& certificate, const std::string& ca_file) {
    RtmpServer server;
    const Stunnel tls(certificate, server.port());
    LiveStream stream({});
    auto output = on_air(stream, options_of(tls.url(), ca_file));
    ASSERT_TRUE(seconds_until([&] { return waits(*output); }));
    const auto status = output->status();
    EXPECT_EQ(status.fault, PublishFault::kTls) << status.last_error;
    EXPECT_THAT(status.last_error, HasSubstr("certificate"));
    std::printf("%s\n", status.last_error.c_str());
    EXPECT_EQ(status.bytes, 0U);
    EXPECT_THAT(server.log(), Not(HasSubstr("connect: app")));
    EXPECT_LT(seconds_to_stop(stream, *output), kSlowdown);
  }
  Authority authority_;
};

TEST_F(CertificateTest, SelfSignedIsRefused) {
  expect_refused(authority_.issue_self_signed("self", "localhost"), authority_.ca_file());
}
TEST_F(CertificateTest, ExpiredIsRefused) {
  expect_refused(authority_.issue("old", "localhost", Authority::Validity::kExpired), authority_.ca_file());
}
TEST_F(CertificateTest, AnotherHostsIsRefused) {
  expect_refused(authority_.issue("other", "live.example"), authority_.ca_file());
}
TEST_F(CertificateTest, AnAuthorityThatTheSystemDoesNotKnowIsRefused) {
  expect_refused(authority_.issue("good", "localhost"), "");
}

TEST_F(CertificateTest, OnesOwnAuthorityIsAcceptedAndNoProxyOfTheEnvironmentComesBetween) {
  RtmpServer server;
  const Stunnel tls(authority_.issue("good", "localhost"), server.port());
  const SilentServer proxy(SilentServer::Manners::kAccepts);
  ::setenv("http_proxy", fmt::format("http://127.0.0.1:{}", proxy.port()).c_str(), 1);
  LiveStream stream({});
  auto output = on_air(stream, options_of(tls.url(), authority_.ca_file()));
  const auto took = seconds_until([&] { return live(*output); });
  ::unsetenv("http_proxy");
  ASSERT_TRUE(took) << output->status().last_error;
  ASSERT_TRUE(seconds_until([&] { return output->status().throughput_bps > 500'000; }));
  EXPECT_LT(output->status().lag_s, 0.3 * kSlowdown);
  EXPECT_LT(seconds_to_stop(stream, *output), kSlowdown);
}

TEST_F(CertificateTest, AFrozenTlsServerIsNoticedAndHoldsNobodyUpSlow) {
  RtmpServer server;
  Stunnel tls(authority_.issue("good", "localhost"), server.port());
  LiveStream stream({});
  auto output = on_air(stream, options_of(tls.url(), authority_.ca_file()));
  ASSERT_TRUE(seconds_until([&] { return live(*output); })) << output->status().last_error;
  tls.freeze();
  const auto noticed = seconds_until([&] { return waits(*output); });
  ASSERT_TRUE(noticed);
  std::printf("frozen TLS server noticed after %.1f s\n", *noticed);
  EXPECT_LT(*noticed, 10);
  EXPECT_LT(seconds_to_stop(stream, *output), kSlowdown);
}

TEST_F(CertificateTest, AServerBehindTlsIsKilledAndComesBack) {
  RtmpServer server;
  const Stunnel tls(authority_.issue("good", "localhost"), server.port());
  LiveStream stream({});
  auto output = on_air(stream, options_of(tls.url(), authority_.ca_file()));
  ASSERT_TRUE(seconds_until([&] { return live(*output) && output->status().bytes > 500'000; }));
  server.kill();
  std::this_thread::sleep_for(seconds(5));
  server.start();
  const auto took = seconds_until([&] { return live(*output); });
  ASSERT_TRUE(took) << output->status().last_error;
  std::printf("live %.2f s after the server behind stunnel came back\n", *took);
  EXPECT_LT(*took, 2 * kSlowdown);
}

TEST_F(FaultTest, NoSuchName) {
  LiveStream stream({});
  auto output = on_air(stream, options_of("rtmp://no-such-host.invalid/live"));
  ASSERT_TRUE(seconds_until([&] { return waits(*output); }));
  EXPECT_THAT(output->status().fault, AnyOf(PublishFault::kNoName, PublishFault::kNoNetwork));
  EXPECT_THAT(output->status().last_error, AnyOf(HasSubstr("no-such-host.invalid"), HasSubstr("no network")));
  EXPECT_LT(seconds_to_stop(stream, *output), kSlowdown);
}

TEST_F(FaultTest, NobodyListens) {
  LiveStream stream({});
  const int port = free_port();
  auto output = on_air(stream, options_of(fmt::format("rtmp://127.0.0.1:{}/live", port)));
  ASSERT_TRUE(seconds_until([&] { return waits(*output); }));
  EXPECT_EQ(output->status().fault, PublishFault::kRefused);
  EXPECT_EQ(output->status().last_error, fmt::format("nobody listens at 127.0.0.1:{} (connection refused)", port));
  EXPECT_GT(output->status().retry_in_s.value_or(0), 0.3);
  output->retry_now();
  EXPECT_TRUE(seconds_until([&] { return !waits(*output) || output->status().retry_in_s.value_or(0) > 0.74; }));
  EXPECT_LT(seconds_to_stop(stream, *output), kSlowdown);
}

TEST_F(FaultTest, AServerThatResetsIsLeftAloneSoon) {
  LiveStream stream({});
  const ResettingServer server;
  auto output = on_air(stream, options_of(fmt::format("rtmp://127.0.0.1:{}/live", server.port())));
  ASSERT_TRUE(seconds_until([&] { return output->status().retry_in_s.value_or(0) > 2.5; }));
  EXPECT_EQ(output->status().fault, PublishFault::kRefused);
  EXPECT_LT(seconds_to_stop(stream, *output), kSlowdown);
}

TEST_F(FaultTest, NobodyAnswersOrNobodySpeaksAndStoppingDoesNotWait) {
  LiveStream stream({});
  const SilentServer silent(SilentServer::Manners::kAccepts), ignoring(SilentServer::Manners::kIgnores);
  for (const auto& [url, fault] :
       {std::pair(fmt::format("rtmp://127.0.0.1:{}/live", silent.port()), PublishFault::kLost),
        std::pair(fmt::format("rtmps://127.0.0.1:{}/live", silent.port()), PublishFault::kLost),
        std::pair(fmt::format("rtmp://127.0.0.1:{}/live", ignoring.port()), PublishFault::kNoNetwork)}) {
    auto output = on_air(stream, options_of(url));
    std::this_thread::sleep_for(milliseconds(500));
    EXPECT_LT(seconds_to_stop(stream, *output), kSlowdown) << url;
    auto patient = on_air(stream, options_of(url));
    const auto took = seconds_until([&] { return waits(*patient); });
    ASSERT_TRUE(took) << url;
    EXPECT_GT(*took, 3);
    EXPECT_LT(*took, 5 * kSlowdown);
    EXPECT_EQ(patient->status().fault, fault) << patient->status().last_error;
    EXPECT_LT(seconds_to_stop(stream, *patient), kSlowdown);
  }
}

TEST_F(FaultTest, StoppingDoesNotWaitForAFrozenServer) {
  RtmpServer server;
  LiveStream stream({.bitrate_bps = 3'000'000});
  auto output = on_air(stream, options_of(server.url()));
  ASSERT_TRUE(seconds_until([&] { return live(*output); }));
  server.freeze();
  ASSERT_TRUE(seconds_until([&] { return output->status().lag_s > 1.5; }));
  EXPECT_LT(seconds_to_stop(stream, *output), kSlowdown);
}

TEST_F(FaultTest, TheKeyIsInNoLogLineStatusOrError) {
  log::set_level(log::Level::kDebug);
  RtmpServer server;
  LiveStream stream({});
  const SilentServer silent(SilentServer::Manners::kAccepts);
  std::string errors;
  testing::internal::CaptureStderr();
  {
    auto first = on_air(stream, options_of(server.url()));
    seconds_until([&] { return live(*first); });
    auto second = on_air(stream, options_of(server.url()));
    auto refused = on_air(stream, options_of(fmt::format("rtmp://127.0.0.1:{}/live", free_port())));
    auto no_tls = on_air(stream, options_of(fmt::format("rtmps://127.0.0.1:{}/live", server.port())));
    auto no_app = on_air(stream, options_of(fmt::format("rtmp://127.0.0.1:{}/none", server.port())));
    auto http = on_air(stream, options_of(fmt::format("http://127.0.0.1:{}", server.port())));
    for (const auto& output : {second, refused, no_tls, no_app, http}) {
      seconds_until([&] { return !output->status().last_error.empty(); });
      EXPECT_FALSE(output->status().last_error.empty()) << output->options().url;
      errors += output->status().last_error + "\n";
    }
    for (const auto& output : {first, second, refused, no_tls, no_app, http}) seconds_to_stop(stream, *output);
  }
  const std::string log = testing::internal::GetCapturedStderr();
  log::set_level(log::Level::kInfo);
  EXPECT_THAT(log, HasSubstr("takes the stream"));
  EXPECT_THAT(log, Not(HasSubstr("canary")));
  EXPECT_THAT(errors, Not(HasSubstr("canary")));
  EXPECT_THAT(server.log(), HasSubstr("canary")) << "so the key was used, and would have been seen";
}

class PublishTestTest : public FaultTest {
 protected:
  PublishVerdict run_test(const std::string& url, seconds span) {
    LiveStream stream({});
    PublishTest test(options_of(url), Secret(kKey), stream.hub, span);
    std::optional<PublishVerdict> verdict;
    seconds_until([&] { return (verdict = test.poll(BootClock::now())).has_value(); }, seconds(40));
    return verdict.value_or(PublishVerdict{PublishFault::kNone, "no verdict"});
  }
};

TEST_F(PublishTestTest, SaysThatItSends) {
  RtmpServer server;
  const auto verdict = run_test(server.url(), seconds(3));
  EXPECT_EQ(verdict.fault, PublishFault::kNone);
  EXPECT_EQ(verdict.text, "sending; check Studio");
  EXPECT_GT(verdict.throughput_bps, verdict.needed_bps * 0.9);
  EXPECT_GT(verdict.needed_bps, 500'000);
  EXPECT_NEAR(verdict.seconds, 3, 0.2);
}

TEST_F(PublishTestTest, SaysWhatIsWrong) {
  EXPECT_EQ(run_test(fmt::format("rtmp://127.0.0.1:{}/live", free_port()), seconds(3)).fault, PublishFault::kRefused);
  EXPECT_THAT(run_test("rtmp://no-such-host.invalid/live", seconds(3)).fault,
              AnyOf(PublishFault::kNoName, PublishFault::kNoNetwork));
}

}  // namespace
}  // namespace nestbox
