#pragma once
/// Counts what operator new gives out, for tests of "no allocation per frame".
#include <cstdint>

namespace nestbox::test {

/// Since the calling thread began.
std::uint64_t allocations_of_this_thread() noexcept;

}  // namespace nestbox::test
