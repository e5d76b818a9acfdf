#include "nestbox/base/roff.h"

#include <fmt/format.h>

namespace nestbox {

std::string roff_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool at_line_start = out.empty() || out.back() == '\n';
    if (at_line_start && (c == '.' || c == '\'')) out += "\\&";  // else a request
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";  // a bare one is a hyphen, and cannot be copied into a command
    } else {
      out += c;
    }
  }
  return out;
}

std::string roff_bold(std::string_view text) {
  return fmt::format("\\fB{}\\fR", roff_text(text));
}

std::string roff_italic(std::string_view text) {
  return fmt::format("\\fI{}\\fR", roff_text(text));
}

}  // namespace nestbox
