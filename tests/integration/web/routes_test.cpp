// What is served, to whom, and how a refusal looks.
#include "nestbox/web/routes.h"

#include <unistd.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "support/source_dir.h"
#include "web_fixture.h"

namespace nestbox {
namespace {

using testing::HasSubstr;
class Routes : public test::WebTest {};

TEST(RouteTable, EveryRouteIsListedOnceAndNothingButLogInPageAssetsAndHealthIsOpenToStrangers) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const auto& route : routes()) {
    EXPECT_TRUE(route.path.starts_with('/')) << route.path;
    EXPECT_TRUE(seen.emplace(route.method, route.path).second) << route.path << " is listed twice";
    const auto path = test::path_of(route);
    EXPECT_EQ(match_route(route.method, path).route, &route);
    if (route.method == "GET") {
      EXPECT_EQ(match_route("HEAD", path).route, &route);
    }
    EXPECT_EQ(match_route("PUT", path).route, nullptr);
    const bool open = route.path == "/login" || route.path == "/assets/{file}" || route.path == "/healthz";
    EXPECT_EQ(route.access == Access::kOpen, open) << route.path;
    EXPECT_TRUE(route.method == "GET" || route.path == "/login" || route.access == Access::kSession)
        << route.path << " changes something for whoever looks at a public page";
  }
}

TEST(RouteTable, TheDocumentListsEveryRoute) {
  const auto document = read_file(std::filesystem::path(NESTBOX_SOURCE_DIR) / "docs" / "api.md", 1 << 20);
  ASSERT_TRUE(document) << document.error().message;
  for (const auto& route : routes()) {
    const auto method = route.method == "GET" ? "" : std::string(route.method) + " ";
    auto path = std::string(route.path);
    if (const auto file = path.find("{file}"); file != std::string::npos) path.replace(file, 6, "NAME-HASH.EXT");
    EXPECT_THAT(*document, HasSubstr("`" + method + path + "`")) << route.path;
  }
}

TEST(RouteTable, AFilePatternTakesOneSegmentAlone) {
  EXPECT_NE(match_route("GET", "/assets/page.js").route, nullptr);
  for (const auto* path : {"/assets/", "/assets", "/assets/a/b", "/assets/../x", "/Assets/page.js", "//assets/page.js"})
    EXPECT_EQ(match_route("GET", path).route, nullptr) << path;
}

TEST(RouteTable, AVisitIsNamedByItsNumberInOneWayAlone) {
  for (const auto* path : {"/api/v1/visits/1", "/api/v1/visits/999999999999999999", "/api/v1/visits/12/clip"})
    EXPECT_NE(match_route("GET", path).route, nullptr) << path;
  for (const auto* path :
       {"/api/v1/visits/", "/api/v1/visits/0", "/api/v1/visits/012", "/api/v1/visits/-1", "/api/v1/visits/+1",
        "/api/v1/visits/1e3", "/api/v1/visits/1234567890123456789", "/api/v1/visits/12/", "/api/v1/visits/12/clip/",
        "/api/v1/visits//clip", "/api/v1/visits/../clip", "/api/v1/visits/%31/clip", "/api/v1/visits/12/clip.mp4",
        "/api/v1/visits/..%2f..%2fetc%2fpasswd/clip", "/api/v1/visits/12/../../etc/passwd", "/api/v1/visits/{id}"})
    EXPECT_EQ(match_route("GET", path).route, nullptr) << path;
}

TEST_F(Routes, ThePageNamesItsFilesByTheirHashAndTheyAreServed) {
  start();
  const auto page = get("/");
  ASSERT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.headers.at("cache-control"), "no-cache");
  EXPECT_EQ(page.body.find("@"), std::string::npos) << "a placeholder was left in the page";
  int files = 0;
  for (auto at = page.body.find("/assets/"); at != std::string::npos; at = page.body.find("/assets/", at + 1)) {
    const auto path = page.body.substr(at, page.body.find('"', at) - at);
    const auto file = get(path);
    EXPECT_EQ(file.status, 200) << path;
    EXPECT_THAT(file.headers.at("cache-control"), HasSubstr("immutable"));
    EXPECT_FALSE(file.body.empty());
    ++files;
  }
  EXPECT_GE(files, 3);
  EXPECT_EQ(page.body.find("http"), std::string::npos) << "the page loads something from elsewhere";
  EXPECT_EQ(get("/assets/other.js").status, 404);
}

