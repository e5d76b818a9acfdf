/// Outputs against a real nginx with its RTMP module: the good days.
#include "nestbox/publish/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "nestbox/av/av_log.h"
#include "support/rtmp_server.h"
#include "support/rtmp_stream.h"

#ifdef NESTBOX_SANITIZED
// libsrt is not built with the sanitizer, which cannot see what its threads agree on.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:libsrt\n";
}
#endif

namespace nestbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

std::shared_ptr<Output> make_output(LiveStream& stream, const std::string& url, const std::string& key = kKey,
                                    milliseconds max_session = {}, LiveStream* next_stream = nullptr) {
  OutputOptions options;
  options.name = "test";
  options.url = url;
  options.max_session = max_session;
  return std::make_shared<Output>(options, Secret(key), [&stream, next_stream] {
    stream.hub.want_keyframe();
    if (next_stream != nullptr) next_stream->hub.want_keyframe();
  });
}

void put_on_air(LiveStream& stream, const std::shared_ptr<Output>& output) {
  output->start();
  output->set_on_air(Air::kOn);
  stream.hub.attach(output);
}

class OutputTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = rtmp_server_missing(); !why.empty()) GTEST_SKIP() << why;
    install_av_log_bridge();
  }
  static bool live(const Output& output) { return output.status().state == OutputState::kLive; }
};

