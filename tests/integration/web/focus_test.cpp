// The routes of the focus mode: what the daemon is asked, and how its answers come back.
#include <nlohmann/json.hpp>

#include "web_fixture.h"

namespace nestbox {
namespace {

using Json = nlohmann::json;

class FocusRoutes : public test::WebTest {
 protected:
  void SetUp() override {
    start();
    const auto session = get("/api/v1/session");
    const auto& cookie = session.headers.at("set-cookie");
    change_headers_ =
        "Content-Type: application/x-www-form-urlencoded\r\nCookie: " + cookie.substr(0, cookie.find(';')) + "\r\n";
    token_ = Json::parse(session.body)["csrf"];
  }
  test::HttpReply post(const std::string& path, const std::string& form, const std::string& more = "") {
    test::HttpClient client(port_);
    client.send("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(form.size()) +
                "\r\n" + change_headers_ + more + "\r\n" + form);
    return client.reply();
  }
  std::string with_token() const { return "X-CSRF-Token: " + token_ + "\r\n"; }
  Json asked() { return Json::parse(calls_.last_arguments()); }

  std::string change_headers_, token_;
};

TEST_F(FocusRoutes, ALookAsksForItsLightAndPassesTheAnswerOn) {
  calls_.set_answer({0, R"({"sharpness":34.2})", {}});
  for (const auto* light : {"day", "infrared"}) {
    const auto reply = get(std::string("/api/v1/focus/") + light);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.headers.at("content-type"), "application/json");
    EXPECT_EQ(reply.headers.at("cache-control"), "no-store");
    EXPECT_EQ(reply.body, R"({"sharpness":34.2})");
    EXPECT_EQ(calls_.last(), "focus");
    EXPECT_EQ(asked(), Json({{"light", light}}));
  }
  EXPECT_EQ(get("/api/v1/focus/moonlight").status, 404);
  EXPECT_EQ(get("/api/v1/focus").status, 404);
}

TEST_F(FocusRoutes, HeadersAloneMeasureNothing) {
  for (const auto* path : {"/api/v1/focus/day", "/snapshot/centre"}) {
    test::HttpClient client(port_);
    client.ask(path, "HEAD");
    EXPECT_EQ(client.reply(test::HttpClient::Body::kNone).status, 200) << path;
  }
  EXPECT_EQ(calls_.calls, 0);
  EXPECT_EQ(pictures_.centres_taken, 0U);
}

TEST_F(FocusRoutes, WithoutAPictureTheDaemonsWordsComeBack) {
  calls_.set_answer({1, R"({"error":{"code":"no_picture","message":"there is no camera picture"}})", {}});
  const auto reply = get("/api/v1/focus/day");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(Json::parse(reply.body)["error"]["code"], "no_picture");
  pictures_.failing = true;
  EXPECT_EQ(get("/snapshot/centre").status, 503);
}

TEST_F(FocusRoutes, TheMiddleOfThePictureIsAJpeg) {
  const auto reply = get("/snapshot/centre");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.at("content-type"), "image/jpeg");
  EXPECT_EQ(pictures_.centres_taken, 1U);
  EXPECT_EQ(get("/snapshot").status, 200);
  EXPECT_EQ(pictures_.centres_taken, 1U);
}

TEST_F(FocusRoutes, AChangeNeedsItsTokenAndReachesTheDaemonOnce) {
  for (const auto* path : {"/api/v1/focus/reset", "/api/v1/focus/lock"}) {
    EXPECT_EQ(get(path).status, 405) << path;
    EXPECT_EQ(post(path, "light=day&dioptres=6.7").status, 403) << path;
  }
  EXPECT_EQ(calls_.calls, 0);
  EXPECT_EQ(post("/api/v1/focus/reset", "light=infrared", with_token()).status, 200);
  EXPECT_EQ(asked(), Json({{"action", "reset"}, {"light", "infrared"}}));
  EXPECT_EQ(post("/api/v1/focus/lock", "dioptres=6.7", with_token()).status, 200);
  EXPECT_EQ(asked(), Json({{"action", "lock"}, {"dioptres", "6.7"}}));
  EXPECT_EQ(calls_.calls, 2);
}

TEST_F(FocusRoutes, WhatTheDaemonRefusesSaysWhoseFaultItIs) {
  calls_.set_answer({1, R"({"error":{"code":"no_lens","message":"no motor"}})", {}});
  EXPECT_EQ(post("/api/v1/focus/lock", "dioptres=6.7", with_token()).status, 409);
  calls_.set_answer({2, R"({"error":{"code":"bad_value","message":"0 to 15"}})", {}});
  EXPECT_EQ(post("/api/v1/focus/lock", "dioptres=99", with_token()).status, 400);
  EXPECT_EQ(post("/api/v1/focus/reset", "", with_token()).status, 400);
}

TEST_F(FocusRoutes, ADaemonThatHangsIsSaid) {
  calls_.silent = true;
  const auto reply = get("/api/v1/focus/day");
  EXPECT_EQ(reply.status, 504);
  EXPECT_EQ(Json::parse(reply.body)["error"]["code"], "timeout");
}

}  // namespace
}  // namespace nestbox
