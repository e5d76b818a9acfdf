#include "new_password.h"

#include <unistd.h>

#include "nestbox/rules/password_rule.h"
#include "secret_prompt.h"

namespace nestbox::cli {

Result<Secret> read_new_password(const std::string& box_name) {
  auto password = read_secret("New password for the page (it is not shown): ", "password");
  if (!password) return password;
  if (const auto problem = password_problem(password->reveal(), box_name))
    return fail(ErrorKind::kInvalidArgument, *problem);
  if (::isatty(STDIN_FILENO) != 1) return password;
  auto again = read_secret("The same again: ", "password");
  if (!again) return again;
  if (again->reveal() != password->reveal())
    return fail(ErrorKind::kInvalidArgument, "the two differ; nothing was changed");
  return password;
}

}  // namespace nestbox::cli
