/// What runs for each frame takes no memory. Counted below operator new, where FreeType would ask too.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

#include "nestbox/image/paint.h"
#include "nestbox/image/text.h"
#include "unit/image/test_picture.h"

namespace {
std::atomic<int> allocations{0};
}

#ifdef NESTBOX_SANITIZED
// A sanitizer has its own malloc, and tells who asks.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*, std::size_t),
                                                         void (*free_hook)(const volatile void*));
namespace {
const int hooks_installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { ++allocations; }, [](const volatile void*) {});
}
#else
// glibc's malloc under another name; operator new, calloc's and realloc's users all pass here.
extern "C" void* __libc_malloc(std::size_t);
extern "C" void* __libc_calloc(std::size_t, std::size_t);
extern "C" void* __libc_realloc(void*, std::size_t);
extern "C" void* malloc(std::size_t bytes) {
  ++allocations;
  return __libc_malloc(bytes);
}
extern "C" void* calloc(std::size_t count, std::size_t bytes) {
  ++allocations;
  return __libc_calloc(count, bytes);
}
extern "C" void* realloc(void* memory, std::size_t bytes) {
  ++allocations;
  return __libc_realloc(memory, bytes);
}
#endif

namespace nestbox {
namespace {

template <class Action>
int allocations_during(const Action& action) {
  const int before = allocations;
  action();
  return allocations - before;
}

TEST(Allocation, IsCounted) {
  void* volatile memory = nullptr;
  EXPECT_EQ(allocations_during([&] { memory = std::malloc(64); }), 1);
  std::free(memory);
  std::vector<int> numbers;
  EXPECT_EQ(allocations_during([&] { numbers.resize(100); }), 1);
}

TEST(Allocation, NoneForATextWhoseLettersWereSeen) {
  auto created = TextPainter::create(24);
  ASSERT_TRUE(created);
  TextPainter& painter = **created;
  const TestPicture picture(1280, 720);
  const MutableImage& image = picture.image();
  painter.draw(image, "Mühlbach 0123456789-: CEST", Corner::kBottomLeft);
  std::string stamp = "Mühlbach 2026-11-20 12:53:00 CEST";
  painter.draw(image, stamp, Corner::kBottomLeft);

  EXPECT_EQ(allocations_during([&] {
              for (int second = 0; second < 60; ++second) {
                stamp[27] = static_cast<char>('0' + second / 10);
                stamp[28] = static_cast<char>('0' + second % 10);
                for (int frame = 0; frame < 30; ++frame) painter.draw(image, stamp, Corner::kBottomLeft);
              }
            }),
            0);
  EXPECT_EQ(allocations_during([&] { painter.draw(image, "CEST", Corner::kTopRight); }), 0);
  EXPECT_GT(allocations_during([&] { painter.draw(image, "Ω", Corner::kTopRight); }), 0) << "a new letter";
}

TEST(Allocation, NoneForPrivacyAndSlate) {
  const PrivacyMask mask({{{0.1, 0.1}, {0.9, 0.2}, {0.5, 0.8}}}, 1280, 720);
  const TestPicture picture(1280, 720);
  EXPECT_EQ(allocations_during([&] {
              for (int frame = 0; frame < 10; ++frame) {
                mask.black_out(picture.image());
                paint_slate_background(picture.image());
              }
            }),
            0);
}

}  // namespace
}  // namespace nestbox
