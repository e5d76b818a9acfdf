#pragma once
/// Text for manual pages (man 7 groff_man). Thread-safe.
#include <string>
#include <string_view>

namespace nestbox {

/// A paragraph as roff: what roff would take for a request or an escape is plain text in it.
std::string roff_text(std::string_view text);
/// The same in bold: what is typed as it stands.
std::string roff_bold(std::string_view text);
/// The same in italics: what stands for something else.
std::string roff_italic(std::string_view text);

}  // namespace nestbox
