#pragma once
/// The page's files, inside the program. Written by page/embed.cmake while building.
#include <span>
#include <string_view>

namespace nestbox::web {

struct Asset {
  std::string_view path;  ///< "/", "/login" (with {{places}} to fill in), or "/assets/NAME-HASH.EXTENSION"
  std::string_view content_type;
  std::string_view bytes;
};

std::span<const Asset> assets() noexcept;

}  // namespace nestbox::web
