#include "nestbox/rules/trigger_expression.h"

#include <algorithm>
#include <string>

#include "nestbox/base/text.h"

namespace nestbox {

std::string_view trigger_name(Trigger trigger) noexcept {
  switch (trigger) {
    case Trigger::kMotion:
      return "motion";
    case Trigger::kPir:
      return "pir";
    case Trigger::kLid:
      return "lid";
    case Trigger::kButton:
      return "button";
  }
  return "unknown";
}

/// Reads from left to right, and works out on the way for which sets of triggers the expression holds:
///
///     either = both {"or" both}      both = one {"and" one}      one = {"not"} (NAME | "(" either ")")
class TriggerParser {
 public:
  explicit TriggerParser(std::string_view text) : text_(text) { next(); }

  Result<TriggerExpression> parse() {
    const auto truth = either(0);
    if (!truth) return tl::unexpected(truth.error());
    if (!word_.empty()) return unexpected("and, or, or the end");
    if (*truth == 0 || *truth == kAlways) {
      return fail(ErrorKind::kInvalidArgument,
                  std::string("it ") + (*truth == 0 ? "never" : "always") +
                      " holds, whichever triggers are active: no visit would begin or end");
    }
    return TriggerExpression(*truth, mentioned_);
  }

 private:
  using Truth = TriggerExpression::Truth;
  static constexpr auto kAlways = static_cast<Truth>(~Truth{0});

  static bool is_space(char c) { return c == ' ' || c == '\t'; }
  static bool ends_word(char c) { return is_space(c) || c == '(' || c == ')'; }

  /// Puts what stands next into word_: a word, a parenthesis, or nothing at the end.
  void next() {
    at_ += word_.size();
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    const auto rest = text_.substr(at_);
    const auto length = static_cast<std::size_t>(std::find_if(rest.begin(), rest.end(), ends_word) - rest.begin());
    word_ = rest.substr(0, std::max<std::size_t>(length, rest.empty() ? 0 : 1));
  }
  bool take(std::string_view word) {
    if (lower_case(word_) != word) return false;
    next();
    return true;
  }

  /// Where word_ begins, counted in characters of UTF-8 from 1.
  std::string place() const {
    const auto before = text_.substr(0, at_);
    const auto characters = std::count_if(before.begin(), before.end(), [](char c) { return (c & 0xC0) != 0x80; });
    return std::to_string(characters + 1);
  }
  /// word_ as an error may show it.
  std::string shown() const {
    constexpr std::size_t kShown = 24;
    std::string shown(word_.substr(0, kShown));
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return shown;
  }
  tl::unexpected<Error> unexpected(std::string_view allowed) const {
    const auto what = word_.empty() ? std::string("ends") : "has \"" + shown() + "\"";
    return fail(ErrorKind::kInvalidArgument,
                "it " + what + " at character " + place() + ", where " + std::string(allowed) + " may stand");
  }

  Result<Truth> either(int depth) {
    auto truth = both(depth);
    while (truth && take("or")) {
      const auto right = both(depth);
      truth = right ? Result<Truth>(static_cast<Truth>(*truth | *right)) : right;
    }
    return truth;
  }

  Result<Truth> both(int depth) {
    auto truth = one(depth);
    while (truth && take("and")) {
      const auto right = one(depth);
      truth = right ? Result<Truth>(static_cast<Truth>(*truth & *right)) : right;
    }
    return truth;
  }

  Result<Truth> one(int depth) {
    Truth turned = 0;
    while (take("not")) turned = static_cast<Truth>(~turned);
    auto truth = word_ == "(" ? in_parentheses(depth) : name();
    if (!truth) return truth;
    return static_cast<Truth>(*truth ^ turned);
  }

  Result<Truth> in_parentheses(int depth) {
    if (depth == TriggerExpression::kDepthMax) {
      return fail(ErrorKind::kInvalidArgument,
                  "more than " + std::to_string(depth) + " parentheses stand in each other at character " + place());
    }
    next();
    auto truth = either(depth + 1);
    if (truth && !take(")")) return unexpected("and, or, or \")\"");
    return truth;
  }

  Result<Truth> name() {
    for (const auto trigger : kEveryTrigger) {
      if (!take(trigger_name(trigger))) continue;
      mentioned_.add(trigger);
      Truth truth = 0;
      for (unsigned set = 0; set < 8 * sizeof(Truth); ++set) {
        if ((set & TriggerSet{trigger}.bits()) != 0) truth = static_cast<Truth>(truth | (1U << set));
      }
      return truth;
    }
    return unexpected("motion, pir, lid, button, not or \"(\"");
  }

  std::string_view text_;
  std::size_t at_ = 0;     ///< where word_ begins
  std::string_view word_;  ///< what stands next
  TriggerSet mentioned_;
};

Result<TriggerExpression> TriggerExpression::parse(std::string_view text) {
  if (text.size() > kLengthMax) {
    return fail(ErrorKind::kInvalidArgument, "it is longer than " + std::to_string(kLengthMax) + " characters");
  }
  return TriggerParser(text).parse();
}

}  // namespace nestbox
