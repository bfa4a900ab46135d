#include "libagent/adapters/database_salvage.hpp"

#include "libagent/adapters/database_failure.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <sqlite3.h>
#include <system_error>
#include <utility>

namespace libagent {

namespace {

// Numbers beyond the highest that was seen may be on a damaged page at the end of a table.
constexpr std::int64_t unseen_numbers_max = 4'096;

bool can_be_read(sqlite_database& from, const database_kind& kind) {
  return std::ranges::all_of(kind.tables(from), [&from](const rescued_table& table) {
    return table.is_newer ||
           from.prepare("SELECT " + table.columns + " FROM " + table.name).has_value();
  });
}

/// Copies a file whose first page, with the list of tables, is damaged; the copy gets the first
/// page of another one. Tables are made in the same order in each, so they begin on the same
/// pages.
expected<void> copy_with_first_page_of(const std::filesystem::path& other,
                                       const std::filesystem::path& from,
                                       const std::filesystem::path& to) {
  std::error_code failed;
  constexpr auto over = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy_file(from, to, over, failed);
  if (failed)
    return error{errc::io_failed, "copy " + from.string() + ": " + failed.message()};
  std::filesystem::copy_file(from.string() + "-wal", to.string() + "-wal", over, failed);
  std::array<char, database_page_bytes> page{};
  std::ifstream{other, std::ios::binary}.read(page.data(), page.size());
  // An outdated "version-valid-for number" makes SQLite take the length from the file itself.
  constexpr std::size_t version_valid_for = 92;
  page[version_valid_for] = static_cast<char>(~page[version_valid_for]);
  std::fstream copy{to, std::ios::binary | std::ios::in | std::ios::out};
  copy.write(page.data(), page.size());
  if (!copy.flush())
    return error{errc::io_failed, "write " + to.string()};
  return {};
}

expected<sqlite_database> open_source(const std::filesystem::path& from) {
  auto source = sqlite_database::open(from, sqlite_database::access::read);
  if (source)
    sqlite3_db_config(source->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return source;
}

expected<saved_rows> salvage_into(const std::filesystem::path& from,
                                  const std::filesystem::path& to,
                                  const std::filesystem::path& copy, const database_kind& kind) {
  auto source = open_source(from);
  if (!source)
    return std::move(source.error());
  auto made = open_database_writer(to, kind, {});
  if (!made)
    return std::move(made.error());
  if (!can_be_read(*source, kind)) {
    if (auto done = made->execute("PRAGMA wal_checkpoint(TRUNCATE)"); !done)
      return database_failure(*made, done.error(), to);
    if (auto done = copy_with_first_page_of(to, from, copy); !done)
      return done.error();
    source = open_source(copy);
    if (!source)
      return std::move(source.error());
  }
  if (auto begun = made->execute("BEGIN IMMEDIATE"); !begun)
    return database_failure(*made, begun.error(), to);
  auto said = kind.rescue(*source, *made);
  if (!said)
    return database_failure(*made, std::move(said.error()), to);
  if (auto done = made->execute("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)"); !done)
    return database_failure(*made, done.error(), to);
  return said;
}

void remove_database(const std::filesystem::path& file) {
  std::error_code ignored;
  for (const auto* ending : {"", "-wal", "-shm"})
    std::filesystem::remove(file.string() + ending, ignored);
}

}  // namespace

expected<saved_rows> salvage_database(const std::filesystem::path& from,
                                      const std::filesystem::path& to, const database_kind& kind) {
  const std::filesystem::path unfinished = to.string() + ".part";
  const std::filesystem::path copy = to.string() + ".copy";
  remove_database(unfinished);
  auto said = salvage_into(from, unfinished, copy, kind);
  remove_database(copy);
  std::error_code failed;
  if (said)
    std::filesystem::rename(unfinished, to, failed);
  remove_database(unfinished);
  if (failed)
    return error{errc::io_failed, "rename " + unfinished.string() + ": " + failed.message()};
  return said;
}

expected<void> rescue_tables(sqlite_database& from, sqlite_database& to,
                             const std::vector<rescued_table>& tables, const std::string& numbered,
                             std::vector<std::string>& said) {
  std::vector<std::pair<std::string, table_rescue>> rescues;
  std::int64_t highest = 0;
  for (const auto& table : tables) {
    auto rescue = table_rescue::over(from, to, table);
    if (!rescue) {
      said.push_back("the table " + table.name + " cannot be read: " + rescue.error().context);
      continue;
    }
    const auto seen = rescue->copy_ends();
    if (!seen)
      return seen.error();
    highest = std::max(highest, *seen);
    rescues.emplace_back(table.name, std::move(*rescue));
  }
  const auto copied = to.query_integer("SELECT ifnull(max(seq),0) FROM " + numbered);
  if (!copied)
    return copied.error();
  highest = std::max(highest, *copied) + unseen_numbers_max;
  for (auto& [name, rescue] : rescues) {
    if (auto done = rescue.copy_between(highest); !done)
      return done;
    said.push_back(std::to_string(rescue.copied()) + " rows of " + name + " were saved" +
                   (rescue.is_damaged() ? ", others are damaged" : ""));
  }
  return {};
}

}  // namespace libagent
