#include "qr_text.h"

#include <qrencode.h>

#include <memory>

namespace nestbox::cli {
namespace {

constexpr int kQuietZone = 4;  // modules: ISO/IEC 18004, 6.3.8

struct CodeFreed {
  void operator()(QRcode* code) const noexcept { QRcode_free(code); }
};

bool is_light(const QRcode& code, int row, int column) {
  if (row < 0 || column < 0 || row >= code.width || column >= code.width) return true;
  return (code.data[row * code.width + column] & 1) == 0;
}

const char* block(bool upper_light, bool lower_light) {
  if (upper_light) return lower_light ? "\u2588" : "\u2580";
  return lower_light ? "\u2584" : " ";
}

}  // namespace

std::optional<std::string> qr_text(std::string_view text, Colours colours) {
  constexpr int kAnyVersion = 0, kCaseMatters = 1;
  const std::unique_ptr<QRcode, CodeFreed> code(
      QRcode_encodeString(std::string(text).c_str(), kAnyVersion, QR_ECLEVEL_M, QR_MODE_8, kCaseMatters));
  if (!code) return std::nullopt;
  std::string lines;
  for (int row = -kQuietZone; row < code->width + kQuietZone; row += 2) {
    if (colours == Colours::kSet) lines += "\033[97;40m";
    for (int column = -kQuietZone; column < code->width + kQuietZone; ++column)
      lines += block(is_light(*code, row, column), is_light(*code, row + 1, column));
    lines += colours == Colours::kSet ? "\033[0m\n" : "\n";
  }
  return lines;
}

}  // namespace nestbox::cli
