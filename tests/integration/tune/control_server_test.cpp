#include "nestbox/tune/control_server.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness.h"
#include "nestbox/base/log.h"
#include "nestbox/tune/control_client.h"
#include "support/source_dir.h"

namespace nestbox::tune {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Done = FakeHandler::Done;

constexpr auto kStatusRequest = "{\"command\":\"status\",\"arguments\":{}}\n";
constexpr auto kGoodAnswer = "{\"exit\":0,\"attachment_bytes\":0,\"body\":{\"state\":\"ok\"}}\n";

TEST(ControlServerTest, AnswersARequestByOneLine) {
  House house;
  house.handler().answer_with({0, R"({"state":"ok"})", {}});
  RawClient client(house.path());
  ASSERT_TRUE(client.say(kStatusRequest));
  EXPECT_EQ(client.hear_line(), kGoodAnswer);
  const auto asked = house.handler().asked();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].command, "status");
  EXPECT_EQ(asked[0].arguments_json, "{}");
}

TEST(ControlServerTest, RequestMayComeByteByByteAndTwoAtOnce) {
  House house;
  house.handler().answer_with({0, R"({"state":"ok"})", {}});
  RawClient client(house.path());
  for (const char c : std::string_view(kStatusRequest)) ASSERT_TRUE(client.say({&c, 1}));
  EXPECT_EQ(client.hear_line(), kGoodAnswer);
  ASSERT_TRUE(client.say(std::string(kStatusRequest) + kStatusRequest + "{\"command\":\"di"));
  EXPECT_EQ(client.hear_line(), kGoodAnswer);
  EXPECT_EQ(client.hear_line(), kGoodAnswer);
  ASSERT_TRUE(client.say("ff\"}\n"));
  EXPECT_EQ(client.hear_line(), kGoodAnswer);
  EXPECT_EQ(house.handler().asked().at(3).command, "diff");
}

TEST(ControlServerTest, PrettyPrintedBodyStaysOneLine) {
  House house;
  house.handler().answer_with({0, "{\n  \"a\": \"b\\nc\"\r\n}", {}});
  RawClient client(house.path());
  client.say(kStatusRequest);
  EXPECT_EQ(nlohmann::json::parse(client.hear_line())["body"]["a"], "b\nc");
}

TEST(ControlServerTest, AttachmentFollowsTheLineByteForByte) {
  House house;
  std::string picture(3'000'000, '\0');  // many times the socket's buffer: written in parts
  for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = static_cast<char>(i * 7 + i / 251);
  house.handler().answer_with({0, R"({"width":1280})", picture});
  RawClient client(house.path());
  client.say("{\"command\":\"snapshot\"}\n");
  EXPECT_EQ(client.hear_line(), "{\"exit\":0,\"attachment_bytes\":3000000,\"body\":{\"width\":1280}}\n");
  EXPECT_TRUE(client.hear(picture.size()) == picture);
  client.say("{\"command\":\"snapshot\"}\n");  // the connection is in step still
  EXPECT_THAT(client.hear_line(), StartsWith("{\"exit\":0,"));
}

TEST(ControlServerTest, HalfClosedClientGetsItsAnswer) {
  House house;
  Done done;
  std::promise<void> called;
  house.handler().script([&](const Call&, Done answer) {
    done = std::move(answer);
    called.set_value();
  });
  RawClient client(house.path());
  client.say(kStatusRequest);
  client.end_of_words();
  called.get_future().wait();
  EXPECT_EQ(house.clients(), 1U);
  std::thread([&] { done({0, R"({"state":"ok"})", {}}); }).join();  // from whatever thread
  EXPECT_EQ(client.hear_line(), kGoodAnswer);
  EXPECT_TRUE(client.at_end());
}

TEST(ControlServerTest, ProgressComesBeforeTheAnswer) {
  House house;
  house.handler().script([](const Call& call, const Done& done) {
    EXPECT_EQ(call.progress(R"({"seconds":1})"), Asker::kWaits);
    done({1, R"({"verdict":"refused"})", {}});
  });
  RawClient client(house.path());
  client.say("{\"command\":\"live\",\"arguments\":{\"action\":\"test\"}}\n");
  EXPECT_EQ(client.hear_line(), "{\"progress\":{\"seconds\":1}}\n");
  EXPECT_EQ(client.hear_line(), "{\"exit\":1,\"attachment_bytes\":0,\"body\":{\"verdict\":\"refused\"}}\n");
}

