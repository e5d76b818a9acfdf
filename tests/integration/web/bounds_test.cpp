// What strangers may cost: sizes, times, numbers, and requests that are none.
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "web_fixture.h"

namespace nestbox {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
class Bounds : public test::WebTest {};

TEST_F(Bounds, AHeaderAboveEightKibIsRefused) {
  start();
  const auto fits = get("/healthz", "X-Filler: " + std::string(7 * 1024, 'x') + "\r\n");
  EXPECT_EQ(fits.status, 200);
  test::HttpClient client(port_);
  client.ask("/healthz", "GET", "X-Filler: " + std::string(9 * 1024, 'x') + "\r\n");
  EXPECT_EQ(client.reply().status, 431);
  test::HttpClient endless(port_);
  endless.send("GET /" + std::string(200 * 1024, 'x'));
  EXPECT_EQ(endless.reply().status, 431);
}

TEST_F(Bounds, ABodyAboveSixtyFourKibIsRefusedBeforeAndAfterItIsSent) {
  start();
  test::HttpClient announced(port_);
  announced.ask("/api/v1/status", "POST", "Content-Length: 65537\r\n");
  EXPECT_EQ(announced.reply().status, 413);
  test::HttpClient chunked(port_);
  chunked.ask("/api/v1/status", "POST", "Transfer-Encoding: chunked\r\n");
  for (int i = 0; i < 20 && chunked.send("1000\r\n" + std::string(4096, 'x') + "\r\n"); ++i) {
  }
  EXPECT_EQ(chunked.reply().status, 413);
  test::HttpClient fits(port_);
  fits.ask("/api/v1/status", "POST", "Content-Length: 65536\r\n");
  fits.send(std::string(65536, 'x'));
  EXPECT_EQ(fits.reply().status, 405);
  fits.ask("/healthz");
  EXPECT_EQ(fits.reply().body, "ok\n") << "the body was not consumed";
}

TEST_F(Bounds, AnUnfinishedRequestEndsAfterTenSecondsWithAReason) {
  start();
  const auto begun = Clock::now();
  test::HttpClient silent(port_), half(port_);
  half.send("GET /healthz HTTP/1.1\r\nHost: local");
  EXPECT_EQ(half.reply().status, 408);
  EXPECT_GE(Clock::now() - begun, std::chrono::seconds(9));
  EXPECT_TRUE(silent.closes_within(milliseconds(2000))) << "an idle connection stays for ever";
}

// 200 sockets of one byte now and then, while others want an answer: fault 32 of a garden.
TEST_F(Bounds, SlowSendersDoNotStarveOthers) {
  start();
  std::vector<std::unique_ptr<test::HttpClient>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<test::HttpClient>(port_));
    slow.back()->send("G");
  }
  std::vector<milliseconds> times;
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 200; ++i) slow[static_cast<std::size_t>(i)]->send("E");  // evicted ones fail: they come again
    slow[static_cast<std::size_t>(round)] = std::make_unique<test::HttpClient>(port_);
    slow[static_cast<std::size_t>(round)]->send("G");
    const auto asked = Clock::now();
    ASSERT_EQ(get("/healthz").body, "ok\n") << "round " << round;
    times.push_back(std::chrono::duration_cast<milliseconds>(Clock::now() - asked));
  }
  std::sort(times.begin(), times.end());
  EXPECT_LE(times[98].count(), 200) << "p99";
  RecordProperty("healthz_p99_ms", static_cast<int>(times[98].count()));
}

TEST_F(Bounds, AServedConnectionIsNotEvictedByNewcomers) {
  start();
  test::HttpClient viewer(port_);
  viewer.ask("/stream");
  ASSERT_EQ(viewer.reply_head().status, 200);
  std::vector<std::unique_ptr<test::HttpClient>> crowd;
  for (int i = 0; i < 100; ++i) crowd.push_back(std::make_unique<test::HttpClient>(port_));
  ASSERT_EQ(get("/healthz").status, 200);
  for (int i = 0; i < 20; ++i) ASSERT_FALSE(viewer.chunk().empty());
}

