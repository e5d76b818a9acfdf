# Writes OUTPUT, a C++ file with the page's files in it: SCRIPT, STYLE, ICON under names with their own hash, then PAGE and
# LOGIN, which name them, with their hashes for the browser to check.
cmake_minimum_required(VERSION 3.25)

function(append_bytes name file)
  file(READ "${file}" hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n"
    bytes "${bytes}")
  set(code "${code}constexpr unsigned char ${name}[] = {\n${bytes}};\n\n" PARENT_SCOPE)
endfunction()

function(append_asset name path type)
  set(table "${table}    asset(\"${path}\", \"${type}\", ${name}),\n" PARENT_SCOPE)
endfunction()

# sha256-BASE64 for the integrity attribute; CMake knows hashes in hex alone.
function(integrity_of file result)
  file(SHA256 "${file}" hex)
  set(alphabet "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  set(base64 "")
  foreach(at RANGE 0 57 6)
    string(SUBSTRING "${hex}" ${at} 6 three)
    math(EXPR bits "0x${three}")
    foreach(shift 18 12 6 0)
      math(EXPR index "(${bits} >> ${shift}) & 63")
      string(SUBSTRING "${alphabet}" ${index} 1 letter)
      string(APPEND base64 "${letter}")
    endforeach()
  endforeach()
  string(SUBSTRING "${hex}" 60 4 two)
  math(EXPR bits "0x${two} << 2")
  foreach(shift 12 6 0)
    math(EXPR index "(${bits} >> ${shift}) & 63")
    string(SUBSTRING "${alphabet}" ${index} 1 letter)
    string(APPEND base64 "${letter}")
  endforeach()
  set(${result} "sha256-${base64}=" PARENT_SCOPE)
endfunction()

function(hashed_path file stem extension result)
  file(SHA256 "${file}" hash)
  string(SUBSTRING "${hash}" 0 12 hash)
  set(${result} "/assets/${stem}-${hash}.${extension}" PARENT_SCOPE)
endfunction()

hashed_path("${SCRIPT}" page js script_path)
hashed_path("${STYLE}" page css style_path)
hashed_path("${ICON}" icon svg icon_path)
integrity_of("${SCRIPT}" script_integrity)
integrity_of("${STYLE}" style_integrity)

# FILE with its @PLACEHOLDERS@ filled in, as RESULT.
function(fill_in file result)
  file(READ "${file}" html)
  string(REPLACE "@SCRIPT@" "${script_path}" html "${html}")
  string(REPLACE "@SCRIPT_INTEGRITY@" "${script_integrity}" html "${html}")
  string(REPLACE "@STYLE@" "${style_path}" html "${html}")
  string(REPLACE "@STYLE_INTEGRITY@" "${style_integrity}" html "${html}")
  string(REPLACE "@ICON@" "${icon_path}" html "${html}")
  if(html MATCHES "@[A-Z_]+@")
    message(FATAL_ERROR "${file} has a placeholder that embed.cmake does not know: ${CMAKE_MATCH_0}")
  endif()
  file(WRITE "${result}" "${html}")
endfunction()
fill_in("${PAGE}" "${OUTPUT}.html")
fill_in("${LOGIN}" "${OUTPUT}.login.html")

set(code "")
set(table "")
append_bytes(kPage "${OUTPUT}.html")
append_bytes(kLogIn "${OUTPUT}.login.html")
append_bytes(kScript "${SCRIPT}")
append_bytes(kStyle "${STYLE}")
append_bytes(kIcon "${ICON}")
append_asset(kPage "/" "text/html; charset=utf-8")
append_asset(kLogIn "/login" "text/html; charset=utf-8")
append_asset(kScript "${script_path}" "text/javascript; charset=utf-8")
append_asset(kStyle "${style_path}" "text/css; charset=utf-8")
append_asset(kIcon "${icon_path}" "image/svg+xml")

file(WRITE "${OUTPUT}" "// Written by src/web/page/embed.cmake.
#include \"assets.h\"

#include <array>

namespace nestbox::web {
namespace {

${code}template <std::size_t N>
Asset asset(std::string_view path, std::string_view type, const unsigned char (&bytes)[N]) {
  return {path, type, {reinterpret_cast<const char*>(bytes), N}};
}

}  // namespace

std::span<const Asset> assets() noexcept {
  static const std::array kAssets = {
${table}  };
  return kAssets;
}

}  // namespace nestbox::web
")
