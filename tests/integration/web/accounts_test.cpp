// The password beyond loopback: who is let in where, and what a change of something must carry.
#include <arpa/inet.h>

#include <nlohmann/json.hpp>

#include "nestbox/web/routes.h"
#include "support/temporary_folder.h"
#include "web_fixture.h"

namespace nestbox {
namespace {

using test::HttpReply;
using testing::HasSubstr;
using testing::Not;

constexpr auto kForm = "Content-Type: application/x-www-form-urlencoded\r\n";

/// A listener on every address: reached here by 127.0.0.1, which makes nobody any less of a stranger.
class Accounts : public test::WebTest {
 protected:
  enum class Pictures { kForSessions, kForAll };
  void open_to_others(Pictures pictures = Pictures::kForSessions) {
    WebOptions options;
    options.listen = "0.0.0.0:0";
    options.public_page = pictures == Pictures::kForAll;
    start(options);
  }
  HttpReply ask(std::string_view method, std::string_view path, const std::string& more = "",
                const std::string& body = "") {
    test::HttpClient client(port_);
    const auto length = method == "GET" ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n";
    client.send(std::string(method) + " " + std::string(path) +
                " HTTP/1.1\r\nHost: localhost:" + std::to_string(port_) + "\r\n" + length + more + "\r\n" + body);
    return client.reply(method == "HEAD" ? test::HttpClient::Body::kNone : test::HttpClient::Body::kWhole);
  }
  HttpReply post(std::string_view path, const std::string& cookie, const std::string& body,
                 const std::string& more = "") {
    return ask("POST", path, kForm + ("Cookie: " + cookie + "\r\n") + more, body);
  }
  /// NAME=VALUE of a reply's Set-Cookie.
  static std::string cookie_of(const HttpReply& reply) {
    const auto header = reply.headers.find("set-cookie");
    return header == reply.headers.end() ? "" : header->second.substr(0, header->second.find(';'));
  }
  static std::string token_in(const HttpReply& page) {
    const std::string mark = "name=\"csrf\" value=\"";
    const auto at = page.body.find(mark);
    return at == std::string::npos ? "" : page.body.substr(at + mark.size(), 64);
  }
  struct Visit {
    std::string cookie, token;
  };
  Visit visit() {
    const auto page = ask("GET", "/login");
    return {cookie_of(page), token_in(page)};
  }
  /// As a browser sends it: "&" and "%" of the password encoded.
  static std::string right_form(const Visit& from) {
    return "csrf=" + from.token + "&username=nestbox&password=correct+horse+%26+100%25%20battery";
  }
  Visit logged_in() {
    const auto from = visit();
    const auto reply = post("/login", from.cookie, right_form(from));
    EXPECT_EQ(reply.status, 303);
    Visit in{cookie_of(reply), ""};
    const auto session = ask("GET", "/api/v1/session", "Cookie: " + in.cookie + "\r\n");
    in.token = nlohmann::json::parse(session.body)["csrf"];
    return in;
  }
  /// A change as its route reads it, with its token in the header, if any.
  HttpReply change(const Route& route, const std::string& cookie, const std::string& token) {
    const bool patch = route.method == "PATCH";
    const std::string type = patch ? "Content-Type: application/json\r\n" : kForm;
    const auto header = token.empty() ? "" : "X-CSRF-Token: " + token + "\r\n";
    return ask(route.method, test::path_of(route), type + "Cookie: " + cookie + "\r\n" + header,
               patch ? R"({"starred":true})" : "");
  }
  static int expected_of(const Route& route) {
    if (route.handler == RouteHandler::kAsset || route.handler == RouteHandler::kVisitClip ||
        route.handler == RouteHandler::kVisitPhoto)
      return 404;
    const bool back_to_page = route.method == "POST" && !route.path.starts_with("/api/");
    return route.handler == RouteHandler::kLogInPage || back_to_page ? 303 : 200;
  }
};

TEST_F(Accounts, NothingListensBeyondLoopbackWithoutAPassword) {
  doorkeeper_.password_set = false;
  WebOptions options;
  options.listen = "0.0.0.0:0";
  const auto opened = WebServer::open(options, {calls_, pictures_, hub_, doorkeeper_, recordings_});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(opened.error().message, HasSubstr("nestbox passwd"));
  options.listen = "127.0.0.1:0";
  EXPECT_TRUE(WebServer::open(options, {calls_, pictures_, hub_, doorkeeper_, recordings_}));
}

TEST(ListenAddresses, AreToldApartByTheirReach) {
  for (const auto* near : {"127.0.0.1:80", "127.9.9.9:80", "[::1]:80", "nonsense"})
    EXPECT_FALSE(listens_beyond_loopback(near)) << near;
  for (const auto* far : {"0.0.0.0:80", "192.0.2.1:80", "[::]:80", "[2001:db8::1]:80", "[::ffff:192.0.2.1]:80"})
    EXPECT_TRUE(listens_beyond_loopback(far)) << far;
  EXPECT_EQ(on_loopback("0.0.0.0:8080"), "127.0.0.1:8080");
  EXPECT_EQ(on_loopback("[::]:80"), "[::1]:80");
}

/// The whole table: every route, for a stranger, with a session, and with a session and a wrong token.
TEST_F(Accounts, EveryRouteAsksForWhatItsAccessSays) {
  open_to_others();
  for (const auto& route : routes()) {
    const auto path = test::path_of(route);
    SCOPED_TRACE(std::string(route.method) + " " + path);
    const bool stream = route.handler == RouteHandler::kLive || route.handler == RouteHandler::kMjpeg;
    const auto method = stream ? "HEAD" : route.method;  // a stream's body has no end
    const auto in = logged_in();

    const auto stranger = ask(method, path, route.method == "GET" ? "" : kForm);
    if (route.access == Access::kOpen) {
      EXPECT_EQ(stranger.status, route.method == "POST" ? 403 : route.handler == RouteHandler::kAsset ? 404 : 200);
    } else if (route.handler == RouteHandler::kPage) {
      EXPECT_EQ(stranger.status, 303);
      EXPECT_EQ(stranger.headers.at("location"), "/login");
    } else {
      EXPECT_EQ(stranger.status, 401);
      if (path.starts_with("/api/")) {
        EXPECT_EQ(nlohmann::json::parse(stranger.body)["error"]["code"], "log_in");
      }
    }

    const std::string wrong_token(64, '0');
    if (route.method != "GET") {
      EXPECT_EQ(change(route, in.cookie, wrong_token).status, 403);
      EXPECT_EQ(change(route, in.cookie, "").status, 403);
      if (route.method == "POST") {
        EXPECT_EQ(post(path, in.cookie, "csrf=" + wrong_token).status, 403);
        EXPECT_EQ(post(path, in.cookie, "csrf=" + in.token).status, expected_of(route));
      } else {
        EXPECT_EQ(change(route, in.cookie, in.token).status, expected_of(route));
      }
    } else {
      const auto inside = ask(method, path, "Cookie: " + in.cookie + "\r\nX-CSRF-Token: " + wrong_token + "\r\n");
      EXPECT_EQ(inside.status, expected_of(route));
    }
  }
  EXPECT_EQ(ask("GET", "/api/v1/status", "Cookie: nestbox-session=" + std::string(64, 'b') + "\r\n").status, 401);
}

TEST_F(Accounts, APublicPageShowsThePictureToAllAndNothingElse) {
  open_to_others(Pictures::kForAll);
  for (const auto* path : {"/", "/snapshot", "/healthz", "/login", "/api/v1/session", "/api/v1/picture"})
    EXPECT_EQ(ask("GET", path).status, 200) << path;
  EXPECT_EQ(nlohmann::json::parse(ask("GET", "/api/v1/session").body)["access"], "public");
  for (const auto* path :
       {"/api/v1/status", "/api/v1/focus/day", "/api/v1/focus/infrared", "/snapshot/centre", "/api/v1/visits",
        "/api/v1/visits/12", "/api/v1/visits/12/why", "/api/v1/visits/12/clip", "/api/v1/visits/12/photo"})
    EXPECT_EQ(ask("GET", path).status, 401) << path;
  EXPECT_EQ(recordings_.opened, 0);
  const auto from = visit();
  for (const auto* path : {"/logout", "/api/v1/focus/reset", "/api/v1/focus/lock"})
    EXPECT_EQ(post(path, from.cookie, "csrf=" + from.token).status, 401) << path;
  EXPECT_EQ(pictures_.centres_taken, 0U);
}

TEST_F(Accounts, WhatThePublicLearnsOfThePictureIsWhetherItIsLive) {
  open_to_others(Pictures::kForAll);
  calls_.set_answer({0,
                     R"({"name":"owl","problems":[{"text":"canary"}],"outputs":[{"last_error":"canary"}],
"camera":{"source":"file:/canary.mp4","state":"running","content":"simulated","width":640,"last_error":"canary"}})",
                     {}});
  const auto reply = ask("GET", "/api/v1/picture");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(nlohmann::json::parse(reply.body),
            nlohmann::json::parse(R"({"name":"owl","camera":{"state":"running","content":"simulated"}})"));
}

