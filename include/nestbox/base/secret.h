#pragma once
/// Stream keys, tokens and passwords: never printed by accident, and taken out of every text that leaves the process.
#include <string>
#include <string_view>

namespace nestbox {

/// Holds a secret. It has no operator<< and no formatter; reveal() is the only way to its text, so that every use
/// shows in review. The memory is overwritten when it dies. While any Secret of a text lives, redacted() hides it.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text);
  Secret(const Secret& other);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret other) noexcept;
  ~Secret();

  bool empty() const noexcept { return text_.empty(); }
  const std::string& reveal() const noexcept { return text_; }

 private:
  std::string text_;
};

/// `text` with every living secret (of 4 characters or more) replaced by "***", percent-encoded forms too. The log,
/// errors of libraries, and answers to clients pass through it. Thread-safe.
std::string redacted(std::string_view text);

/// Overwrites memory in a way that the compiler may not leave out.
void wipe(void* memory, std::size_t bytes) noexcept;

}  // namespace nestbox
