// Where it listens, what it says when it cannot, and TLS.
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <fstream>

#include "support/temporary_folder.h"
#include "web_fixture.h"

namespace nestbox {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
namespace asio = boost::asio;

class Listen : public test::WebTest {
 protected:
  Error open_fails(const WebOptions& options) {
    auto opened = WebServer::open(options, {calls_, pictures_, hub_, doorkeeper_, recordings_});
    EXPECT_FALSE(opened.has_value());
    return opened ? Error{} : opened.error();
  }
};

TEST_F(Listen, SaysItsAddressWithThePortTheSystemGave) {
  start();
  EXPECT_EQ(server_->address(), "http://127.0.0.1:" + std::to_string(port_) + "/");
  EXPECT_NE(port_, 0);
}

TEST_F(Listen, OnIpv6) {
  WebOptions options;
  options.listen = "[::1]:0";
  start(options);
  EXPECT_THAT(server_->address(), StartsWith("http://[::1]:"));
  test::HttpClient client(port_, "::1");
  client.ask("/healthz");
  EXPECT_EQ(client.reply().body, "ok\n");
}

TEST_F(Listen, ATakenPortIsNamedWithItsHolder) {
  start();
  WebOptions options;
  options.listen = "127.0.0.1:" + std::to_string(port_);
  const auto error = open_fails(options);
  EXPECT_EQ(error.kind, ErrorKind::kUnavailable);
  EXPECT_THAT(error.message, HasSubstr("port " + std::to_string(port_) + " is taken by "));
  EXPECT_THAT(error.message, HasSubstr("(process " + std::to_string(getpid()) + ")"));
}

TEST_F(Listen, WhatIsNoAddressIsRefusedWithWhatWouldBe) {
  for (const auto* wrong : {"", "8080", "localhost:8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:80x",
                            "::1:80", "[127.0.0.1]:80", "127.0.0.1:-1", "[::1:80", "256.0.0.1:80"}) {
    WebOptions options;
    options.listen = wrong;
    const auto error = open_fails(options);
    EXPECT_EQ(error.kind, ErrorKind::kInvalidArgument) << wrong;
    EXPECT_THAT(error.message, HasSubstr("\"127.0.0.1:8080\"")) << wrong;
  }
  WebOptions elsewhere;
  elsewhere.listen = "192.0.2.1:8080";
  EXPECT_THAT(open_fails(elsewhere).message, HasSubstr("no such address"));
}

class Tls : public Listen {
 protected:
  void SetUp() override {
    const auto quiet = " >/dev/null 2>&1";
    ASSERT_EQ(std::system(("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
                           "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout " +
                           key() + " -out " + cert() + quiet)
                              .c_str()),
              0)
        << "the openssl program is needed";
    ASSERT_EQ(std::system(("openssl ecparam -genkey -name prime256v1 -noout -out " + other_key() + quiet).c_str()), 0);
  }
  std::string cert() const { return (folder_.path() / "cert.pem").string(); }
  std::string key() const { return (folder_.path() / "key.pem").string(); }
  std::string other_key() const { return (folder_.path() / "other.pem").string(); }
  void start_secure(const std::string& listen = WebOptions().listen) {
    WebOptions options;
    options.listen = listen;
    options.tls_cert = cert();
    options.tls_key = key();
    start(options);
  }

  TemporaryFolder folder_;
};

using SecureStream = asio::ssl::stream<asio::ip::tcp::socket>;

std::string secure_get(std::uint16_t port, asio::ssl::context& context, boost::system::error_code& error,
                       const std::string& path = "/healthz") {
  asio::io_context io;
  SecureStream stream(io, context);
  stream.next_layer().connect({asio::ip::make_address("127.0.0.1"), port}, error);
  if (!error) stream.handshake(asio::ssl::stream_base::client, error);
  if (error) return {};
  asio::write(stream,
              asio::buffer("GET " + path + std::string(" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")),
              error);
  std::string reply;
  boost::system::error_code end;
  asio::read(stream, asio::dynamic_buffer(reply), end);
  return reply;
}

TEST_F(Tls, ServesOverItWithAVerifiedCertificate) {
  start_secure();
  EXPECT_THAT(server_->address(), StartsWith("https://127.0.0.1:"));
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.load_verify_file(cert());
  context.set_verify_mode(asio::ssl::verify_peer);
  context.set_verify_callback(asio::ssl::host_name_verification("localhost"));
  boost::system::error_code error;
  EXPECT_THAT(secure_get(port_, context, error), HasSubstr("ok\n"));
  EXPECT_FALSE(error) << error.message();
}

TEST_F(Tls, ItsCookiesNeverGoOverPlainHttp) {
  start_secure("0.0.0.0:0");
  asio::ssl::context context(asio::ssl::context::tls_client);
  boost::system::error_code error;
  const auto page = secure_get(port_, context, error, "/login");
  EXPECT_THAT(page, HasSubstr("Set-Cookie: __Host-nestbox-visit="));
  EXPECT_THAT(page, HasSubstr("; HttpOnly; SameSite=Strict; Secure\r\n"));
}

TEST_F(Tls, RefusesVersionsBefore12) {
  start_secure();
  asio::ssl::context old(asio::ssl::context::tls_client);
  SSL_CTX_set_security_level(old.native_handle(), 0);
  SSL_CTX_set_min_proto_version(old.native_handle(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(old.native_handle(), TLS1_1_VERSION);
  boost::system::error_code error;
  secure_get(port_, old, error);
  EXPECT_TRUE(error);
}

TEST_F(Tls, PlainHttpOnItGetsNothingAndHarmsNothing) {
  start_secure();
  test::HttpClient plain(port_);
  plain.ask("/healthz");
  EXPECT_EQ(plain.reply().status, 0);
  asio::ssl::context context(asio::ssl::context::tls_client);
  boost::system::error_code error;
  EXPECT_THAT(secure_get(port_, context, error), HasSubstr("200 OK"));
}

TEST_F(Tls, BadFilesAreNamed) {
  WebOptions options;
  options.tls_cert = cert();
  EXPECT_THAT(open_fails(options).message, HasSubstr("web.tls_key is empty"));
  options.tls_key = (folder_.path() / "absent.pem").string();
  EXPECT_THAT(open_fails(options).message, HasSubstr("absent.pem"));
  options.tls_key = cert();
  EXPECT_THAT(open_fails(options).message, HasSubstr("web.tls_key"));
  options.tls_key = other_key();
  const auto error = open_fails(options);
  EXPECT_EQ(error.kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(error.message, HasSubstr("web.tls_key"));
  options.tls_key = key();
  options.tls_cert = "/etc/hostname";
  EXPECT_THAT(open_fails(options).message, HasSubstr("web.tls_cert: /etc/hostname"));
}

}  // namespace
}  // namespace nestbox
