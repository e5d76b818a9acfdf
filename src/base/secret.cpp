#include "nestbox/base/secret.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "nestbox/base/mutex.h"

namespace nestbox {
namespace {

// Shorter texts would turn every log line into stars, and no service hands out a key that short.
constexpr std::size_t kHiddenLengthMin = 4;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// How many characters of `text` write `wanted` at its front: 3 percent-encoded (RFC 3986, 2.1), 1 as it is, 0 not.
/// Where there is encoding at all, a percent sign is never itself.
std::size_t encoded_length_of(char wanted, std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] != '%') return text[0] == wanted ? 1 : 0;
  if (text.size() < 3) return 0;
  const int high = hex_value(text[1]);
  const int low = hex_value(text[2]);
  if (high < 0 || low < 0) return 0;
  return static_cast<char>(high * 16 + low) == wanted ? 3 : 0;
}

/// How many characters of `text` write `secret` at its front; 0 when they do not. Libraries differ in which characters
/// they percent-encode, so each may be written either way.
std::size_t length_of(std::string_view secret, std::string_view text) {
  if (text.substr(0, secret.size()) == secret) return secret.size();
  std::size_t length = 0;
  for (const char c : secret) {
    const auto step = encoded_length_of(c, text.substr(length));
    if (step == 0) return 0;
    length += step;
  }
  return length;
}

/// Which texts are secret at present.
class Register {
 public:
  void add(const std::string& text) EXCLUDES(mutex_) {
    Lock lock(mutex_);
    ++uses_[text];
  }
  void remove(const std::string& text) EXCLUDES(mutex_) {
    Lock lock(mutex_);
    const auto entry = uses_.find(text);
    if (--entry->second > 0) return;
    auto node = uses_.extract(entry);
    wipe(node.key().data(), node.key().size());
  }
  /// The text without them. What several secrets cover together, one inside another or overlapping, goes as a whole.
  std::string without_secrets(std::string_view text) EXCLUDES(mutex_) {
    std::string shown;
    std::size_t hidden_until = 0;
    Lock lock(mutex_);
    for (std::size_t at = 0; at < text.size(); ++at) {
      const auto length = longest_at(text.substr(at));
      if (length > 0 && at >= hidden_until) shown += "***";
      hidden_until = std::max(hidden_until, at + length);
      if (at >= hidden_until) shown += text[at];
    }
    return shown;
  }

 private:
  std::size_t longest_at(std::string_view text) const REQUIRES(mutex_) {
    std::size_t longest = 0;
    for (const auto& [secret, uses] : uses_) longest = std::max(longest, length_of(secret, text));
    return longest;
  }

  Mutex mutex_;
  std::map<std::string, int> uses_ GUARDED_BY(mutex_);
};

// Leaked on purpose: secrets of other static objects may outlive any static of ours.
Register& living_secrets() {
  static auto* const instance = new Register;
  return *instance;
}

}  // namespace

Secret::Secret(std::string text) : text_(text) {
  wipe(text.data(), text.size());
  if (text_.size() >= kHiddenLengthMin) living_secrets().add(text_);
}

Secret::Secret(const Secret& other) : Secret(other.text_) {}

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {
  // A short string is copied, not moved, out of its small buffer: what is left behind is wiped.
  other.text_.clear();
  wipe(other.text_.data(), other.text_.capacity());
}

Secret& Secret::operator=(Secret other) noexcept {
  std::swap(text_, other.text_);
  return *this;
}

Secret::~Secret() {
  if (text_.size() >= kHiddenLengthMin) living_secrets().remove(text_);
  wipe(text_.data(), text_.size());
}

std::string redacted(std::string_view text) {
  return living_secrets().without_secrets(text);
}

void wipe(void* memory, std::size_t bytes) noexcept {
  explicit_bzero(memory, bytes);
}

}  // namespace nestbox
