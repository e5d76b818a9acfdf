#pragma once
#include <string>

namespace nestbox::cli {

/// `nestbox setup`: a dialogue on a terminal. Each answer is kept at once, so that it may be stopped and run again at
/// any time. Returns the exit status.
int run_setup(const std::string& control_socket);

}  // namespace nestbox::cli
