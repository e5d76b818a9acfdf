#include <fmt/format.h>

#include "call_context.h"

namespace nestbox::calls {

void simulate(const Context& context) {
  const auto action = text_argument(context.arguments, "action").value_or("");
  const auto line = text_argument(context.arguments, "line");
  if ((action != "set" && action != "get") || !line)
    return context.done(error(kBadUsage, "bad_usage", "sim needs an action and a line", "", "set, get"));
  auto& lines = context.daemon.lines();
  if (action == "set") {
    const auto value = context.arguments.find("value");
    const int wanted = value != context.arguments.end() && value->is_number_integer() ? value->get<int>() : -1;
    if (wanted != 0 && wanted != 1)
      return context.done(error(kBadUsage, "bad_value", "a line is set to 0 or 1", "", "0, 1"));
    if (const auto set = lines.simulate(*line, wanted == 1 ? Signal::kActive : Signal::kIdle); !set)
      return context.done(error(set.error()));
  }
  const auto level = lines.simulated(*line);
  if (!level) return context.done(error(level.error()));
  context.done(good({{"line", *line}, {"value", *level == Signal::kActive ? 1 : 0}}));
}

}  // namespace nestbox::calls
