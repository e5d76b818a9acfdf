# Every third-party library the house uses; scripts/setup installs them, docs/architecture.md says which folder may
# include which.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(tl-expected REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(date REQUIRED)
find_package(Freetype REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(SQLiteCpp 3.2 REQUIRED)
# The headers of Asio and Beast alone; bookworm's default Boost, 1.74, is too old for Asio's coroutines.
find_package(OpenSSL REQUIRED)
if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW) # Boost's own package file; CMake's module for it is gone since 3.30
endif()
find_package(Boost 1.81 REQUIRED)
pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET
  libavcodec>=59 libavformat>=59 libavutil>=57 libswscale>=6 libswresample>=4)
pkg_check_modules(GPIOD REQUIRED IMPORTED_TARGET libgpiod>=1.6)
pkg_check_modules(TURBOJPEG REQUIRED IMPORTED_TARGET libturbojpeg)
pkg_check_modules(QRENCODE REQUIRED IMPORTED_TARGET libqrencode)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)

find_path(NOVA_INCLUDE_DIR libnova/solar.h REQUIRED) # libnova has no package file of either kind
find_library(NOVA_LIBRARY nova REQUIRED)
add_library(nova::nova UNKNOWN IMPORTED)
set_target_properties(nova::nova PROPERTIES
  IMPORTED_LOCATION "${NOVA_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${NOVA_INCLUDE_DIR}")

if(NOT TARGET yaml-cpp::yaml-cpp) # yaml-cpp 0.7 exports a bare name
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()
