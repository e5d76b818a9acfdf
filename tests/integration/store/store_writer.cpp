/// Writes visits until it is killed: store_writer DATABASE. A line on standard output for each that the store has said
/// is kept: its number and the nanoseconds of its begin.
#include <fmt/format.h>
#include <unistd.h>

#include <future>
#include <string>

#include "nestbox/store/visit_store.h"

namespace {

using namespace nestbox;

void say(const std::string& line) {
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) ::_exit(1);
}

}  // namespace

int main(int, char** arguments) {
  VisitStore store;
  store.start();
  std::promise<bool> opened;
  store.open(arguments[1], [&](const Result<VisitStore::Opened>& result) { opened.set_value(result.has_value()); });
  if (!opened.get_future().get()) return 1;
  say("open\n");
  for (;;) {
    VisitRecord visit;
    visit.begin = wall_now();
    visit.zones = {"hole", "roof"};
    visit.notes = std::string(500, 'n');
    std::promise<Result<std::int64_t>> kept;
    store.insert(visit, [&](Result<std::int64_t> id) { kept.set_value(std::move(id)); });
    const auto id = kept.get_future().get();
    if (!id) return 1;
    say(fmt::format("{} {}\n", *id, visit.begin.time_since_epoch().count()));
  }
}