TEST(ControlServerTest, SlowReaderMissesProgressButNotTheAnswer) {
  House house;
  constexpr int kReports = 20'000;  // of 1 kB: far more than the socket's buffers take
  house.handler().script([](const Call& call, const Done& done) {
    const std::string filling(1000, 'x');
    for (int i = 0; i < kReports; ++i) call.progress("{\"i\":" + std::to_string(i) + ",\"x\":\"" + filling + "\"}");
    done({0, R"({"state":"ok"})", {}});
  });
  RawClient client(house.path());
  client.say(kStatusRequest);
  house.handler().wait_for_calls(1);
  house.clients();  // the loop has been through all reports before we read the first
  int heard = 0;
  std::string line;
  while ((line = client.hear_line()).find("progress") != std::string::npos) ++heard;
  EXPECT_EQ(line, kGoodAnswer);
  EXPECT_GT(heard, 0);
  EXPECT_LT(heard, kReports);
}

TEST(ControlServerTest, SecretIsTakenOutAndNeverEchoed) {
  House house;
  log::set_level(log::Level::kDebug);
  testing::internal::CaptureStderr();
  house.handler().script([](const Call& call, const Done& done) {
    EXPECT_EQ(call.secret.reveal(), "abcd-efgh-ijkl");
    done({0, R"({"text":"stored abcd-efgh-ijkl"})", {}});  // a handler's mistake
  });
  RawClient client(house.path());
  client.say(
      "{\"command\":\"key\",\"arguments\":{\"action\":\"set\",\"name\":\"tube\",\"secret\":\"abcd-efgh-ijkl\"}}\n");
  const auto answer = client.hear_line();
  const auto logged = testing::internal::GetCapturedStderr();
  log::set_level(log::Level::kInfo);
  EXPECT_THAT(answer, HasSubstr("stored ***"));
  EXPECT_EQ(house.handler().asked().at(0).arguments_json, R"({"action":"set","name":"tube"})");
  EXPECT_THAT(logged, HasSubstr("asked: key"));
  EXPECT_THAT(logged, HasSubstr("of user " + std::to_string(::getuid())));
  EXPECT_THAT(logged, Not(HasSubstr("abcd-efgh")));
}

// --- rubbish -------------------------------------------------------------------------------------------------------

class RubbishTest : public testing::TestWithParam<std::string> {};