TEST_F(Routes, EveryReplyCarriesTheSecurityHeadersAndNoCors) {
  start();
  for (const auto* path : {"/", "/snapshot", "/healthz", "/api/v1/status", "/nothing", "/api/nothing"}) {
    const auto reply = get(path, "Origin: http://evil.example\r\n");
    EXPECT_THAT(reply.headers.at("content-security-policy"), HasSubstr("default-src 'none'")) << path;
    EXPECT_THAT(reply.headers.at("content-security-policy"), HasSubstr("frame-ancestors 'none'")) << path;
    EXPECT_EQ(reply.headers.at("content-security-policy").find("unsafe"), std::string::npos) << path;
    EXPECT_EQ(reply.headers.at("x-content-type-options"), "nosniff") << path;
    EXPECT_EQ(reply.headers.at("referrer-policy"), "same-origin") << path;
    EXPECT_EQ(reply.headers.at("x-frame-options"), "DENY") << path;
    EXPECT_EQ(reply.headers.at("cross-origin-resource-policy"), "same-origin") << path;
    EXPECT_EQ(reply.headers.count("access-control-allow-origin"), 0U) << path;
  }
}

TEST_F(Routes, HealthMeansThatTheMainLoopAnswers) {
  start();
  const auto good = get("/healthz");
  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(good.body, "ok\n");
  EXPECT_EQ(good.headers.at("cache-control"), "no-store");
  calls_.silent = true;
  EXPECT_EQ(get("/healthz").status, 503);
}

TEST_F(Routes, StatusIsTheCallersOwnBody) {
  start();
  calls_.set_answer({0, R"({"state":"degraded","name":"owl"})", {}});
  const auto reply = get("/api/v1/status?pretty=1");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.at("content-type"), "application/json");
  EXPECT_EQ(reply.body, R"({"state":"degraded","name":"owl"})");
  EXPECT_EQ(calls_.last(), "status");
  calls_.set_answer({1, R"({"error":{"code":"failed","message":"no"}})", {}});
  EXPECT_EQ(get("/api/v1/status").status, 503);
  calls_.set_answer({2, R"({"error":{"code":"bad","message":"no"}})", {}});
  EXPECT_EQ(get("/api/v1/status").status, 400);
}

TEST_F(Routes, AnAnswerThatComesAfterTheServerHasGoneGoesNowhere) {
  start();
  calls_.silent = true;
  EXPECT_EQ(get("/api/v1/status").status, 504);
  test::HttpClient waiting(port_);
  waiting.ask("/api/v1/status");
  ASSERT_TRUE(test::eventually([&] { return calls_.calls == 2; }));
  server_.reset();
  calls_.answer_late();
}

TEST_F(Routes, SnapshotIsTheNewestPicture) {
  start();
  const auto reply = get("/snapshot");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.at("content-type"), "image/jpeg");
  EXPECT_EQ(reply.headers.at("cache-control"), "no-store");
  EXPECT_THAT(reply.body, HasSubstr("picture 1"));
  pictures_.failing = true;
  const auto none = get("/snapshot");
  EXPECT_EQ(none.status, 503);
  EXPECT_EQ(none.headers.at("retry-after"), "2");
  EXPECT_THAT(none.body, HasSubstr("no picture came"));
}

TEST_F(Routes, HeadIsGetWithoutABodyAndSpendsNothing) {
  start();
  for (const auto* recording : {"12.mp4", "12.jpg"}) std::ofstream(folder_.path() / recording) << recording;
  for (const auto& route : routes()) {
    if (route.handler == RouteHandler::kAsset || route.method != "GET") continue;
    test::HttpClient client(port_);
    client.ask(test::path_of(route), "HEAD");
    const auto head = client.reply(test::HttpClient::Body::kNone);
    EXPECT_EQ(head.status, route.handler == RouteHandler::kLogInPage ? 303 : 200) << route.path;
    // The next reply begins right behind: no body came.
    client.ask("/healthz");
    EXPECT_EQ(client.reply().body, "ok\n") << route.path;
  }
  EXPECT_EQ(pictures_.taken, 0U);
  EXPECT_EQ(keyframes_wanted_, 0);
}

