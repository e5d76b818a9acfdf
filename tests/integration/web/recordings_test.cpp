// Clips and photographs: whole, in ranges, unchanged, gone, and for clients that are slow or many.
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "web_fixture.h"

namespace nestbox {
namespace {

using test::HttpClient;
using testing::HasSubstr;

constexpr auto kClip = "/api/v1/visits/12/clip";
constexpr auto kPhoto = "/api/v1/visits/12/photo";
constexpr std::size_t kLarge = std::size_t{16} * 1024 * 1024;  // more than the kernel keeps on its way

constexpr int kSeats = 8;

class Recordings : public test::WebTest {
 protected:
  /// Bytes that tell their place in the file.
  std::string write(const std::string& name, std::size_t bytes) {
    std::string content(bytes, '\0');
    for (std::size_t at = 0; at < bytes; ++at) content[at] = static_cast<char>(at * 2654435761U >> 13);
    std::ofstream(folder_.path() / name, std::ios::binary) << content;
    return content;
  }
  test::HttpReply ranged(const std::string& range, const std::string& more = "") {
    return get(kClip, "Range: " + range + "\r\n" + more);
  }
  /// Clients that have begun to take the clip, and take no more of it.
  std::vector<std::unique_ptr<HttpClient>> occupy_all_seats() {
    std::vector<std::unique_ptr<HttpClient>> clients;
    for (int i = 0; i < kSeats; ++i) {
      clients.push_back(std::make_unique<HttpClient>(port_));
      clients.back()->ask(kClip);
      EXPECT_EQ(clients.back()->reply_head().status, 200);
    }
    return clients;
  }
};

TEST_F(Recordings, AWholeFileComesByteForByteWithWhatBrowsersWantToKnow) {
  const auto clip = write("12.mp4", 300'001);
  start();
  HttpClient client(port_);
  client.ask(kClip);
  const auto reply = client.reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.body == clip);
  EXPECT_EQ(reply.headers.at("content-type"), "video/mp4");
  EXPECT_EQ(reply.headers.at("content-length"), "300001");
  EXPECT_EQ(reply.headers.at("accept-ranges"), "bytes");
  EXPECT_EQ(reply.headers.at("content-disposition"), "inline; filename=\"owl_12.mp4\"");
  EXPECT_EQ(reply.headers.at("cache-control"), "private, no-cache");
  EXPECT_EQ(reply.headers.count("transfer-encoding"), 0U);
  EXPECT_THAT(reply.headers.at("last-modified"), HasSubstr("GMT"));
  client.ask("/healthz");
  EXPECT_EQ(client.reply().body, "ok\n") << "the connection carries on";

  const auto photo = write("12.jpg", 70);
  const auto picture = get(kPhoto);
  EXPECT_EQ(picture.headers.at("content-type"), "image/jpeg");
  EXPECT_EQ(picture.headers.at("content-disposition"), "inline; filename=\"owl_12.jpg\"");
  EXPECT_TRUE(picture.body == photo);
  write("12.jpg", 0);
  EXPECT_EQ(get(kPhoto).headers.at("content-length"), "0");
}

TEST_F(Recordings, HeadTellsTheLengthAndSendsNothing) {
  write("12.mp4", 300'001);
  start();
  HttpClient client(port_);
  client.ask(kClip, "HEAD", "Range: bytes=0-9\r\n");  // ranges are for GET (RFC 9110, 14.2)
  const auto head = client.reply(HttpClient::Body::kNone);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "300001");
  EXPECT_EQ(head.headers.at("accept-ranges"), "bytes");
  client.ask("/healthz");
  EXPECT_EQ(client.reply().body, "ok\n");
}

TEST_F(Recordings, ARangeIsSentAlone) {
  const auto clip = write("12.mp4", 200'000);
  start();
  const struct {
    const char *range, *content_range;
    std::size_t first, bytes;
  } kRanges[] = {{"bytes=0-0", "bytes 0-0/200000", 0, 1},
                 {"bytes=0-", "bytes 0-199999/200000", 0, 200'000},
                 {"bytes=65530-131080", "bytes 65530-131080/200000", 65'530, 65'551},
                 {"bytes=199999-", "bytes 199999-199999/200000", 199'999, 1},
                 {"bytes=199990-999999999999999999999999", "bytes 199990-199999/200000", 199'990, 10},
                 {"bytes=-5", "bytes 199995-199999/200000", 199'995, 5},
                 {"bytes=-999999", "bytes 0-199999/200000", 0, 200'000},
                 {"Bytes=10-19", "bytes 10-19/200000", 10, 10}};
  for (const auto& wanted : kRanges) {
    const auto reply = ranged(wanted.range);
    EXPECT_EQ(reply.status, 206) << wanted.range;
    EXPECT_EQ(reply.headers.at("content-range"), wanted.content_range) << wanted.range;
    EXPECT_TRUE(reply.body == clip.substr(wanted.first, wanted.bytes)) << wanted.range;
  }
}

TEST_F(Recordings, ARangeOutsideTheFileIsRefusedWithItsLength) {
  write("12.mp4", 1000);
  start();
  for (const auto* range : {"bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=99999999999999999999999-"}) {
    const auto reply = ranged(range);
    EXPECT_EQ(reply.status, 416) << range;
    EXPECT_EQ(reply.headers.at("content-range"), "bytes */1000") << range;
    EXPECT_EQ(nlohmann::json::parse(reply.body)["error"]["code"], "range_not_satisfiable") << range;
  }
}

TEST_F(Recordings, WhatIsNoSingleRangeOfBytesGivesTheWholeFile) {
  write("12.mp4", 1000);
  start();
  for (const auto* range : {"bytes=0-1,5-6", "bytes=5-2", "bytes=", "bytes=-", "bytes=a-b", "seconds=0-1", "0-1",
                            "bytes=0x0-9", "bytes= 0-9", "bytes=--5", "bytes=+1-2"}) {
    const auto reply = ranged(range);
    EXPECT_EQ(reply.status, 200) << range;
    EXPECT_EQ(reply.body.size(), 1000U) << range;
  }
}

TEST_F(Recordings, WhoHasTheFileAlreadyIsToldSo) {
  write("12.mp4", 1000);
  start();
  const auto first = get(kClip);
  const auto &tag = first.headers.at("etag"), &date = first.headers.at("last-modified");
  for (const auto& condition : {"If-None-Match: " + tag, "If-None-Match: \"other\", W/" + tag,
                                std::string("If-None-Match: *"), "If-Modified-Since: " + date}) {
    HttpClient client(port_);
    client.ask(kClip, "GET", condition + "\r\n");
    const auto reply = client.reply(HttpClient::Body::kNone);
    EXPECT_EQ(reply.status, 304) << condition;
    EXPECT_EQ(reply.headers.at("etag"), tag);
    EXPECT_EQ(reply.headers.count("content-length"), 0U) << condition;
    client.ask("/healthz");
    EXPECT_EQ(client.reply().body, "ok\n") << "a body came with " << condition;
  }
  EXPECT_EQ(get(kClip, "If-None-Match: \"other\"\r\nIf-Modified-Since: " + date + "\r\n").status, 200);
  EXPECT_EQ(get(kClip, "If-Modified-Since: Fri, 20 Nov 2009 21:15:03 GMT\r\n").status, 200);
}

TEST_F(Recordings, ARangeOfAnotherFileThanTheClientHasBecomesTheWhole) {
  write("12.mp4", 1000);
  start();
  const auto first = get(kClip);
  for (const auto* same : {"etag", "last-modified"})
    EXPECT_EQ(ranged("bytes=5-", "If-Range: " + first.headers.at(same) + "\r\n").status, 206) << same;
  for (const auto& other : {std::string("\"other\""), "W/" + first.headers.at("etag")})
    EXPECT_EQ(ranged("bytes=5-", "If-Range: " + other + "\r\n").status, 200) << other;
  write("12.mp4", 1001);
  EXPECT_NE(get(kClip).headers.at("etag"), first.headers.at("etag"));
}

TEST_F(Recordings, WhatCannotBeOpenedIsSaidInItsOpenersWords) {
  start();
  const auto gone = get(kClip);
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(nlohmann::json::parse(gone.body)["error"]["message"], "visit 12 has no clip any more");
  recordings_.failing = true;
  const auto failed = get(kPhoto);
  EXPECT_EQ(failed.status, 503);
  EXPECT_EQ(failed.headers.at("retry-after"), "2");
  EXPECT_EQ(nlohmann::json::parse(failed.body)["error"]["code"], "unavailable");
  recordings_.failing = false;
  recordings_.silent = true;
  EXPECT_EQ(get(kClip).status, 503) << "a disk that hangs";
}

TEST_F(Recordings, ANameIsNothingButAName) {
  write("12.mp4", 10);
  recordings_.name = "K\xc3\xa4uzchen \"1\"\r\nX: y";
  start();
  const auto reply = get(kClip);
  EXPECT_EQ(reply.headers.at("content-disposition"),
            "inline; filename=\"K__uzchen__1___X__y.mp4\"; "
            "filename*=UTF-8''K%C3%A4uzchen%20%221%22%0D%0AX%3A%20y.mp4");
  EXPECT_EQ(reply.headers.count("x"), 0U);
}

TEST_F(Recordings, AFileThatBecomesShorterEndsTheConnection) {
  write("12.mp4", kLarge);
  start();
  HttpClient client(port_);
  client.ask(kClip);
  ASSERT_EQ(client.reply_head().status, 200);
  std::filesystem::resize_file(folder_.path() / "12.mp4", 100);
  EXPECT_TRUE(client.closes_within(std::chrono::seconds(30)));
  EXPECT_EQ(get("/healthz").status, 200);
}

TEST_F(Recordings, ClientsThatTakeNothingAreCutOff) {
  write("12.mp4", kLarge);
  start();
  const auto slow = occupy_all_seats();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  int status = 0;
  while (status != 200 && std::chrono::steady_clock::now() < deadline) {
    HttpClient client(port_);
    client.ask(kClip, "HEAD");
    status = client.reply(HttpClient::Body::kNone).status;
  }
  EXPECT_EQ(status, 200) << "they keep their seats";
  const auto cut_off = std::count_if(slow.begin(), slow.end(), [](const auto& client) {
    return client->read_until("these bytes are not in it").size() < kLarge;
  });
  EXPECT_GE(cut_off, 1);
}

TEST_F(Recordings, ThereAreOnlySoManyAtOnceAndALaterOneWaitsForItsTurn) {
  write("12.mp4", kLarge);
  start();
  auto busy = occupy_all_seats();
  const auto turned_away = get(kClip);
  EXPECT_EQ(turned_away.status, 503);
  EXPECT_EQ(nlohmann::json::parse(turned_away.body)["error"]["code"], "busy");
  EXPECT_EQ(recordings_.opened, kSeats) << "a file was opened for who has no seat";
  HttpClient waiting(port_);
  waiting.ask(kClip, "HEAD");
  busy.pop_back();
  EXPECT_EQ(waiting.reply(HttpClient::Body::kNone).status, 200);
}

TEST_F(Recordings, TheServerStopsInTheMiddleOfADownload) {
  write("12.mp4", kLarge);
  start();
  HttpClient client(port_), hanging(port_);
  client.ask(kClip);
  ASSERT_EQ(client.reply_head().status, 200);
  recordings_.silent = true;
  hanging.ask(kClip);
  ASSERT_TRUE(test::eventually([&] { return recordings_.opened == 2; }));
  server_->request_stop();
  EXPECT_TRUE(server_->join_until(BootClock::now() + std::chrono::seconds(10)));
}

}  // namespace
}  // namespace nestbox
