#include "nestbox/tune/control_client.h"

#include <gmock/gmock.h>
#include <sys/fsuid.h>

#include <filesystem>

#include "harness.h"

namespace nestbox::tune {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Accepts one client and says what the test wants, whatever it is asked.
class OddServer {
 public:
  explicit OddServer(std::string words) : path_(folder_.file("odd.sock")) {
    if (with_address(::bind, socket_.get(), path_) != 0 || ::listen(socket_.get(), 1) != 0) {
      throw std::runtime_error("listen: " + system_error_text(errno));
    }
    thread_ = std::thread([this, words = std::move(words)] {
      const FileDescriptor client(::accept(socket_.get(), nullptr, nullptr));
      std::string_view left = words;
      while (!left.empty()) {
        const auto sent = ::send(client.get(), left.data(), left.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        left.remove_prefix(static_cast<std::size_t>(sent));
      }
      release_.get_future().wait();
    });
  }
  ~OddServer() {
    release_.set_value();
    thread_.join();
  }
  const std::string& path() const { return path_; }

 private:
  TemporaryFolder folder_;
  FileDescriptor socket_ = stream_socket();
  std::string path_;
  std::promise<void> release_;
  std::thread thread_;
};

Result<Answer> ask(const std::string& path, const ClientLimits& limits = {}) {
  auto client = ControlClient::connect(path, limits);
  if (!client) return tl::unexpected<Error>(client.error());
  return client->call({"status"});
}

TEST(ControlClientTest, BodyComesByteForByteWithItsAttachment) {
  House house;
  const std::string body = R"({"z":1.50,"a":{"body":"x"},"name":"Küken","big":12345678901234567890})";
  house.handler().answer_with({0, body, std::string(1'000'000, '\n')});
  auto client = ControlClient::connect(house.path());
  ASSERT_TRUE(client) << client.error().message;
  for (int i = 0; i < 3; ++i) {
    const auto answer = client->call({"snapshot", R"({"a":1})"});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->exit_status, 0);
    EXPECT_EQ(answer->json, body);
    EXPECT_TRUE(answer->attachment == std::string(1'000'000, '\n'));
  }
  EXPECT_EQ(house.handler().asked().at(0).arguments_json, R"({"a":1})");
}

TEST(ControlClientTest, ProgressIsSeenInOrder) {
  House house;
  house.handler().script([](const Call& call, const FakeHandler::Done& done) {
    call.progress(R"({"seconds":1})");
    done({1, R"({"verdict":"tls"})", {}});
  });
  auto client = ControlClient::connect(house.path());
  ASSERT_TRUE(client);
  std::vector<std::string> seen;
  const auto answer =
      client->call({"live", R"({"action":"test"})"}, [&](std::string_view progress) { seen.emplace_back(progress); });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->exit_status, 1);
  EXPECT_THAT(seen, ElementsAre(R"({"seconds":1})"));
}

TEST(ControlClientTest, SecretTravelsInTheArguments) {
  House house;
  auto client = ControlClient::connect(house.path());
  ASSERT_TRUE(client);
  Call call{"key", R"({"action":"set","name":"tube"})"};
  call.secret = Secret("wxyz-1234");
  ASSERT_TRUE(client->call(call));
  EXPECT_EQ(house.handler().asked().at(0).secret.reveal(), "wxyz-1234");
  EXPECT_EQ(house.handler().asked().at(0).arguments_json, R"({"action":"set","name":"tube"})");
}

TEST(ControlClientTest, WhatIsNotTextIsRefusedBeforeItIsSent) {
  House house;
  auto client = ControlClient::connect(house.path());
  ASSERT_TRUE(client);
  Call call{"key"};
  call.secret = Secret("\xff\xfe\xfd\xfc");
  const auto answer = client->call(call);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_FALSE(client->call({"status", "[]"}));
  EXPECT_TRUE(house.handler().asked().empty());
}

