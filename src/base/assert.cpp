#include "nestbox/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace nestbox {

// Standard error and not the log: the broken invariant may be the log's own.
void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: this must hold, and does not: %s\n", file, line, condition);
  std::abort();
}

}  // namespace nestbox
