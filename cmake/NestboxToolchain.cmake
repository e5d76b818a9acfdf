# How every target is compiled: warnings, hardening, sanitizers, ccache, clang-tidy.

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths are taken relative to the tree, so that a second clone finds what the first has compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND};-E;env;CCACHE_BASEDIR=${CMAKE_SOURCE_DIR};CCACHE_NOHASHDIR=1;${CCACHE_PROGRAM}")
endif()

add_library(nestbox_flags INTERFACE)
target_compile_options(nestbox_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align
  -fstack-protector-strong -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
target_link_options(nestbox_flags INTERFACE -Wl,-z,relro,-z,now)

if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # "accessing 9223372036854775810 or more bytes": std::string's operator+, inlined (GCC bug 105651, mended in 13).
  target_compile_options(nestbox_flags INTERFACE -Wno-restrict)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(nestbox_flags INTERFACE -Wthread-safety -Wthread-safety-beta)
endif()

if(NESTBOX_SANITIZE)
  list(JOIN NESTBOX_SANITIZE "," sanitizers)
  target_compile_options(nestbox_flags INTERFACE -fsanitize=${sanitizers} -fno-omit-frame-pointer -g1)
  target_link_options(nestbox_flags INTERFACE -fsanitize=${sanitizers})
  target_compile_definitions(nestbox_flags INTERFACE NESTBOX_SANITIZED=1)
  if("undefined" IN_LIST NESTBOX_SANITIZE)
    # It only prints by default, and the test would pass. Left out are checks that make Asio's code take half as long
    # again to compile: of null and object-size AddressSanitizer finds nearly all, of vptr (a cast to the wrong class) nothing.
    target_compile_options(nestbox_flags INTERFACE -fno-sanitize-recover=undefined -fno-sanitize=null,vptr,object-size)
  endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(nestbox_flags INTERFACE _FORTIFY_SOURCE=2)
endif()

if(NESTBOX_CLANG_TIDY)
  find_program(CLANG_TIDY_PROGRAM NAMES clang-tidy REQUIRED)
  set(CMAKE_CXX_CLANG_TIDY "${CLANG_TIDY_PROGRAM};--quiet")
endif()