TEST_F(Bounds, NoPathClimbsOutOfTheTable) {
  start();
  for (const auto* path : {"/../etc/passwd",
                           "/assets/../../etc/passwd",
                           "/assets/..%2f..%2fetc%2fpasswd",
                           "/assets/%2e%2e/%2e%2e/etc/passwd",
                           "/assets/....//....//etc/passwd",
                           "//etc/passwd",
                           "/etc/passwd",
                           "/assets//etc/passwd",
                           "/assets/\\..\\..\\etc\\passwd",
                           "/assets/..\\..\\windows\\win.ini",
                           "/%2e%2e/%2e%2e/etc/shadow",
                           "/assets/%252e%252e%252fetc%252fpasswd",
                           "/assets/..;/..;/etc/passwd",
                           "/snapshot/../../etc/passwd",
                           "/assets/%00",
                           "/assets/page.js%00.html",
                           "/assets/%c0%ae%c0%ae/etc/passwd",
                           "/api/v1/../../etc/passwd",
                           "/.git/config",
                           "/assets/.",
                           "/assets/..",
                           "/proc/self/environ",
                           "/static/../keys/youtube",
                           "/assets/file:///etc/passwd",
                           "/api/v1/visits/../clip",
                           "/api/v1/visits/12/../../../../etc/passwd",
                           "/api/v1/visits/%2e%2e/clip",
                           "/api/v1/visits/12%2f..%2f13/clip",
                           "/api/v1/visits/12/clip/../../../../etc/passwd",
                           "/api/v1/visits/visits/2026/11/21/owl.mp4/clip",
                           "/./healthz",
                           "/healthz/",
                           "/HEALTHZ"}) {
    const auto reply = get(path);
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_EQ(reply.body.find("root:"), std::string::npos) << path;
  }
}

TEST_F(Bounds, WhatIsNoRequestIsRefusedAndTheServerGoesOn) {
  start();
  const std::vector<std::string> none = {
      "\r\n\r\n\r\n",
      "GET\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      "GET /  HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
      "GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      std::string("GET /") + '\0' + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n"};
  for (const auto& bytes : none) {
    test::HttpClient client(port_);
    client.send(bytes);
    ::shutdown(client.fd(), SHUT_WR);
    const auto reply = client.reply();
    EXPECT_TRUE(reply.status == 0 || (reply.status >= 400 && reply.status < 500)) << reply.status << " for " << bytes;
  }
  EXPECT_EQ(get("/healthz").status, 200);
}

TEST_F(Bounds, RandomDamageToARequestNeverHurtsTheServer) {
  start();
  const std::string good = "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nabcd";
  std::mt19937 random(20261120);  // the same damage each time
  for (int round = 0; round < 400; ++round) {
    auto bytes = good;
    for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (round % 3 == 0) bytes.resize(random() % bytes.size());
    test::HttpClient client(port_);
    client.send(bytes);
    ::shutdown(client.fd(), SHUT_WR);
    EXPECT_NE(client.reply().status, 500) << round;
  }
  EXPECT_EQ(get("/healthz").status, 200);
}

TEST_F(Bounds, StopsAtOnceWithClientsInEveryState) {
  start();
  calls_.silent = true;
  test::HttpClient idle(port_), half(port_), asking(port_), streaming(port_), live(port_);
  half.send("GET /hea");
  asking.ask("/api/v1/status");
  streaming.ask("/stream");
  ASSERT_EQ(streaming.reply_head().status, 200);
  live.ask("/live.mp4");
  ASSERT_TRUE(test::eventually([&] { return hub_.wanted() && calls_.calls == 1; }));
  server_->request_stop();
  EXPECT_TRUE(server_->join_until(BootClock::now() + std::chrono::seconds(1)));
  EXPECT_FALSE(hub_.wanted()) << "a viewer outlived the server";
}

}  // namespace
}  // namespace nestbox
