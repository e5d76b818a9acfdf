#include "nestbox/rules/password_rule.h"
#include "nestbox/base/text.h"

#include <algorithm>
#include <array>
#include <set>

namespace nestbox {
namespace {

// With these every list of guesses begins. Shorter ones are refused by their length.
constexpr std::array<std::string_view, 12> kGuessedFirst = {"password", "passwort",   "passw0rd", "raspberry",
                                                            "nestbox",  "qwertyuiop", "iloveyou", "sunshine",
                                                            "football", "letmein",    "welcome",  "admin"};

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// "password", "Password1", "nestbox2026": a word that everybody tries, with digits and signs behind it.
bool is_word_with_trimmings(const std::string& lower, std::string_view word) {
  return !word.empty() && lower.starts_with(word) &&
         std::none_of(lower.begin() + static_cast<std::ptrdiff_t>(word.size()), lower.end(),
                      [](char c) { return c >= 'a' && c <= 'z'; });
}

}  // namespace

std::optional<std::string> password_problem(std::string_view password, std::string_view box_name) {
  if (characters(password) < kPasswordCharactersMin)
    return "the password is too short: at least 8 characters, and better three or four words";
  if (password.size() > kPasswordBytesMax) return "the password is too long: at most 1024 characters";
  if (std::any_of(password.begin(), password.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }))
    return "the password has a control character in it, which nobody could type into the page";
  if (std::set<char>(password.begin(), password.end()).size() < 4)
    return "the password is too weak: it has fewer than 4 different characters";
  if (std::all_of(password.begin(), password.end(), is_digit) && password.size() < 12)
    return "the password is too weak: digits alone are guessed soon; add letters, or take at least 12 digits";
  const auto lower = lower_case(password);
  const bool guessed = std::any_of(kGuessedFirst.begin(), kGuessedFirst.end(),
                                   [&](auto word) { return is_word_with_trimmings(lower, word); });
  if (guessed) return "the password is too weak: it is among the first that anybody would try";
  if (is_word_with_trimmings(lower, lower_case(box_name)))
    return "the password is too weak: it is the name of the box, which stands on the picture";
  return std::nullopt;
}

}  // namespace nestbox
