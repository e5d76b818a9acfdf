/// The built `nestbox` on a terminal: what it shows, and above all what it does not.
#include "terminal.h"

#include <gmock/gmock.h>

#include "harness.h"

namespace nestbox::tune {
namespace {

using testing::HasSubstr;
using testing::Not;

class TerminalTest : public testing::Test {
 protected:
  std::unique_ptr<Terminal> nestbox(std::vector<std::string> words, std::vector<std::string> environment = {}) {
    words.insert(words.begin(), {"--socket", house_.path()});
    environment.push_back("TERM=xterm");
    return std::make_unique<Terminal>(std::move(words), std::move(environment));
  }
  House house_;
};

constexpr auto kPrompt = "Key for youtube (it is not shown): ";

TEST_F(TerminalTest, KeyIsReadWithoutEcho) {
  auto terminal = nestbox({"key", "set", "youtube"});
  terminal->wait_for(kPrompt);
  EXPECT_FALSE(terminal->echoes());
  terminal->type("abcd-efgh-1234\n");
  const auto run = terminal->finish();
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_TRUE(terminal->echoes());
  EXPECT_EQ(run.out, std::string(kPrompt) + "\r\nThe key youtube is stored; only the daemon can read it.\r\n");
  EXPECT_EQ(house_.handler().asked().back().secret.reveal(), "abcd-efgh-1234");
}

TEST_F(TerminalTest, CtrlCRestoresTheEchoAndSendsNothing) {
  auto terminal = nestbox({"key", "set", "youtube"});
  terminal->wait_for(kPrompt);
  terminal->type("abcd\x03");
  const auto run = terminal->finish();
  EXPECT_EQ(run.signal, SIGINT) << "a script around it must see that it was interrupted";
  EXPECT_TRUE(terminal->echoes());
  EXPECT_THAT(run.out, Not(HasSubstr("abcd")));
  EXPECT_TRUE(house_.handler().asked().empty());
}

TEST_F(TerminalTest, BeingKilledRestoresTheEcho) {
  for (const int number : {SIGTERM, SIGHUP, SIGQUIT}) {
    auto terminal = nestbox({"key", "set", "youtube"});
    terminal->wait_for(kPrompt);
    ASSERT_EQ(::kill(terminal->job(), number), 0);
    EXPECT_EQ(terminal->finish().signal, number);
    EXPECT_TRUE(terminal->echoes());
  }
}

TEST_F(TerminalTest, CtrlZRestoresTheEchoAndFgAsksAgain) {
  auto terminal = nestbox({"key", "set", "youtube"});
  terminal->wait_for(kPrompt);
  terminal->type("\x1a");
  terminal->wait_for("[stopped]");
  EXPECT_TRUE(terminal->echoes());
  terminal->foreground();
  terminal->wait_for(kPrompt);
  EXPECT_FALSE(terminal->echoes());
  terminal->type("abcd-efgh-1234\n");
  EXPECT_EQ(terminal->finish().exit_status, 0);
  EXPECT_TRUE(terminal->echoes());
  EXPECT_EQ(house_.handler().asked().size(), 1U);
}

TEST_F(TerminalTest, EndOfInputAtThePromptChangesNothing) {
  auto terminal = nestbox({"key", "set", "youtube"});
  terminal->wait_for(kPrompt);
  terminal->type("\x04");
  const auto run = terminal->finish();
  EXPECT_EQ(run.exit_status, 2);
  EXPECT_THAT(run.out, HasSubstr("no key was given"));
  EXPECT_TRUE(terminal->echoes());
}

TEST_F(TerminalTest, ColoursOnlyWhereTheyAreWanted) {
  house_.handler().answer_with({0, R"({"name":"kestrel","state":"ok"})", {}});
  EXPECT_THAT(nestbox({"status"})->finish().out, HasSubstr("\033[32mok\033[0m"));
  EXPECT_THAT(nestbox({"status"}, {"NO_COLOR=1"})->finish().out, Not(HasSubstr("\033")));
  EXPECT_THAT(nestbox({"status"}, {"NO_COLOR="})->finish().out, HasSubstr("\033"));
}

TEST_F(TerminalTest, PictureIsNotThrownAtTheTerminal) {
  auto terminal = nestbox({"snapshot", "-o", "-"});
  const auto run = terminal->finish();
  EXPECT_EQ(run.exit_status, 2);
  EXPECT_THAT(run.out, HasSubstr("would garble this terminal"));
}

TEST_F(TerminalTest, LiveTestCountsOnOneLine) {
  house_.handler().script([](const Call& call, const FakeHandler::Done& done) {
    call.progress(R"({"seconds":3,"state":"sending","throughput_bps":2900000})");
    done({0, R"({"verdict":"sending"})", {}});
  });
  const auto run = nestbox({"live", "test"})->finish();
  EXPECT_EQ(run.exit_status, 0);
  EXPECT_THAT(run.out, HasSubstr("\r\033[K  3 s  sending 2.9 Mbit/s\r\033[K"));
  EXPECT_THAT(run.out, HasSubstr("The server takes the stream; check Studio."));
}

}  // namespace
}  // namespace nestbox::tune
