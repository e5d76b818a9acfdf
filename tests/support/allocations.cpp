// operator new and delete of the test programs that link this; in a file of their own, or the compiler inlines one half
// of a pair.
#include "allocations.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <new>

namespace {
thread_local std::uint64_t allocations = 0;
}

[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* const memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
// std::stable_sort asks in this way.
[[gnu::noinline]] void* operator new(std::size_t bytes, const std::nothrow_t& /*tag*/) noexcept {
  ++allocations;
  return std::malloc(bytes == 0 ? 1 : bytes);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*bytes*/) noexcept {
  std::free(memory);
}

namespace nestbox::test {

std::uint64_t allocations_of_this_thread() noexcept {
  return allocations;
}

namespace {

std::shared_ptr<int> escaped;  // so that the compiler cannot leave the allocation out

TEST(Allocations, AreCounted) {
  const auto before = allocations_of_this_thread();
  escaped = std::make_shared<int>(1);
  EXPECT_EQ(allocations_of_this_thread(), before + 1);
}

}  // namespace
}  // namespace nestbox::test
