#include "nestbox/rules/password_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nestbox {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(PasswordRule, WordsAndMixturesAreGood) {
  for (const auto* good : {"owl in the oak", "Eulenkasten-Garten", "k7#pQ2x!", "483920175566", "vögel im baum",
                           "nestboxes are fine", "passwordless entry", "raspberry jam"})
    EXPECT_EQ(password_problem(good, "owl-box"), std::nullopt) << good;
}

TEST(PasswordRule, WeakOnesAreToldWhatIsWeak) {
  const auto problem = [](const char* password) { return password_problem(password, "robins").value_or("none"); };
  EXPECT_THAT(problem(""), HasSubstr("at least 8"));
  EXPECT_THAT(problem("k7#pQ2x"), HasSubstr("at least 8"));
  EXPECT_THAT(problem("äöüäöüß"), HasSubstr("at least 8")) << "seven characters, in more bytes";
  EXPECT_THAT(problem("aaaaaaaaaaaa"), HasSubstr("different characters"));
  EXPECT_THAT(problem("abcabcabcabc"), HasSubstr("different characters"));
  EXPECT_THAT(problem("19841231"), HasSubstr("digits alone"));
  EXPECT_THAT(problem("password"), HasSubstr("anybody would try"));
  EXPECT_THAT(problem("Nestbox2026!"), HasSubstr("anybody would try"));
  EXPECT_THAT(problem("robins-2026"), HasSubstr("name of the box"));
  EXPECT_THAT(problem("tab\tbetween"), HasSubstr("control character"));
  EXPECT_THAT(password_problem(std::string(1025, 'x') + "abcd", "").value_or(""), HasSubstr("too long"));
}

TEST(PasswordRule, NeverRepeatsThePassword) {
  for (const auto* weak : {"canary", "canary\n\ncanary", "canarycanary"})
    EXPECT_THAT(password_problem(weak, "canary").value_or(""), Not(HasSubstr("canary"))) << weak;
}

}  // namespace
}  // namespace nestbox
