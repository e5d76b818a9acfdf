#pragma once
/// Counts what memcpy copies out of a piece of memory, for tests of "no pixel is copied". In sanitized builds, which
/// have a memcpy of their own, it counts nothing.
#include <cstddef>
#include <cstdint>

namespace nestbox::test {

/// From now on, instead of what was watched before.
void watch_memory(const std::uint8_t* start, std::size_t bytes);
std::uint64_t watched_bytes_copied();

}  // namespace nestbox::test
