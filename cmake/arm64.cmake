# Compiles for 64-bit ARM in a tree for arm64 (scripts/tree make trixie-arm64): Debian's arm64 libraries are at their usual
# places beside the amd64 tools, so naming the triplet is enough. Tests run under qemu-user, without binfmt_misc.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)

set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(PKG_CONFIG_EXECUTABLE aarch64-linux-gnu-pkg-config) # finds the arm64 .pc files alone


find_program(NESTBOX_EMULATOR qemu-aarch64 REQUIRED)
set(CMAKE_CROSSCOMPILING_EMULATOR "${NESTBOX_EMULATOR}")