TEST_F(Accounts, OnLoopbackAllIsOpenAndAChangeStillNeedsItsToken) {
  start();
  for (const auto* path : {"/", "/snapshot", "/api/v1/status"}) EXPECT_EQ(get(path).status, 200) << path;
  EXPECT_EQ(get("/login").status, 303);
  const auto session = get("/api/v1/session");
  EXPECT_EQ(nlohmann::json::parse(session.body)["access"], "local");
  const std::string token = nlohmann::json::parse(session.body)["csrf"];
  EXPECT_EQ(post("/logout", "", "").status, 403);
  EXPECT_EQ(post("/logout", "", "csrf=" + token).status, 403) << "a token without its cookie";
  EXPECT_EQ(post("/logout", cookie_of(session), "csrf=" + token).status, 303);
}

TEST_F(Accounts, TheSessionsCookieIsForThisSiteAloneAndOutOfScriptsReach) {
  open_to_others();
  const auto from = visit();
  const auto reply = post("/login", from.cookie, right_form(from));
  EXPECT_EQ(reply.headers.at("location"), "/");
  EXPECT_EQ(reply.headers.at("cache-control"), "no-store");
  const auto cookie = reply.headers.at("set-cookie");
  EXPECT_THAT(cookie, HasSubstr("; HttpOnly"));
  EXPECT_THAT(cookie, HasSubstr("; SameSite=Strict"));
  EXPECT_THAT(cookie, HasSubstr("; Path=/;"));
  EXPECT_THAT(cookie, HasSubstr("; Max-Age=2592000;"));
  EXPECT_THAT(cookie, Not(HasSubstr("Secure"))) << "over plain HTTP a browser would drop it";
  EXPECT_EQ(doorkeeper_.last_address(), "127.0.0.1");
  // Using the page moves its end on in the browser too.
  EXPECT_EQ(cookie_of(ask("GET", "/", "Cookie: " + cookie_of(reply) + "\r\n")), cookie_of(reply));
}

