/// docs/database.md is about the database that there is.
#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "support.h"
#include "support/source_dir.h"

namespace nestbox {
namespace {

/// Names of columns by table.
using Columns = std::map<std::string, std::vector<std::string>>;

struct Page {
  Columns columns;
  std::vector<std::string> queries;
};

Page read_page() {
  Page page;
  std::ifstream file(NESTBOX_SOURCE_DIR "/docs/database.md");
  std::string line, heading;
  bool in_query = false;
  const std::regex name("`([a-z_]+)`");
  while (std::getline(file, line)) {
    if (line.rfind("## ", 0) == 0) heading = line.substr(3);
    if (line.rfind("| `", 0) == 0) {
      const auto cell = line.substr(0, line.find('|', 1));
      for (std::sregex_iterator found(cell.begin(), cell.end(), name), end; found != end; ++found) {
        page.columns[heading].push_back((*found)[1]);
      }
    }
    if (line == "```sql") {
      page.queries.emplace_back();
      in_query = true;
    } else if (line == "```") {
      in_query = false;
    } else if (in_query) {
      page.queries.back() += line + "\n";
    }
  }
  return page;
}

using DatabasePageTest = StoreTest;

TEST_F(DatabasePageTest, NamesEveryTableAndColumn) {
  { BlockingStore store(file()); }
  const auto rows = run_sql(
      file(),
      "SELECT tables.name || ' ' || info.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS info"
      " WHERE tables.type = 'table' AND tables.name <> 'sqlite_sequence'");
  Columns there;
  std::istringstream words(rows);
  for (std::string table, column; words >> table >> column;) there[table].push_back(column);
  EXPECT_EQ(read_page().columns, there);
}

TEST_F(DatabasePageTest, AsksQuestionsThatAreAnswered) {
  {
    BlockingStore store(file());
    auto visit = full_visit();
    const auto id = store.insert(visit).value();
    auto motion = motion_at(0, 1);
    motion.visit = id;
    motion.reasons = {{"switch", 0.6, 1.5}};
    ASSERT_TRUE(store.add_motion(motion));
    visit.clock_trusted = true;
    visit.species.clear();
    ASSERT_TRUE(store.insert(visit));
  }
  const auto page = read_page();
  EXPECT_EQ(page.queries.size(), 5u);
  for (const auto& query : page.queries) EXPECT_NE(run_sql(file(), query), "") << query;
}

}  // namespace
}  // namespace nestbox
