#pragma once
/// What the command line says of troubles of its own, in the form of the daemon's errors. Each returns the exit status.
#include <string>

#include "arguments.h"
#include "nestbox/base/result.h"

namespace nestbox::cli {

int report(const Invocation& invocation, int exit_status, const char* code, const std::string& message,
           const std::string& advice = {});
int report_no_connection(const Invocation& invocation, const Error& error);
int report_no_answer(const Invocation& invocation, const Error& error);

}  // namespace nestbox::cli