TEST_F(Routes, UnknownPathsAndMethodsAreRefusedInTheReadersForm) {
  start();
  EXPECT_EQ(get("/nothing").status, 404);
  EXPECT_EQ(get("/nothing").headers.at("content-type"), "text/plain; charset=utf-8");
  const auto json = get("/api/v1/nothing");
  EXPECT_EQ(json.status, 404);
  EXPECT_EQ(nlohmann::json::parse(json.body)["error"]["code"], "not_found");
  for (const auto* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"}) {
    test::HttpClient client(port_);
    client.ask("/api/v1/status", method, "Content-Length: 0\r\n");
    const auto reply = client.reply();
    EXPECT_EQ(reply.status, 405) << method;
    EXPECT_EQ(reply.headers.at("allow"), "GET, HEAD") << method;
    EXPECT_EQ(nlohmann::json::parse(reply.body)["error"]["code"], "method_not_allowed") << method;
  }
}

TEST_F(Routes, OneConnectionCarriesManyRequestsAlsoPipelined) {
  start();
  test::HttpClient client(port_);
  client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.reply().body, "ok\n");
  EXPECT_EQ(client.reply().body, R"({"state":"ok"})");
  client.ask("/healthz", "GET", "Connection: close\r\n");
  EXPECT_EQ(client.reply().body, "ok\n");
  EXPECT_TRUE(client.closes_within(std::chrono::seconds(5)));
}

TEST_F(Routes, HostsOfThisMachineAreAnswered) {
  WebOptions options;
  options.allowed_hosts = {"Owl.Example.org", "192.0.2.7", "2001:DB8::1"};
  start(options);
  std::array<char, 256> name{};
  ASSERT_EQ(gethostname(name.data(), name.size() - 1), 0);
  const std::string host = name.data();
  for (const std::string& good :
       {std::string("localhost"), std::string("LOCALHOST:9000"), std::string("localhost."), std::string("127.0.0.1:1"),
        std::string("127.9.9.9"), std::string("[::1]:8080"), std::string("[0:0:0:0:0:0:0:1]"), host, host + ":80",
        host.substr(0, host.find('.')) + ".local", std::string("owl.example.org"), std::string("192.0.2.7:8080"),
        std::string("[2001:db8:0::1]")})
    EXPECT_EQ(get_as(good).status, 200) << good;
}

TEST_F(Routes, ForeignHostsAreRefusedWithTheKeyThatWouldAllowThem) {
  start();
  for (const auto* foreign : {"evil.example", "localhost.evil.example", "evil.example:8080", "8.8.8.8", "[2001:db8::1]",
                              "127.0.0.1.evil.example", "xlocalhost", "0.0.0.0"}) {
    const auto reply = get_as(foreign, "/api/v1/status");
    EXPECT_EQ(reply.status, 421) << foreign;
    const auto error = nlohmann::json::parse(reply.body)["error"];
    EXPECT_EQ(error["code"], "misdirected_request");
    EXPECT_THAT(error["message"].get<std::string>(), HasSubstr("web.allowed_hosts"));
  }
  EXPECT_EQ(calls_.calls, 0) << "a foreign host reached a handler";
  for (const auto* broken :
       {"", "local host", "localhost:http", "[::1", "[::1]x", "a,b", "localhost:123456", "%6c", "user@localhost"})
    EXPECT_EQ(get_as(broken).status, 400) << '"' << broken << '"';
}

TEST_F(Routes, ARequestHasExactlyOneHost) {
  start();
  for (const auto* request : {"GET /healthz HTTP/1.1\r\n\r\n", "GET /healthz HTTP/1.0\r\n\r\n",
                              "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n"}) {
    test::HttpClient client(port_);
    client.send(request);
    EXPECT_EQ(client.reply().status, 400) << request;
  }
  // The target may not smuggle another host past the check.
  test::HttpClient client(port_);
  client.send("GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.reply().status, 400);
}

TEST_F(Routes, NothingSpentWhenNobodyLooks) {
  start();
  EXPECT_FALSE(hub_.wanted());
  EXPECT_EQ(pictures_.taken, 0U);
  EXPECT_EQ(calls_.calls, 0);
  EXPECT_FALSE(server_->heartbeat().busy_for(BootClock::now()).has_value());
}

}  // namespace
}  // namespace nestbox
