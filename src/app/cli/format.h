#pragma once
/// Plain words and numbers for people, from JSON that may lack anything.
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nestbox::cli {

using Json = nlohmann::json;

/// Colours, where they are wanted: standard output is a terminal that knows them, and NO_COLOR (no-color.org) is unset.
struct Style {
  bool colours = false;
  std::string good(std::string_view text) const { return paint("32", text); }
  std::string doubtful(std::string_view text) const { return paint("33", text); }
  std::string bad(std::string_view text) const { return paint("31", text); }
  std::string strong(std::string_view text) const { return paint("1", text); }
  std::string faint(std::string_view text) const { return paint("2", text); }

 private:
  std::string paint(std::string_view code, std::string_view text) const;
};
Style style_for(int descriptor);

/// Without control characters: what a server of somebody else sent must not move our cursor.
std::string printable(std::string_view text);

/// What JSON holds under `key`, or nothing: a missing key, null, or another type than asked for.
const Json& member(const Json& object, const char* key);
std::string text_of(const Json& object, const char* key);
std::optional<double> number_of(const Json& object, const char* key);
/// The members of a list; an empty list for anything else.
const Json& list_of(const Json& object, const char* key);

/// A setting's value much as it would be typed: [a, b], {x: 1}; "-" for null.
std::string value_text(const Json& value);

std::string rate_text(double bits_per_second);    ///< "2.9 Mbit/s"
std::string bytes_text(double bytes);             ///< "12.3 GB"
std::string duration_text(double seconds);        ///< "3 d 4 h"
std::string time_text(std::string_view rfc3339);  ///< "2026-11-20 12:53"

/// Filled up with spaces to `width` characters (of UTF-8).
std::string padded(std::string_view text, std::size_t width);
std::size_t width_of(std::string_view text);

/// Rows of equally many fields under each other, each ended by a newline.
using Row = std::vector<std::string>;
std::string table(const std::vector<Row>& rows);

}  // namespace nestbox::cli
