#include "codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace nestbox::config {
namespace {

/// A codec for values that stand in one scalar.
template <class T, class Parse, class Print>
Codec<T> scalar(std::string allowed, const std::string& what, Parse parse, Print print,
                std::function<bool(const T&)> fits) {
  return {allowed,
          [=](const Node& node, T& out, const Reading& reading) {
            if (!node.is_scalar()) {
              return reading.complain(node, node.is_null() ? "has no value" : fmt::format("is not {}", what), allowed);
            }
            const std::optional<T> value = parse(node.text);
            if (!value) return reading.complain(node, fmt::format("{} is not {}", echo(node.text), what), allowed);
            if (!fits(*value)) return reading.complain(node, fmt::format("{} is out of range", node.text), allowed);
            out = *value;
          },
          print};
}

std::optional<int> parse_int(std::string_view text) {
  const auto value = parse_integer(text);
  if (!value || *value > 1'000'000'000 || *value < -1'000'000'000) return std::nullopt;
  return static_cast<int>(*value);
}

Node print_int(int value) {
  return bare_node(std::to_string(value));
}
Node print_duration_node(milliseconds value) {
  return text_node(print_duration(value));
}

constexpr milliseconds kFromSunMax = std::chrono::hours(6);

std::optional<DayMoment> parse_day_moment(std::string_view text) {
  if (const auto clock = parse_clock(text)) return DayMoment(*clock);
  const auto sign = std::min(text.find_first_of("+-"), text.size());
  const auto* const event = std::find(std::begin(kSunEvents), std::end(kSunEvents), text.substr(0, sign));
  const auto offset = sign == text.size() ? std::optional(milliseconds(0)) : parse_signed_duration(text.substr(sign));
  if (event == std::end(kSunEvents) || !offset) return std::nullopt;
  return DayMoment(static_cast<SunEvent>(event - std::begin(kSunEvents)), *offset);
}

std::string print_day_moment(const DayMoment& moment) {
  if (!moment.sun) return print_clock(moment.clock);
  std::string event = kSunEvents[static_cast<std::size_t>(*moment.sun)];
  if (moment.offset.count() == 0) return event;
  return event + (moment.offset.count() > 0 ? "+" : "") + print_signed_duration(moment.offset);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " | ") + word;
  return text;
}

/// Numbers in [0, 1], in a list of exactly `count`; empty when it complained.
std::vector<double> read_shares(const Node& node, std::size_t count, const Reading& reading,
                                const std::string& allowed) {
  std::vector<double> shares;
  if (!node.is_list() || node.items.size() != count) {
    reading.complain(node, fmt::format("is not a list of {} numbers", count), allowed);
    return {};
  }
  for (const auto& item : node.items) {
    const auto share = item.is_scalar() ? parse_real(item.text) : std::nullopt;
    if (!share || *share < 0 || *share > 1) {
      reading.complain(item,
                       item.is_scalar() ? fmt::format("{} is not a number from 0 to 1", echo(item.text))
                                        : "is not a number from 0 to 1",
                       allowed);
      return {};
    }
    shares.push_back(*share);
  }
  return shares;
}

Node write_shares(std::initializer_list<double> shares) {
  std::vector<Node> items;
  for (const double share : shares) items.push_back(bare_node(fmt::format("{}", share)));
  return list_node(std::move(items));
}

}  // namespace

Codec<int> integer(int min, int max) {
  return scalar<int>(fmt::format("a whole number, {} to {}", min, max), "a whole number", parse_int, print_int,
                     [=](int value) { return value >= min && value <= max; });
}

Codec<int> even_integer(int min, int max) {
  const auto allowed = fmt::format("a whole even number, {} to {}", min, max);
  auto codec = scalar<int>(allowed, "a whole number", parse_int, print_int,
                           [=](int value) { return value >= min && value <= max; });
  codec.read = [=, any = codec.read](const Node& node, int& out, const Reading& reading) {
    int value = 0;
    any(node, value, reading);
    if (value % 2 != 0) return reading.complain(node, fmt::format("{} is odd", value), allowed);
    if (value != 0) out = value;  // 0 is out of range: any() complained
  };
  return codec;
}

Codec<int> choice(const std::vector<int>& values) {
  std::vector<std::string> words;
  for (const int value : values) words.push_back(std::to_string(value));
  return scalar<int>(joined(words), "a whole number", parse_int, print_int,
                     [=](int value) { return std::find(values.begin(), values.end(), value) != values.end(); });
}

Codec<double> real(double min, double max) {
  return scalar<double>(
      fmt::format("a number, {} to {}", min, max), "a number", parse_real,
      [](double value) { return bare_node(print_real(value)); },
      [=](double value) { return value >= min && value <= max; });
}

Codec<bool> boolean() {
  return scalar<bool>(
      "true | false", "true or false", parse_boolean, [](bool value) { return bare_node(value ? "true" : "false"); },
      [](bool) { return true; });
}

Codec<milliseconds> duration(milliseconds min, milliseconds max) {
  return scalar<milliseconds>(fmt::format("a duration such as 500ms, 10s, 5m or 1h30m, from {} to {}",
                                          print_duration(min), print_duration(max)),
                              "a duration", parse_duration, print_duration_node,
                              [=](milliseconds value) { return value >= min && value <= max; });
}

Codec<milliseconds> duration_or_zero(milliseconds min, milliseconds max, const std::string& zero_means) {
  return scalar<milliseconds>(fmt::format("a duration such as 30m, 8h or 11h50m, from {} to {}; or 0: {}",
                                          print_duration(min), print_duration(max), zero_means),
                              "a duration", parse_duration, print_duration_node,
                              [=](milliseconds value) { return value.count() == 0 || (value >= min && value <= max); });
}

