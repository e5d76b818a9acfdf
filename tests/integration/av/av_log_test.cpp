#include "nestbox/av/av_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "av/ffmpeg.h"
#include "nestbox/base/secret.h"

namespace nestbox {
namespace {

using testing::HasSubstr;
using testing::Not;

class AvLog : public testing::Test {
 protected:
  AvLog() {
    install_av_log_bridge();
    take_last_av_complaint();
  }
};

TEST_F(AvLog, KeepsTheReasonThatFFmpegOnlyPrints) {
  av_log(nullptr, AV_LOG_ERROR, "The certificate's owner does not match hostname %s\n", "live.example");
  EXPECT_EQ(take_last_av_complaint(), "The certificate's owner does not match hostname live.example");
  EXPECT_EQ(take_last_av_complaint(), "") << "taken is gone";
}

TEST_F(AvLog, SaysWhoSpoke) {
  const av::Codec codec(avcodec_alloc_context3(avcodec_find_encoder_by_name("aac")));
  av_log(codec.get(), AV_LOG_ERROR, "no\n");
  EXPECT_EQ(take_last_av_complaint(), "aac: no");
}

TEST_F(AvLog, PutsPiecesOfALineTogether) {
  av_log(nullptr, AV_LOG_ERROR, "one ");
  av_log(nullptr, AV_LOG_ERROR, "line\nand ");
  av_log(nullptr, AV_LOG_ERROR, "the last");
  EXPECT_EQ(take_last_av_complaint(), "one line; and the last");
}

TEST_F(AvLog, KeepsTheLastFourAndRepeatsNone) {
  for (const int i : {1, 2, 3, 3, 4, 5}) av_log(nullptr, AV_LOG_ERROR, "complaint %d\n", i);
  EXPECT_EQ(take_last_av_complaint(), "complaint 2; complaint 3; complaint 4; complaint 5");
}

TEST_F(AvLog, KeepsNoChatter) {
  av_log(nullptr, AV_LOG_WARNING, "a warning\n");
  av_log(nullptr, AV_LOG_INFO, "info\n");
  av_log(nullptr, AV_LOG_TRACE, "trace\n");
  EXPECT_EQ(take_last_av_complaint(), "");
}

TEST_F(AvLog, IsBounded) {
  av_log(nullptr, AV_LOG_ERROR, "%s\n", std::string(1000, 'x').c_str());
  EXPECT_EQ(take_last_av_complaint().size(), 240U);
  av_log(nullptr, AV_LOG_ERROR, "%s\n", std::string(1'000'000, 'x').c_str());
  EXPECT_EQ(take_last_av_complaint(), "a line that is too long to show");
}

TEST_F(AvLog, HidesSecretsAlsoWhereALineIsCut) {
  const Secret key("abcd-efgh-ijkl-mnop");
  const std::string url = std::string(230, '/') + key.reveal();  // the cut at 240 goes through the key
  av_log(nullptr, AV_LOG_ERROR, "%s\n", url.c_str());
  av_log(nullptr, AV_LOG_ERROR, "Cannot open rtmp://a.example/live/%s", key.reveal().c_str());
  const auto complaint = take_last_av_complaint();
  EXPECT_THAT(complaint, Not(HasSubstr("abcd")));
  EXPECT_THAT(complaint, HasSubstr("Cannot open rtmp://a.example/live/***"));
}

TEST_F(AvLog, IsOfTheThreadThatComplained) {
  av_log(nullptr, AV_LOG_ERROR, "mine\n");
  std::string others = "not yet read";
  std::thread([&] { others = take_last_av_complaint(); }).join();
  EXPECT_EQ(others, "");
  EXPECT_EQ(take_last_av_complaint(), "mine");
}

TEST_F(AvLog, ErrorsCarryTheReasonAndTheCode) {
  av_log(nullptr, AV_LOG_ERROR, "the reason\n");
  const tl::unexpected<Error> with_reason = av::av_fail(ErrorKind::kUnavailable, "open it", AVERROR(ECONNREFUSED));
  EXPECT_EQ(with_reason.value().message, "open it: the reason (Connection refused)");
  EXPECT_EQ(with_reason.value().kind, ErrorKind::kUnavailable);
  const tl::unexpected<Error> without = av::av_fail(ErrorKind::kUnavailable, "open it", AVERROR(ECONNREFUSED));
  EXPECT_EQ(without.value().message, "open it: Connection refused");
}

TEST_F(AvLog, ARealFailureTellsItsReason) {
  AVFormatContext* input = nullptr;
  av::Dictionary options;
  options.set("protocol_whitelist", "file");
  const int opened = avformat_open_input(&input, "http://localhost/", nullptr, options.address());
  ASSERT_LT(opened, 0);
  const tl::unexpected<Error> error = av::av_fail(ErrorKind::kUnavailable, "open", opened);
  EXPECT_THAT(error.value().message, HasSubstr("not on whitelist 'file'"));
}

}  // namespace
}  // namespace nestbox