TEST_F(OutputTest, PictureAndSoundReachASubscriberFromZeroOn) {
  RtmpServer server;
  LiveStream stream({});
  auto output = make_output(stream, server.url());
  Subscriber subscriber(server.url() + "/" + kKey);
  put_on_air(stream, output);
  const auto took = seconds_until([&] { return live(*output); });
  ASSERT_TRUE(took) << output->status().last_error << server.log();
  EXPECT_LT(*took, 1.5 * kSlowdown);
  ASSERT_TRUE(seconds_until([&] { return subscriber.count() > 60; }));
  const auto pictures = subscriber.seen();
  EXPECT_EQ(pictures.back().width, 320);
  double worst_age_s = 0;
  for (std::size_t n = 0; n < pictures.size(); ++n) {
    EXPECT_FALSE(pictures[n].broken) << n;
    if (n > 0) {
      EXPECT_GT(pictures[n].dts, pictures[n - 1].dts);
    }
    worst_age_s = std::max(worst_age_s, to_seconds(pictures[n].arrived_at - pictures[n].captured_at));
  }
  EXPECT_LT(worst_age_s, 0.5 * kSlowdown);
  EXPECT_GT(subscriber.sound_packets(), 60U);
  const auto status = output->status();
  EXPECT_GT(status.bytes, 200'000U);
  EXPECT_EQ(status.packets_dropped, 0U);
  EXPECT_EQ(status.reconnects, 0U);
  EXPECT_LT(status.lag_s, 0.2 * kSlowdown);
  EXPECT_GT(status.throughput_bps, 500'000);
  EXPECT_FALSE(status.congested);
  stream.hub.detach(*output);
}

TEST_F(OutputTest, OffAirEndsTheSessionAndOnAirBeginsOneAnew) {
  RtmpServer server;
  LiveStream stream({});
  auto output = make_output(stream, server.url());
  put_on_air(stream, output);
  ASSERT_TRUE(seconds_until([&] { return live(*output); }));
  const auto log_before = server.log().size();
  output->set_on_air(Air::kOff);
  EXPECT_EQ(output->status().state, OutputState::kOff);
  ASSERT_TRUE(seconds_until([&] { return server.log().find("deleteStream", log_before) != std::string::npos; }))
      << "the server was told";
  output->set_on_air(Air::kOn);
  EXPECT_TRUE(seconds_until([&] { return live(*output) && output->status().reconnects == 1; }));
  stream.hub.detach(*output);
}

TEST_F(OutputTest, LiveToSlateKeepsTheSessionAndChangesTheHeaders) {
  RtmpServer server;
  LiveStream camera({}), slate({.content = Content::kSlate, .level = "4.0"});
  auto output = make_output(camera, server.url(), kKey, {}, &slate);
  Subscriber subscriber(server.url() + "/" + kKey);
  put_on_air(camera, output);
  ASSERT_TRUE(seconds_until([&] { return live(*output) && subscriber.count() > 15; }));
  camera.hub.detach(*output);
  slate.hub.attach(output);
  ASSERT_TRUE(seconds_until([&] { return output->status().state == OutputState::kSlate; }));
  const auto before = subscriber.count();
  ASSERT_TRUE(seconds_until([&] { return subscriber.count() > before + 45; }));
  slate.hub.detach(*output);
  camera.hub.attach(output);
  ASSERT_TRUE(seconds_until([&] { return live(*output); }));
  camera.hub.detach(*output);
  EXPECT_EQ(output->status().reconnects, 0U);
  for (const auto& picture : subscriber.seen()) EXPECT_FALSE(picture.broken);
  EXPECT_EQ(subscriber.seen().back().width, 320);
}

TEST_F(OutputTest, AnotherPictureSizeMakesANewSession) {
  RtmpServer server;
  LiveStream camera({}), other({.width = 480, .height = 270});
  auto output = make_output(camera, server.url(), kKey, {}, &other);
  Subscriber subscriber(server.url() + "/" + kKey);
  put_on_air(camera, output);
  ASSERT_TRUE(seconds_until([&] { return subscriber.count() > 5; }));
  camera.hub.detach(*output);
  other.hub.attach(output);
  ASSERT_TRUE(seconds_until([&] {
    const auto pictures = subscriber.seen();
    return pictures.back().width == 480;
  }));
  EXPECT_EQ(output->status().reconnects, 1U);
  other.hub.detach(*output);
}

TEST_F(OutputTest, RollsOverBeforeTheLimitOfASessionWithLittleGap) {
  RtmpServer server;
  LiveStream stream({});
  auto output = make_output(stream, server.url(), kKey, seconds(3));
  Subscriber subscriber(server.url() + "/" + kKey);
  put_on_air(stream, output);
  ASSERT_TRUE(seconds_until([&] { return output->status().reconnects == 1 && live(*output); }));
  const auto before = subscriber.count();
  ASSERT_TRUE(seconds_until([&] { return subscriber.count() > before + 10; }));
  EXPECT_EQ(output->status().fault, PublishFault::kNone);
  stream.hub.detach(*output);
}

TEST_F(OutputTest, TwoOutputsAndOneOfThemFrozenAreTwoOutputs) {
  RtmpServer good, bad;
  LiveStream stream({});
  auto fine = make_output(stream, good.url()), frozen = make_output(stream, bad.url());
  Subscriber subscriber(good.url() + "/" + kKey);
  put_on_air(stream, fine);
  put_on_air(stream, frozen);
  ASSERT_TRUE(seconds_until([&] { return live(*fine) && live(*frozen); }));
  bad.freeze();
  const auto frozen_at = BootClock::now();
  ASSERT_TRUE(seconds_until([&] { return frozen->status().lag_s > 2; }));
  EXPECT_EQ(fine->status().packets_dropped, 0U);
  EXPECT_LT(fine->status().lag_s, 0.3 * kSlowdown);
  EXPECT_LT(stream.longest_push_s(), 0.5 * kSlowdown) << "on a busy machine; a blocked push would take seconds";
  double worst_age_s = 0;
  for (const auto& picture : subscriber.seen()) {
    if (picture.captured_at > frozen_at) {
      worst_age_s = std::max(worst_age_s, to_seconds(picture.arrived_at - picture.captured_at));
    }
  }
  EXPECT_GT(worst_age_s, 0);
  EXPECT_LT(worst_age_s, 0.5 * kSlowdown);
  bad.thaw();
  stream.hub.detach(*fine);
  stream.hub.detach(*frozen);
}

TEST_F(OutputTest, SrtReachesAListener) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / "received.ts";
  const int port = free_port();
  ChildProcess listener({"ffmpeg", "-v", "error", "-i", fmt::format("srt://127.0.0.1:{}?mode=listener", port), "-c",
                         "copy", "-t", "2", path},
                        folder.path() / "log");
  LiveStream stream({});
  auto output = make_output(stream, fmt::format("srt://127.0.0.1:{}", port));
  put_on_air(stream, output);
  ASSERT_TRUE(seconds_until([&] { return live(*output); })) << output->status().last_error;
  EXPECT_EQ(listener.wait(), 0) << "it ends after two seconds of the stream";
  stream.hub.detach(*output);
  EXPECT_GT(std::filesystem::file_size(path), 100'000U);
}

class FileOutputTest : public OutputTest, public testing::WithParamInterface<const char*> {};

TEST_P(FileOutputTest, WritesWhatAPlayerReads) {
  const TemporaryFolder folder;
  const std::string path = folder.path() / (std::string("clip.") + GetParam());
  LiveStream stream({});
  {
    auto output = make_output(stream, path, "");
    put_on_air(stream, output);
    ASSERT_TRUE(seconds_until([&] { return live(*output) && output->status().bytes > 150'000; }));
    stream.hub.detach(*output);
  }
  EXPECT_TRUE(run({"sh", "-c",
                   "test $(ffprobe -v error -count_packets -select_streams v -show_entries "
                   "stream=nb_read_packets -of csv=p=0 " +
                       path + " | head -1) -gt 20"}));
  EXPECT_TRUE(run({"sh", "-c", "test -z \"$(ffmpeg -v error -xerror -i " + path + " -f null - 2>&1)\""}));
  {
    auto again = make_output(stream, "file:" + path, "");
    put_on_air(stream, again);
    ASSERT_TRUE(seconds_until([&] { return live(*again); }));
    stream.hub.detach(*again);
  }
  EXPECT_TRUE(std::filesystem::exists(folder.path() / (std::string("clip-2.") + GetParam())))
      << "the first recording was not overwritten";
}

INSTANTIATE_TEST_SUITE_P(Endings, FileOutputTest, testing::Values("flv", "mkv", "mp4", "ts"));

TEST_F(OutputTest, AnOutputThatCannotBeUsedSaysSo) {
  OutputOptions options;
  options.name = "youtube";
  options.url = "rtmps://a.rtmps.youtube.com/live2";
  Output output(options, Output::Unusable{PublishFault::kKey, "the key file can be read by others: chmod 600 it"});
  output.start();
  output.set_on_air(Air::kOn);
  EXPECT_TRUE(output.open({}));
  output.push({});
  EXPECT_EQ(output.status().state, OutputState::kFailed);
  EXPECT_EQ(output.status().fault, PublishFault::kKey);
  EXPECT_THAT(output.status().last_error, HasSubstr("chmod 600"));
  output.request_stop();
  EXPECT_TRUE(output.join_until(BootClock::now()));

  options.url = "youtube";
  Output nonsense(options, Secret(kKey), [] {});
  EXPECT_EQ(nonsense.status().fault, PublishFault::kUrl);
  EXPECT_THAT(nonsense.status().last_error, HasSubstr("rtmps://HOST/APP"));
}

struct Joined {
  const char* url;
  const char* key;
  const char* result;
};

TEST(JoinUrlAndKey, AsThePlatformsWantIt) {
  const Joined kCases[] = {
      {"rtmp://a.rtmp.youtube.com/live2", "abcd-efgh", "rtmp://a.rtmp.youtube.com/live2/abcd-efgh"},
      {"rtmps://a.rtmps.youtube.com:443/live2/", "abcd-efgh", "rtmps://a.rtmps.youtube.com:443/live2/abcd-efgh"},
      {"rtmps://b.rtmps.youtube.com:443/live2?backup=1", "abcd", "rtmps://b.rtmps.youtube.com:443/live2?backup=1/abcd"},
      {"rtmps://live-api-s.facebook.com:443/rtmp/", "FB-12-0-Ab?s_bl=1&s_sc=12",
       "rtmps://live-api-s.facebook.com:443/rtmp/FB-12-0-Ab?s_bl=1&s_sc=12"},
      {"rtmp://live.twitch.tv/app", "live_12_xyz?bandwidthtest=true",
       "rtmp://live.twitch.tv/app/live_12_xyz?bandwidthtest=true"},
      {"rtmp://owncast.example:1935/live", "abc123", "rtmp://owncast.example:1935/live/abc123"},
      {"rtmp://peertube.example:1935/live", "0f3c-11", "rtmp://peertube.example:1935/live/0f3c-11"},
      {"rtmp://host/app/instance", "/key", "rtmp://host/app/instance/key"},
      {"srt://host:9000?mode=caller", "publish:a b", "srt://host:9000?mode=caller&streamid=publish%3Aa%20b"},
      {"srt://host:9000", "k", "srt://host:9000?streamid=k"},
      {"rtmp://host/app/whole", "", "rtmp://host/app/whole"},
  };
  for (const auto& [url, key, result] : kCases) EXPECT_EQ(join_url_and_key(url, Secret(key)).reveal(), result);
}

}  // namespace
}  // namespace nestbox
