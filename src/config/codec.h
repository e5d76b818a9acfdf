#pragma once
/// How one type of value is read from a node, written back as a node, and described to people.
#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nestbox/config/config_error.h"
#include "nestbox/config/settings.h"
#include "node.h"
#include "scalars.h"

namespace nestbox::config {

/// Takes the complaints about one value; knows its key path.
class Reading {
 public:
  Reading(std::string key, std::vector<ConfigError>& errors) : key_(std::move(key)), errors_(errors) {}
  /// For a part of the value: below(".url"), below("[2]").
  Reading below(const std::string& suffix) const { return {key_ + suffix, errors_}; }
  const std::string& key() const { return key_; }
  void complain(const Node& at, std::string message, std::string allowed, std::string nearest = "") const {
    complain(ConfigErrorCode::kBadValue, at.where, std::move(message), std::move(allowed), std::move(nearest));
  }
  void complain(ConfigErrorCode code, const Where& where, std::string message, std::string allowed,
                std::string nearest) const {
    errors_.push_back({code, where.text(), key_, std::move(message), std::move(allowed), std::move(nearest)});
  }
  void take(ConfigError error) const { errors_.push_back(std::move(error)); }

 private:
  std::string key_;
  std::vector<ConfigError>& errors_;
};

enum class Form : std::uint8_t {
  kValue,
  kText,  ///< any words: a --set whose value is no YAML scalar is taken as it stands
};

/// read() leaves `out` alone when it complains, or at least in a state that nobody uses: a load with complaints fails.
template <class T>
struct Codec {
  std::string allowed;  ///< "a whole number, 1 to 120"
  std::function<void(const Node& node, T& out, const Reading& reading)> read;
  std::function<Node(const T&)> write;
  Form form = Form::kValue;
};

Codec<int> integer(int min, int max);
Codec<int> even_integer(int min, int max);
/// One of a few numbers.
Codec<int> choice(const std::vector<int>& values);
Codec<double> real(double min, double max);
Codec<bool> boolean();
Codec<milliseconds> duration(milliseconds min, milliseconds max);
/// Like duration; 0 as well, which means what `zero_means` says.
Codec<milliseconds> duration_or_zero(milliseconds min, milliseconds max, const std::string& zero_means);
/// Of either sign, up to `max` each way.
Codec<milliseconds> signed_duration(milliseconds max);
Codec<double> lux(double min, double max);
Codec<std::int64_t> rate(std::int64_t min_bps, std::int64_t max_bps);
/// A share in (0, 1], written in per cent.
Codec<double> share(double min, double max);
Codec<std::int64_t> size(std::int64_t min_bytes, std::int64_t max_bytes);
/// Like size; 0 as well, which means what `zero_means` says.
Codec<std::int64_t> size_or_zero(std::int64_t min_bytes, std::int64_t max_bytes, const std::string& zero_means);
/// A time of day by the clock or by the sun: "22:00", dawn-10m.
Codec<DayMoment> day_moment();
/// In the order of SunEvent.
inline constexpr const char* kSunEvents[] = {"dawn", "sunrise", "sunset", "dusk"};
Codec<std::string> word(const std::vector<std::string>& words);
/// The values of an enumeration, by their names in its order.
template <class Enum>
Codec<Enum> one_of(const std::vector<std::string>& names) {
  const auto words = word(names);
  return {words.allowed,
          [=](const Node& node, Enum& out, const Reading& reading) {
            auto text = names[static_cast<std::size_t>(out)];
            words.read(node, text, reading);
            out = static_cast<Enum>(std::find(names.begin(), names.end(), text) - names.begin());
          },
          [=](const Enum& value) { return text_node(names[static_cast<std::size_t>(value)]); }};
}

Codec<Point> point();
Codec<Rect> rect();

/// Free text of one line. `problem` says what is wrong with it, or nothing.
struct TextProblem {
  std::string message;
  ConfigErrorCode code = ConfigErrorCode::kBadValue;
  bool repeat_value = true;  ///< whether the error may show the text
};
/// Of a text that is to be an absolute path, or empty.
std::optional<TextProblem> no_absolute_path(const std::string& path);
using TextCheck = std::function<std::optional<TextProblem>(const std::string&)>;
Codec<std::string> text(const std::string& allowed, const TextCheck& problem);

/// "auto" or "null" for nothing.
template <class T>
Codec<std::optional<T>> optional(const std::string& none, Codec<T> some) {
  const bool is_word = none != "null";
  const auto allowed = none + ", or " + some.allowed;
  return {allowed,
          [=](const Node& node, std::optional<T>& out, const Reading& reading) {
            if (is_word ? node.is_scalar() && node.text == none : node.is_null()) {
              out.reset();
              return;
            }
            auto value = out.value_or(T{});
            std::vector<ConfigError> errors;
            some.read(node, value, Reading(reading.key(), errors));
            if (errors.empty()) out = value;
            for (auto& error : errors) {
              if (error.allowed == some.allowed) error.allowed = allowed;
              reading.take(std::move(error));
            }
          },
          [=](const std::optional<T>& value) {
            if (value) return some.write(*value);
            return is_word ? text_node(none) : Node{};
          },
          some.form};
}

/// A list of `min` to `max` values.
template <class T>
Codec<std::vector<T>> list(const std::string& of_what, Codec<T> item, std::size_t min, std::size_t max) {
  const auto& allowed = of_what;
  return {allowed,
          [=](const Node& node, std::vector<T>& out, const Reading& reading) {
            if (!node.is_list()) return reading.complain(node, "is not a list", allowed);
            if (node.items.size() < min || node.items.size() > max) {
              return reading.complain(node, "has " + std::to_string(node.items.size()) + " entries", allowed);
            }
            std::vector<T> values(node.items.size());
            for (std::size_t i = 0; i < values.size(); ++i) {
              item.read(node.items[i], values[i], reading.below("[" + std::to_string(i) + "]"));
            }
            out = std::move(values);
          },
          [=](const std::vector<T>& values) {
            std::vector<Node> items;
            for (const auto& value : values) items.push_back(item.write(value));
            return list_node(std::move(items));
          }};
}

}  // namespace nestbox::config
