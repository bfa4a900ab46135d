#include "libagent/adapters/sqlite.hpp"

#include <sqlite3.h>
#include <utility>

namespace libagent {

namespace {

constexpr int busy_timeout_ms = 5'000;

errc code_of_sqlite(int result) {
  switch (result & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return errc::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return errc::unavailable;
    case SQLITE_TOOBIG: return errc::too_large;
    case SQLITE_MISUSE:
    case SQLITE_ERROR: return errc::internal;
    default: return errc::io_failed;
  }
}

std::string_view first_words(std::string_view sql) {
  return sql.substr(0, 60);
}

}  // namespace

error sqlite_error(sqlite3* database, std::string_view tried) {
  const auto* file = sqlite3_db_filename(database, "main");
  std::string context{tried};
  if (file != nullptr && *file != '\0')
    context += std::string{" in "} + file;
  return {code_of_sqlite(sqlite3_extended_errcode(database)),
          context + ": " + sqlite3_errmsg(database)};
}

void sqlite_statement::finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void sqlite_statement::bind(int parameter, std::int64_t value) {
  sqlite3_bind_int64(handle_.get(), parameter, value);
}

void sqlite_statement::bind(int parameter, std::string_view text) {
  // An empty view may have no address, which would bind NULL.
  const auto* data = text.data() == nullptr ? "" : text.data();
  sqlite3_bind_text64(handle_.get(), parameter, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

void sqlite_statement::bind_blob(int parameter, std::string_view bytes) {
  const auto* data = bytes.data() == nullptr ? "" : bytes.data();
  sqlite3_bind_blob64(handle_.get(), parameter, data, bytes.size(), SQLITE_STATIC);
}

void sqlite_statement::bind_null(int parameter) {
  sqlite3_bind_null(handle_.get(), parameter);
}

void sqlite_statement::bind_column_of(int parameter, const sqlite_statement& row, int column) {
  sqlite3_bind_value(handle_.get(), parameter, sqlite3_column_value(row.handle_.get(), column));
}

void sqlite_statement::bind_pointer(int parameter, void* pointer, const char* type) {
  sqlite3_bind_pointer(handle_.get(), parameter, pointer, type, nullptr);
}

expected<bool> sqlite_statement::step() {
  const auto result = sqlite3_step(handle_.get());
  if (result == SQLITE_ROW)
    return true;
  if (result == SQLITE_DONE) {
    sqlite3_reset(handle_.get());
    return false;
  }
  auto failure =
      sqlite_error(sqlite3_db_handle(handle_.get()), first_words(sqlite3_sql(handle_.get())));
  sqlite3_reset(handle_.get());
  return failure;
}

expected<void> sqlite_statement::run() {
  auto stepped = step();
  if (!stepped)
    return std::move(stepped.error());
  reset();
  return {};
}

void sqlite_statement::reset() {
  sqlite3_reset(handle_.get());
}

std::int64_t sqlite_statement::integer(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

double sqlite_statement::real(int column) const {
  return sqlite3_column_double(handle_.get(), column);
}

std::string_view sqlite_statement::text(int column) const {
  const auto* data = sqlite3_column_text(handle_.get(), column);
  if (data == nullptr)
    return {};
  return {reinterpret_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

std::string_view sqlite_statement::blob(int column) const {
  const auto* data = sqlite3_column_blob(handle_.get(), column);
  if (data == nullptr)
    return {};
  return {static_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

bool sqlite_statement::is_null(int column) const {
  return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

void sqlite_database::closer::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

expected<sqlite_database> sqlite_database::open(const std::filesystem::path& file, access mode) {
  const auto flags =
      (mode == access::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE) |
      SQLITE_OPEN_NOMUTEX;
  sqlite3* handle = nullptr;
  const auto result = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
  sqlite_database opened{handle};
  if (result != SQLITE_OK) {
    if (handle == nullptr)
      return error{errc::io_failed, "open " + file.string() + ": out of memory"};
    return error{mode == access::read ? errc::not_found : errc::io_failed,
                 "open " + file.string() + ": " + sqlite3_errmsg(handle)};
  }
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  return opened;
}

expected<void> sqlite_database::execute(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return sqlite_error(handle_.get(), first_words(sql));
  return {};
}

expected<sqlite_statement> sqlite_database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
    return sqlite_error(handle_.get(), first_words(sql));
  return sqlite_statement{statement};
}

expected<std::int64_t> sqlite_database::query_integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement)
    return std::move(statement.error());
  auto row = statement->step();
  if (!row)
    return std::move(row.error());
  if (!*row)
    return error{errc::not_found, std::string{first_words(sql)} + ": no row"};
  return statement->integer(0);
}

}  // namespace libagent
