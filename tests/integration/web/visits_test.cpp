// The routes of visits: what the daemon is asked, how its answers come back, and what may be changed.
#include <nlohmann/json.hpp>

#include "web_fixture.h"

namespace nestbox {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

constexpr auto kUnknownVisit = R"({"error":{"code":"not_found","message":"there is no visit 12"}})";

class Visits : public test::WebTest {
 protected:
  void SetUp() override {
    start();
    const auto session = get("/api/v1/session");
    const auto& cookie = session.headers.at("set-cookie");
    cookie_ = "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n";
    token_ = "X-CSRF-Token: " + Json::parse(session.body)["csrf"].get<std::string>() + "\r\n";
  }
  test::HttpReply patch(const std::string& body, const std::string& type, const std::string& more) {
    test::HttpClient client(port_);
    client.send("PATCH /api/v1/visits/12 HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\nContent-Type: " + type + "\r\n" + cookie_ + more + "\r\n" + body);
    return client.reply();
  }
  test::HttpReply patch(const std::string& body) { return patch(body, "application/json", token_); }
  Json asked() { return Json::parse(calls_.last_arguments()); }

  std::string cookie_, token_;
};

TEST_F(Visits, TheListIsAskedForAsTheQuerySays) {
  calls_.set_answer({0, R"({"visits":[],"next":null})", {}});
  const auto reply = get("/api/v1/visits");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.at("content-type"), "application/json");
  EXPECT_EQ(reply.headers.at("cache-control"), "no-store");
  EXPECT_EQ(reply.body, R"({"visits":[],"next":null})");
  EXPECT_EQ(calls_.last(), "visits");
  EXPECT_EQ(asked(), Json::object());
  get("/api/v1/visits?since=2026-11-20T12%3A00%3A00%2B01:00&before=41&limit=20&other=1");
  EXPECT_EQ(asked(), Json({{"since", "2026-11-20T12:00:00+01:00"}, {"before", 41}, {"limit", 20}}));
  get("/api/v1/visits?since=24h");
  EXPECT_EQ(asked(), Json({{"since", "24h"}}));
}

TEST_F(Visits, AQueryThatMeansNothingIsRefusedBeforeTheDaemonIsAsked) {
  for (const auto* query : {"limit=ten", "limit=", "before=1.5", "before=99999999999999999999", "limit=5&limit=6",
                            "since=%zz", "before=12%00"}) {
    const auto reply = get(std::string("/api/v1/visits?") + query);
    EXPECT_EQ(reply.status, 400) << query;
    EXPECT_EQ(Json::parse(reply.body)["error"]["code"], "bad_request") << query;
  }
  EXPECT_EQ(calls_.calls, 0);
  calls_.set_answer({2, R"({"error":{"code":"bad_value","message":"limit: 1 to 500"}})", {}});
  EXPECT_EQ(get("/api/v1/visits?limit=0").status, 400);
}

TEST_F(Visits, OneVisitAndWhyAreAskedForByNumber) {
  calls_.set_answer({0, R"({"id":12})", {}});
  EXPECT_EQ(get("/api/v1/visits/12").body, R"({"id":12})");
  EXPECT_EQ(calls_.last(), "visits");
  EXPECT_EQ(asked(), Json({{"id", 12}}));
  EXPECT_EQ(get("/api/v1/visits/999999999999999999/why").status, 200);
  EXPECT_EQ(calls_.last(), "why");
  EXPECT_EQ(asked(), Json({{"id", 999999999999999999}}));
}

TEST_F(Visits, AnUnknownVisitIs404WithTheDaemonsWords) {
  for (const int exit_status : {1, 2}) {
    calls_.set_answer({exit_status, kUnknownVisit, {}});
    for (const auto* path : {"/api/v1/visits/12", "/api/v1/visits/12/why"}) {
      const auto reply = get(path);
      EXPECT_EQ(reply.status, 404) << path;
      EXPECT_EQ(reply.body, kUnknownVisit);
    }
    EXPECT_EQ(patch(R"({"starred":true})").status, 404);
  }
  calls_.set_answer({1, R"({"error":{"code":"unavailable","message":"the database is not open"}})", {}});
  EXPECT_EQ(get("/api/v1/visits/12").status, 503);
  calls_.silent = true;
  EXPECT_EQ(get("/api/v1/visits/12").status, 504);
}

TEST_F(Visits, EachMemberOfAChangeIsAnOrderOfItsOwn) {
  calls_.set_answer({0, R"({"id":12,"starred":true})", {}});
  EXPECT_EQ(patch(R"({"starred":true})").body, R"({"id":12,"starred":true})");
  EXPECT_EQ(calls_.last(), "star");
  EXPECT_EQ(asked(), Json({{"id", 12}, {"starred", true}}));
  EXPECT_EQ(patch(R"({"notes":"second brood\n\u00e9"})").status, 200);
  EXPECT_EQ(calls_.last(), "note");
  EXPECT_EQ(asked(), Json({{"id", 12}, {"text", "second brood\n\u00e9"}}));
  EXPECT_EQ(patch(R"({"species":""})").status, 200);
  EXPECT_EQ(calls_.last(), "species");
  EXPECT_EQ(asked(), Json({{"id", 12}, {"name", ""}}));
  EXPECT_EQ(calls_.calls, 3);
  EXPECT_EQ(patch(R"({"species":"kestrel","starred":false,"notes":"x"})").status, 200);
  EXPECT_EQ(calls_.calls, 6);
}

TEST_F(Visits, AChangeEndsAtTheFirstRefusal) {
  calls_.set_answer({2, R"({"error":{"code":"bad_value","message":"too long"}})", {}});
  EXPECT_EQ(patch(R"({"notes":"x","species":"kestrel"})").status, 400);
  EXPECT_EQ(calls_.last(), "note");
  EXPECT_EQ(calls_.calls, 1);
}

TEST_F(Visits, WhatIsNoChangeReachesNobody) {
  for (const auto* body : {"", "{}", "[]", "null", "{", "starred=true", R"({"starred":"yes"})", R"({"starred":1})",
                           R"({"notes":null})", R"({"species":7})", R"({"starred":true,"id":13})", R"({"end":null})"}) {
    const auto reply = patch(body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_EQ(Json::parse(reply.body)["error"]["code"], "bad_request") << body;
  }
  EXPECT_EQ(patch("starred=true", "application/x-www-form-urlencoded", token_).status, 415);
  EXPECT_EQ(patch(R"({"starred":true})", "text/plain", token_).status, 415);
  EXPECT_EQ(patch(R"({"starred":true})", "application/json", "").status, 403);
  EXPECT_EQ(patch(R"({"starred":true})", "application/json", token_ + "Origin: http://evil.example\r\n").status, 403);
  EXPECT_EQ(calls_.calls, 0);
}

TEST_F(Visits, OtherMethodsAreNamed) {
  test::HttpClient client(port_);
  client.ask("/api/v1/visits/12", "DELETE");
  const auto reply = client.reply();
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.headers.at("allow"), "GET, HEAD, PATCH");
}

}  // namespace
}  // namespace nestbox
