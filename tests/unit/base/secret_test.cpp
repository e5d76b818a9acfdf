#include "nestbox/base/secret.h"

#include <gtest/gtest.h>

#include <cstring>
#include <new>
#include <thread>
#include <type_traits>
#include <vector>

namespace nestbox {
namespace {

TEST(Redacted, LeavesTextWithoutSecretsAsItIs) {
  EXPECT_EQ(redacted(""), "");
  EXPECT_EQ(redacted("rtmp://a.example/live2 100% \xc3\xa9 %zz %4"), "rtmp://a.example/live2 100% \xc3\xa9 %zz %4");
}

TEST(Redacted, HidesASecretWhereverItStands) {
  const Secret key("abcd-1234-key");
  EXPECT_EQ(redacted("abcd-1234-key"), "***");
  EXPECT_EQ(redacted("open rtmp://host/live2/abcd-1234-key: refused"), "open rtmp://host/live2/***: refused");
  EXPECT_EQ(redacted("abcd-1234-key and abcd-1234-key"), "*** and ***");
  EXPECT_EQ(redacted("abcd-1234-ke"), "abcd-1234-ke");
  EXPECT_EQ(redacted("xabcd-1234-keyx"), "x***x");
}

TEST(Redacted, HidesPercentEncodedFormsOfAnyKind) {
  const Secret key("FB-1/2?s_bl=1&s=\xc3\xa9");
  EXPECT_EQ(redacted("k=FB-1/2?s_bl=1&s=\xc3\xa9;"), "k=***;");
  EXPECT_EQ(redacted("k=FB-1%2F2%3Fs_bl%3D1%26s%3D%C3%A9;"), "k=***;");
  EXPECT_EQ(redacted("k=FB-1%2f2%3fs_bl%3d1%26s%3d%c3%a9;"), "k=***;") << "small digits";
  EXPECT_EQ(redacted("k=FB-1/2%3Fs_bl=1%26s=%C3%A9;"), "k=***;") << "only some characters encoded";
  EXPECT_EQ(redacted("k=%46%42-1/2?s_bl=1&s=\xc3\xa9;"), "k=***;") << "characters encoded that need not be";
}

TEST(Redacted, APercentSignInAKeyIsAPercentSign) {
  const Secret key("100%25%");
  EXPECT_EQ(redacted("<100%25%>"), "<***>");
  EXPECT_EQ(redacted("<100%2525%25>"), "<***>");
}

TEST(Redacted, HidesKeysThatContainOrOverlapEachOther) {
  const Secret inner("inner");
  const Secret outer("the-inner-key");
  EXPECT_EQ(redacted("the-inner-key"), "***");
  EXPECT_EQ(redacted("an inner one"), "an *** one");
  const Secret left("abcdef");
  const Secret right("defghi");
  EXPECT_EQ(redacted("1abcdefghi2"), "1***2") << "neither may show its end";
  const Secret repeated("aaaa");
  EXPECT_EQ(redacted("aaaaaa"), "***");
}

TEST(Redacted, ShortTextsWouldTurnEveryLineIntoStars) {
  const Secret abc("abc");
  EXPECT_EQ(redacted("abc"), "abc");
  const Secret abcd("abcd");
  EXPECT_EQ(redacted("abcd"), "***");
  const Secret nothing("");
  EXPECT_EQ(redacted("x"), "x");
}

TEST(Redacted, HidesForAsLongAsAnyHolderLives) {
  auto first = std::make_unique<Secret>("only-while-alive");
  auto copy = std::make_unique<Secret>(*first);
  auto second = std::make_unique<Secret>("only-while-alive");
  first.reset();
  EXPECT_EQ(redacted("only-while-alive"), "***");
  const Secret moved(std::move(*copy));
  copy.reset();
  second.reset();
  EXPECT_EQ(redacted("only-while-alive"), "***");
  EXPECT_EQ(moved.reveal(), "only-while-alive");
}

TEST(Redacted, ForgetsWithTheLastHolder) {
  {
    const Secret key("short-lived");
    EXPECT_EQ(redacted("short-lived"), "***");
  }
  EXPECT_EQ(redacted("short-lived"), "short-lived");
}

TEST(Redacted, IsSafeWhileSecretsComeAndGo) {
  const Secret lasting("lasting-secret");
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 500; ++i) {
        const Secret own("secret-of-" + std::to_string(t));
        EXPECT_EQ(redacted("lasting-secret secret-of-" + std::to_string(t)), "*** ***");
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(Secret, AssignmentReplacesAndForgets) {
  Secret key("first-value");
  key = Secret("second-value");
  EXPECT_EQ(key.reveal(), "second-value");
  EXPECT_EQ(redacted("first-value second-value"), "first-value ***");
  const auto& same = key;
  key = same;
  EXPECT_EQ(key.reveal(), "second-value");
  EXPECT_EQ(redacted("second-value"), "***");
  key = Secret();
  EXPECT_TRUE(key.empty());
  EXPECT_EQ(redacted("second-value"), "second-value");
}

bool memory_holds(const unsigned char* memory, std::size_t bytes, const char* text) {
  return memmem(memory, bytes, text, std::strlen(text)) != nullptr;
}

// A short text lives inside of the std::string object itself, where moving leaves it behind.
TEST(Secret, AMovedFromSecretIsEmptyAndWiped) {
  alignas(Secret) unsigned char storage[sizeof(Secret)] = {};
  auto* const from = new (storage) Secret("abc123key");
  ASSERT_TRUE(memory_holds(storage, sizeof storage, "bc123key"));
  const Secret to(std::move(*from));
  EXPECT_TRUE(from->empty());
  EXPECT_FALSE(memory_holds(storage, sizeof storage, "bc123key"));
  EXPECT_EQ(to.reveal(), "abc123key");
  from->~Secret();
  EXPECT_EQ(redacted("abc123key"), "***") << "the death of a moved-from secret is not the secret's";
}

TEST(Secret, AMovedFromLongSecretIsEmpty) {
  const std::string text(200, 'k');
  Secret from(text);
  const Secret to(std::move(from));
  EXPECT_TRUE(from.empty());  // NOLINT(bugprone-use-after-move): what is left behind is the point
  EXPECT_EQ(to.reveal(), text);
}

TEST(Secret, CannotBePrinted) {
  EXPECT_FALSE((std::is_convertible_v<Secret, std::string>));
  EXPECT_FALSE((std::is_convertible_v<Secret, std::string_view>));
  EXPECT_FALSE((std::is_convertible_v<std::string, Secret>)) << "a secret is made on purpose";
}

TEST(Wipe, OverwritesEveryByte) {
  char memory[] = "secret";
  wipe(memory, 6);
  EXPECT_EQ(std::string(memory, 6), std::string(6, '\0'));
}

}  // namespace
}  // namespace nestbox