TEST_F(Accounts, AWrongPasswordIsAnsweredByThePageAndAlwaysAlike) {
  open_to_others();
  const auto from = visit();
  const auto page = post("/login", from.cookie, "csrf=" + from.token + "&password=canary-guess");
  EXPECT_EQ(page.status, 403);
  EXPECT_THAT(page.body, HasSubstr("That is not the password."));
  EXPECT_THAT(page.body, Not(HasSubstr("canary-guess")));
  EXPECT_EQ(page.headers.count("set-cookie"), 0U);
  EXPECT_EQ(token_in(page), from.token);
  for (const auto* other : {"&password=", "", "&password=%zz", "&password=a&password=b"}) {
    const auto same = post("/login", from.cookie, "csrf=" + from.token + other);
    EXPECT_EQ(same.status, 403) << other;
    EXPECT_EQ(same.body, page.body) << other;
  }
}

TEST_F(Accounts, WhoMustWaitIsToldHowLong) {
  open_to_others();
  doorkeeper_.later_s = 7;
  const auto from = visit();
  const auto reply = post("/login", from.cookie, right_form(from));
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.headers.at("retry-after"), "7");
  EXPECT_THAT(reply.body, HasSubstr("in 7 seconds"));
}

TEST_F(Accounts, TheFormOfAnotherSiteOrOfAnotherKindIsRefused) {
  open_to_others();
  const auto in = logged_in();
  const auto own = "Origin: http://localhost:" + std::to_string(port_) + "\r\n";
  for (const auto* foreign : {"http://evil.example", "null", "", "http://localhost", "http://localhost:1"})
    EXPECT_EQ(post("/logout", in.cookie, "csrf=" + in.token, "Origin: " + std::string(foreign) + "\r\n").status, 403)
        << foreign;
  for (const auto* type : {"application/json", "text/plain", "multipart/form-data; boundary=x"}) {
    const auto more = "Content-Type: " + std::string(type) + "\r\nCookie: " + in.cookie + "\r\n";
    EXPECT_EQ(ask("POST", "/logout", more, "csrf=" + in.token).status, 415) << type;
  }
  EXPECT_EQ(post("/logout", in.cookie, "csrf=" + in.token, own).status, 303);
}