Codec<milliseconds> signed_duration(milliseconds max) {
  return scalar<milliseconds>(
      fmt::format("a duration such as 20m or -20m, from {} to {}", print_signed_duration(-max), print_duration(max)),
      "a duration", parse_signed_duration, [](milliseconds value) { return text_node(print_signed_duration(value)); },
      [=](milliseconds value) { return value >= -max && value <= max; });
}

Codec<double> lux(double min, double max) {
  return scalar<double>(
      fmt::format("an illuminance such as 5 lx, from {} to {}", print_lux(min), print_lux(max)), "an illuminance",
      parse_lux, [](double value) { return text_node(print_lux(value)); },
      [=](double value) { return value >= min && value <= max; });
}

Codec<std::int64_t> rate(std::int64_t min_bps, std::int64_t max_bps) {
  return scalar<std::int64_t>(
      fmt::format("a bit rate such as 2500k or 4M (bits a second), from {} to {}", print_rate(min_bps),
                  print_rate(max_bps)),
      "a bit rate", parse_rate, [](std::int64_t value) { return text_node(print_rate(value)); },
      [=](std::int64_t value) { return value >= min_bps && value <= max_bps; });
}

Codec<double> share(double min, double max) {
  return scalar<double>(
      fmt::format("a share such as 0.2% or 10%, from {} to {}", print_share(min), print_share(max)), "a share",
      parse_share, [](double value) { return text_node(print_share(value)); },
      [=](double value) { return value >= min && value <= max; });
}

Codec<std::int64_t> size(std::int64_t min_bytes, std::int64_t max_bytes) {
  return scalar<std::int64_t>(
      fmt::format("a size such as 200M or 2G (bytes), from {} to {}", print_size(min_bytes), print_size(max_bytes)),
      "a size", parse_size, [](std::int64_t value) { return text_node(print_size(value)); },
      [=](std::int64_t value) { return value >= min_bytes && value <= max_bytes; });
}

Codec<std::int64_t> size_or_zero(std::int64_t min_bytes, std::int64_t max_bytes, const std::string& zero_means) {
  const auto some = size(min_bytes, max_bytes);
  return scalar<std::int64_t>(
      fmt::format("{}; or 0: {}", some.allowed, zero_means), "a size", parse_size, some.write,
      [=](std::int64_t value) { return value == 0 || (value >= min_bytes && value <= max_bytes); });
}

Codec<DayMoment> day_moment() {
  return scalar<DayMoment>(
      fmt::format(
          "a time of day such as \"22:00\", or dawn, sunrise, sunset or dusk, also as dawn-10m or dusk+1h, up to "
          "{} away",
          print_duration(kFromSunMax)),
      "a time of day", parse_day_moment, [](const DayMoment& value) { return text_node(print_day_moment(value)); },
      [](const DayMoment& value) { return value.offset >= -kFromSunMax && value.offset <= kFromSunMax; });
}

Codec<std::string> word(const std::vector<std::string>& words) {
  const auto allowed = joined(words);
  return {allowed,
          [=](const Node& node, std::string& out, const Reading& reading) {
            if (!node.is_scalar())
              return reading.complain(node, node.is_null() ? "has no value" : "is not one word", allowed);
            if (std::find(words.begin(), words.end(), node.text) == words.end()) {
              return reading.complain(node, fmt::format("{} is not known", echo(node.text)), allowed,
                                      nearest_word(node.text, words));
            }
            out = node.text;
          },
          text_node};
}

Codec<Point> point() {
  const std::string allowed = "[x, y], each from 0 to 1, from the top left corner";
  return {allowed,
          [=](const Node& node, Point& out, const Reading& reading) {
            const auto shares = read_shares(node, 2, reading, allowed);
            if (!shares.empty()) out = {shares[0], shares[1]};
          },
          [](const Point& value) {
            return write_shares({value.x, value.y});
          }};
}

Codec<Rect> rect() {
  const std::string allowed = "[left, top, right, bottom], each from 0 to 1, left before right, top before bottom";
  return {allowed,
          [=](const Node& node, Rect& out, const Reading& reading) {
            const auto shares = read_shares(node, 4, reading, allowed);
            if (shares.empty()) return;
            const Rect value{shares[0], shares[1], shares[2], shares[3]};
            if (value.left >= value.right || value.top >= value.bottom) {
              return reading.complain(node, "has no area", allowed);
            }
            out = value;
          },
          [](const Rect& value) {
            return write_shares({value.left, value.top, value.right, value.bottom});
          }};
}

std::optional<TextProblem> no_absolute_path(const std::string& path) {
  if (path.empty() || path[0] == '/') return std::nullopt;
  return TextProblem{"is no absolute path"};
}

Codec<std::string> text(const std::string& allowed, const TextCheck& problem) {
  return {allowed,
          [=](const Node& node, std::string& out, const Reading& reading) {
            if (node.is_list() || node.is_map()) return reading.complain(node, "is not one text", allowed);
            if (node.text.find_first_of("\n\t") != std::string::npos) {
              return reading.complain(node, "has more than one line, or a tab", allowed);
            }
            const auto found = problem(node.text);  // of nothing: ""
            if (!found) {
              out = node.text;
              return;
            }
            const auto message = found->repeat_value ? echo(node.text) + " " + found->message : found->message;
            reading.complain(found->code, node.where, message, allowed, "");
          },
          text_node, Form::kText};
}

}  // namespace nestbox::config