TEST_P(RubbishTest, IsAnsweredByAnErrorAndClosed) {
  House house;
  RawClient client(house.path());
  client.say(GetParam());
  client.end_of_words();
  const auto answer = nlohmann::json::parse(client.hear_line());
  EXPECT_EQ(answer["exit"], 2);
  EXPECT_EQ(answer["body"]["error"]["code"], "bad_request");
  EXPECT_THAT(answer["body"]["error"]["message"].get<std::string>(), HasSubstr("request"));
  EXPECT_TRUE(client.at_end());
  house.wait_for_clients(0);
  EXPECT_TRUE(house.handler().asked().empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, RubbishTest,
    testing::Values("GET / HTTP/1.1\r\n\r\n", "\n", std::string(3, '\0') + "\n", "[]\n", "\"status\"\n", "{}\n",
                    "{\"command\":7}\n", "{\"command\":\"\"}\n", "{\"command\":\"Status\"}\n",
                    "{\"command\":\"a\\nb\"}\n", "{\"command\":\"status\",\"arguments\":[]}\n",
                    "{\"command\":\"status\"} trailing\n", "{\"command\":\"\xff\xfe\"}\n", "{\"command\":\"status\"",
                    "{\"command\":\"key\",\"arguments\":{\"secret\":7}}\n",
                    "{\"command\":\"status\",\"arguments\":{\"a\":" + std::string(20'000, '[') +
                        std::string(20'000, ']') + "}}\n",
                    std::string(64 * 1024, ' '), "{\"command\":\"" + std::string(100'000, 'x') + "\"}\n"));

TEST(ControlServerTest, WhatTheFuzzerCollectedIsAnsweredOrRefused) {
  House house;
  std::size_t files = 0;
  for (const auto& file : std::filesystem::directory_iterator(NESTBOX_SOURCE_DIR "/tests/fuzz/corpus/control")) {
    RawClient client(house.path());
    client.say(read_file(file.path(), 1'000'000).value() + '\n');
    const auto answer = nlohmann::json::parse(client.hear_line());
    EXPECT_TRUE(answer["exit"] == 0 || answer["exit"] == 2) << file.path();
    ++files;
  }
  EXPECT_GT(files, 10U);
  house.wait_for_clients(0);
}

TEST(ControlServerTest, LineOfExactlyTheLimitIsTaken) {
  House house;
  RawClient client(house.path());
  std::string line = R"({"command":"status"})";
  line.resize(64 * 1024 - 1, ' ');
  client.say(line + '\n');
  EXPECT_THAT(client.hear_line(), StartsWith("{\"exit\":0"));
}

// --- bounds --------------------------------------------------------------------------------------------------------

TEST(ControlServerTest, SeventeenthClientIsToldSo) {
  House house;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 16; ++i) {
    clients.push_back(std::make_unique<RawClient>(house.path()));
    clients.back()->say(kStatusRequest);
    EXPECT_THAT(clients.back()->hear_line(), StartsWith("{\"exit\":0"));
  }
  RawClient one_more(house.path());
  const auto answer = nlohmann::json::parse(one_more.hear_line());
  EXPECT_EQ(answer["exit"], 1);
  EXPECT_EQ(answer["body"]["error"]["code"], "busy");
  EXPECT_TRUE(one_more.at_end());

  clients.front()->vanish();
  house.wait_for_clients(15);
  RawClient next(house.path());
  next.say(kStatusRequest);
  EXPECT_THAT(next.hear_line(), StartsWith("{\"exit\":0"));
}

TEST(ControlServerTest, VanishedClientsKeepTheirPlaceWhileTheirCallRuns) {
  ControlLimits limits;
  limits.clients = 2;
  House house(limits);
  std::promise<Done> first_done;
  house.handler().script([&](const Call&, const Done& done) { first_done.set_value(done); });
  RawClient client(house.path());
  client.say(kStatusRequest);
  const auto done = first_done.get_future().get();
  client.vanish();
  EXPECT_EQ(house.clients(), 1U);  // or calls without end could be started by connecting and leaving
  done({0, "{}", {}});
  house.wait_for_clients(0);
}

TEST(ControlServerTest, LongCommandLearnsThatNobodyWaits) {
  House house;
  std::promise<std::pair<Call, Done>> called;
  house.handler().script([&](Call call, Done done) { called.set_value({std::move(call), std::move(done)}); });
  RawClient client(house.path());
  client.say(kStatusRequest);
  auto [call, done] = called.get_future().get();
  EXPECT_EQ(call.progress("{}"), Asker::kWaits);
  client.vanish();
  while (call.progress("{}") == Asker::kWaits) std::this_thread::yield();
  done({0, "{}", {}});
  house.wait_for_clients(0);
}

TEST(ControlServerTest, ClientThatVanishesInTheMiddleOfAnAnswerHarmsNobody) {
  House house;
  house.handler().answer_with({0, "{}", std::string(5'000'000, 'j')});
  for (int i = 0; i < 20; ++i) {
    RawClient client(house.path());
    client.say(kStatusRequest);
    client.hear(static_cast<std::size_t>(i) * 1000);
  }
  house.wait_for_clients(0);
  house.handler().answer_with({0, R"({"state":"ok"})", {}});
  RawClient client(house.path());
  client.say(kStatusRequest);
  EXPECT_EQ(client.hear_line(), kGoodAnswer);
}

TEST(ControlServerTest, SilentAndSlowClientsAreLetGo) {
  ControlLimits limits;
  limits.idle = std::chrono::milliseconds(100);
  House house(limits);
  RawClient silent(house.path());
  RawClient halfway(house.path());
  halfway.say("{\"command\":");
  EXPECT_TRUE(silent.at_end());
  EXPECT_TRUE(halfway.at_end());

  house.handler().answer_with({0, "{}", std::string(5'000'000, 'j')});
  RawClient takes_nothing(house.path());
  takes_nothing.say(kStatusRequest);
  house.wait_for_clients(0);
}

TEST(ControlServerTest, LongCommandIsNotIdle) {
  ControlLimits limits;
  limits.idle = std::chrono::milliseconds(50);
  House house(limits);
  std::promise<std::pair<Call, Done>> called;
  house.handler().script([&](Call call, Done done) { called.set_value({std::move(call), std::move(done)}); });
  RawClient waiting(house.path());
  waiting.say(kStatusRequest);
  auto [call, done] = called.get_future().get();
  call.progress("{}");
  EXPECT_EQ(waiting.hear_line(), "{\"progress\":{}}\n");
  RawClient silent(house.path());
  EXPECT_TRUE(silent.at_end());  // its deadline began later than the other's would have
  done({0, R"({"state":"ok"})", {}});
  EXPECT_EQ(waiting.hear_line(), kGoodAnswer);
}

// --- coming and going ----------------------------------------------------------------------------------------------

TEST(ControlServerTest, SocketIsForOwnerAndGroupWhateverTheUmask) {
  for (const mode_t mask : {0U, 022U, 077U}) {
    const auto before = ::umask(mask);
    House house;
    ::umask(before);
    struct stat found {};
    ASSERT_EQ(::stat(house.path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0660U);
  }
}

TEST(ControlServerTest, MakesTheFolderAndRemovesTheSocket) {
  TemporaryFolder folder;
  FakeHandler handler;
  MainLoop loop;
  const auto path = folder.file("run/nestbox/control.sock");
  auto server = loop.on_loop([&] { return ControlServer::open(loop.context(), {path}, handler); });
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ((*server)->path(), path);
  EXPECT_TRUE(std::filesystem::is_socket(path));
  loop.on_loop([&] { server->reset(); });
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ControlServerTest, SocketOfADeadDaemonIsReplaced) {
  TemporaryFolder folder;
  FakeHandler handler;
  MainLoop loop;
  const auto path = folder.file("control.sock");
  {
    const auto dead = stream_socket();
    ASSERT_EQ(with_address(::bind, dead.get(), path), 0);
    ASSERT_EQ(::listen(dead.get(), 1), 0);
  }
  ASSERT_TRUE(std::filesystem::is_socket(path));
  auto server = loop.on_loop([&] { return ControlServer::open(loop.context(), {path}, handler); });
  ASSERT_TRUE(server) << server.error().message;
  RawClient client(path);
  client.say(kStatusRequest);
  EXPECT_THAT(client.hear_line(), StartsWith("{\"exit\":0"));
  loop.on_loop([&] { server->reset(); });
}

TEST(ControlServerTest, SocketOfALivingDaemonIsLeftAlone) {
  House house;
  FakeHandler handler;
  MainLoop loop;
  const auto second = loop.on_loop([&] { return ControlServer::open(loop.context(), {house.path()}, handler); });
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(second.error().message, StartsWith("another nestboxd answers on " + house.path()));
  RawClient client(house.path());
  client.say(kStatusRequest);
  EXPECT_THAT(client.hear_line(), StartsWith("{\"exit\":0"));
}

TEST(ControlServerTest, ReplacedSocketOfAnotherIsNotRemoved) {
  House first;
  ASSERT_TRUE(std::filesystem::remove(first.path()));
  std::ofstream(first.path()) << "somebody else's";
  first.stop();
  EXPECT_TRUE(std::filesystem::exists(first.path()));
}

TEST(ControlServerTest, OtherFilesAndImpossiblePathsAreRefused) {
  TemporaryFolder folder;
  FakeHandler handler;
  MainLoop loop;
  const auto open = [&](const std::string& path) {
    return loop.on_loop([&] { return ControlServer::open(loop.context(), {path}, handler); });
  };
  std::ofstream(folder.file("notes.txt")) << "precious";
  const auto over_file = open(folder.file("notes.txt"));
  ASSERT_FALSE(over_file);
  EXPECT_EQ(over_file.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(over_file.error().message, HasSubstr("is not a socket"));
  EXPECT_EQ(std::filesystem::file_size(folder.file("notes.txt")), 8U);

  const auto too_long = open(folder.file(std::string(120, 'x')));
  ASSERT_FALSE(too_long);
  EXPECT_EQ(too_long.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(too_long.error().message, HasSubstr("at most 107 characters"));

  EXPECT_FALSE(open(""));
  const auto under_file = open(folder.file("notes.txt/control.sock"));
  ASSERT_FALSE(under_file);
  EXPECT_EQ(under_file.error().kind, ErrorKind::kUnavailable);
}

TEST(ControlServerTest, AnswersThatComeAfterTheServerIsGoneAreHarmless) {
  auto house = std::make_unique<House>();
  std::promise<std::pair<Call, Done>> called;
  house->handler().script([&](Call call, Done done) { called.set_value({std::move(call), std::move(done)}); });
  RawClient client(house->path());
  client.say(kStatusRequest);
  {
    auto [call, done] = called.get_future().get();
    house->stop();
    EXPECT_TRUE(client.at_end());
    EXPECT_EQ(call.progress("{}"), Asker::kGone);
    done({0, "{}", {}});
  }
  house.reset();
}

}  // namespace
}  // namespace nestbox::tune