TEST_F(Accounts, LoggingOutEndsTheSessionAndWhatItWatches) {
  open_to_others();
  const auto in = logged_in(), other = logged_in();
  test::HttpClient watching(port_), other_watching(port_);
  watching.ask("/stream", "GET", "Cookie: " + in.cookie + "\r\n");
  other_watching.ask("/stream", "GET", "Cookie: " + other.cookie + "\r\n");
  EXPECT_EQ(watching.reply_head().status, 200);
  EXPECT_EQ(other_watching.reply_head().status, 200);

  const auto out = post("/logout", in.cookie, "csrf=" + in.token);
  EXPECT_EQ(out.status, 303);
  EXPECT_THAT(out.headers.at("set-cookie"), HasSubstr("nestbox-session=; Path=/; Max-Age=0;"));
  EXPECT_TRUE(watching.closes_within(std::chrono::seconds(10)));
  EXPECT_EQ(ask("GET", "/api/v1/status", "Cookie: " + in.cookie + "\r\n").status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/status", "Cookie: " + other.cookie + "\r\n").status, 200);
  EXPECT_FALSE(other_watching.read_until("nestbox-picture").empty());
}

TEST_F(Accounts, ATokenIsGoodForItsOwnVisitAlone) {
  open_to_others();
  const auto mine = visit(), other = visit();
  EXPECT_NE(mine.cookie, other.cookie);
  EXPECT_NE(mine.token, other.token);
  const auto crossed = post("/login", mine.cookie, right_form(other));
  EXPECT_EQ(crossed.status, 403);
  EXPECT_THAT(crossed.body, HasSubstr("This page was too old"));
  EXPECT_EQ(post("/login", "", right_form(mine)).status, 403);
  const auto in = logged_in();
  EXPECT_EQ(post("/logout", in.cookie, "csrf=" + mine.token).status, 403);
}

TEST_F(Accounts, TheLogInPageNeedsNoScriptAndNamesItsField) {
  open_to_others();
  const auto page = ask("GET", "/login");
  EXPECT_EQ(page.headers.at("cache-control"), "no-store");
  EXPECT_THAT(page.body, Not(HasSubstr("<script")));
  EXPECT_THAT(page.body, Not(HasSubstr("{{")));
  EXPECT_THAT(page.body, HasSubstr("<label for=\"password\">"));
  EXPECT_THAT(page.headers.at("content-security-policy"), HasSubstr("form-action 'self'"));
}

}  // namespace
}  // namespace nestbox
