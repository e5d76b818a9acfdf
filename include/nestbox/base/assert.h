#pragma once
/// NESTBOX_ASSERT(condition): an invariant of our own. It stays on in release: prints the condition and the place, then
/// aborts, and systemd starts the daemon anew. Never for what the outside world may do.

namespace nestbox {
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;
}

#define NESTBOX_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::nestbox::assertion_failed(#condition, __FILE__, __LINE__))
