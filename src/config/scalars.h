#pragma once
/// Single values as people write them: 500ms, 3M, 22:00, yes. Nothing where the text is none.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nestbox::config {

using std::chrono::milliseconds;

/// 500ms, 10s, 5m, 1h, 7d, and compounds with the larger unit first: 11h50m. A bare 0 needs no unit.
std::optional<milliseconds> parse_duration(std::string_view text);
std::string print_duration(milliseconds duration);

/// A duration of either sign: -20m, +20m, 20m.
std::optional<milliseconds> parse_signed_duration(std::string_view text);
std::string print_signed_duration(milliseconds duration);

/// Lux: 5 lx, 0.5lx.
std::optional<double> parse_lux(std::string_view text);
std::string print_lux(double lux);

/// Bits a second: 2500k, 4M, 2.5M; whole kilobits only. A number without a unit is none.
std::optional<std::int64_t> parse_rate(std::string_view text);
std::string print_rate(std::int64_t bits_per_second);

/// Bytes: 200K, 200M, 2G, 1.5T, each unit 1000 of the one before, as disks are sold; whole bytes only. A bare 0 needs
/// no unit.
std::optional<std::int64_t> parse_size(std::string_view text);
std::string print_size(std::int64_t bytes);

/// A share, written in per cent: 0.002 is 0.2%.
std::optional<double> parse_share(std::string_view text);
std::string print_share(double share);

std::optional<std::int64_t> parse_integer(std::string_view text);

/// Finite, with a point and not a comma whatever the locale.
std::optional<double> parse_real(std::string_view text);
std::string print_real(double value);

/// true false yes no on off, in any case.
std::optional<bool> parse_boolean(std::string_view text);

/// 22:00 or 22:00:30, as seconds since midnight.
std::optional<std::chrono::seconds> parse_clock(std::string_view text);
std::string print_clock(std::chrono::seconds since_midnight);

/// The known word that was probably meant; empty where none is near. Case does not count.
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

/// How many letters must be put in, left out, changed, or swapped with their neighbour to make `b` of `a`
/// (optimal string alignment distance).
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace nestbox::config
