#include "byte_range.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "nestbox/base/text.h"

namespace nestbox::web {
namespace {

// Digits alone; what no file is large enough for counts as the largest number there is.
std::optional<std::uint64_t> number(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc::result_out_of_range ? UINT64_MAX : value;
}

ByteRange part(std::uint64_t first, std::uint64_t last, std::uint64_t file_bytes) {
  if (first >= file_bytes) return {ByteRange::Kind::kOutside, 0, 0};
  return {ByteRange::Kind::kPart, first, std::min(last, file_bytes - 1) - first + 1};
}

}  // namespace

ByteRange byte_range(std::string_view range_header, std::uint64_t file_bytes) {
  const ByteRange whole{ByteRange::Kind::kWhole, 0, file_bytes};
  constexpr std::string_view kUnit = "bytes=";
  if (lower_case(range_header.substr(0, kUnit.size())) != kUnit) return whole;
  const auto set = range_header.substr(kUnit.size());
  const auto dash = set.find('-');
  if (dash == std::string_view::npos) return whole;
  const auto before = set.substr(0, dash), after = set.substr(dash + 1);
  const auto first = number(before), last = number(after);
  if (before.empty() && last) {  // the last so many bytes
    if (*last == 0) return {ByteRange::Kind::kOutside, 0, 0};
    return part(file_bytes - std::min(*last, file_bytes), UINT64_MAX, file_bytes);
  }
  if (!first || (!last && !after.empty()) || (last && *last < *first)) return whole;
  return part(*first, last.value_or(UINT64_MAX), file_bytes);
}

}  // namespace nestbox::web
