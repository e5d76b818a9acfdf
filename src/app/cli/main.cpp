/// nestbox: the command line of nestboxd.
#include <cstdio>
#include <exception>

#include "arguments.h"
#include "commands.h"

int main(int argc, char** argv) {
  try {
    const auto invocation = nestbox::cli::parse_arguments(argc, argv);
    if (invocation) return nestbox::cli::run(*invocation);
    std::fputs(invocation.error().out.c_str(), stdout);
    std::fputs(invocation.error().err.c_str(), stderr);
    return invocation.error().exit_status;
  } catch (const std::exception& exception) {
    std::fprintf(stderr, "nestbox: %s\n", exception.what());
    return 1;
  }
}