TEST(ControlClientTest, BusyIsHeardThoughTheServerHungUp) {
  ControlLimits limits;
  limits.clients = 0;
  House house(limits);
  const auto answer = ask(house.path());
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->exit_status, 1);
  EXPECT_THAT(answer->json, HasSubstr("too many"));
}

TEST(ControlClientTest, TellsNoSocketFromNobodyThere) {
  TemporaryFolder folder;
  const auto missing = ControlClient::connect(folder.file("none.sock"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("not running: there is no socket"));

  const auto path = folder.file("dead.sock");
  {
    const auto dead = stream_socket();
    ASSERT_EQ(with_address(::bind, dead.get(), path), 0);
  }
  const auto refused = ControlClient::connect(path);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("nobody listens"));

  const auto too_long = ControlClient::connect("/" + std::string(200, 'x'));
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().kind, ErrorKind::kInvalidArgument);
}

TEST(ControlClientTest, SilentServerMeetsTheDeadline) {
  ClientLimits limits;
  limits.silence = std::chrono::milliseconds(60);
  for (const auto* words : {"", "{\"exit\":0,", "{\"exit\":0,\"attachment_bytes\":9,\"body\":{}}\nhalf"}) {
    OddServer server(words);
    const auto answer = ask(server.path(), limits);
    ASSERT_FALSE(answer) << words;
    EXPECT_EQ(answer.error().kind, ErrorKind::kTimeout);
    EXPECT_THAT(answer.error().message, HasSubstr("did not answer"));
  }
}

TEST(ControlClientTest, NonsenseIsNotBelieved) {
  for (const auto* words :
       {"HTTP/1.1 400 Bad Request\r\n", "[]\n", "{}\n", "{\"exit\":\"0\",\"attachment_bytes\":0,\"body\":{}}\n",
        "{\"exit\":0,\"attachment_bytes\":-1,\"body\":{}}\n", "{\"exit\":0,\"body\":{},\"attachment_bytes\":0}\n"}) {
    OddServer server(words);
    const auto answer = ask(server.path());
    ASSERT_FALSE(answer) << words;
    EXPECT_EQ(answer.error().kind, ErrorKind::kInternal);
    EXPECT_THAT(answer.error().message, HasSubstr("not nestboxd"));
  }
}

TEST(ControlClientTest, AnswersHaveBounds) {
  OddServer boundless(std::string(1'000'000, 'x'));
  ClientLimits limits;
  limits.line_bytes = 100'000;
  const auto line = ask(boundless.path(), limits);
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().kind, ErrorKind::kExhausted);

  OddServer huge("{\"exit\":0,\"attachment_bytes\":99999999999,\"body\":{}}\n");
  const auto attachment = ask(huge.path());
  ASSERT_FALSE(attachment);
  EXPECT_EQ(attachment.error().kind, ErrorKind::kExhausted);
}

TEST(ControlClientTest, DaemonThatGoesAwayMeanwhileIsSaid) {
  House house;
  std::promise<FakeHandler::Done> called;
  house.handler().script([&](const Call&, const FakeHandler::Done& done) { called.set_value(done); });
  auto answer = std::async(std::launch::async, [&] { return ask(house.path()); });
  const auto done = called.get_future().get();
  house.stop();
  const auto result = answer.get();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(result.error().message, HasSubstr("went away"));
  done({0, "{}", {}});
}

TEST(ControlClientTest, PermissionDeniedNamesTheGroup) {
  House house;
  std::filesystem::permissions(house.path(), std::filesystem::perms::none);
  constexpr uid_t kNobody = 65534;
  const auto before = static_cast<uid_t>(::setfsuid(kNobody));  // of this thread alone; does nothing without root
  const auto denied = ControlClient::connect(house.path());
  ::setfsuid(before);
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(denied.error().message, HasSubstr("sudo usermod -aG nestbox"));
}

}  // namespace
}  // namespace nestbox::tune
