#pragma once

#include "libagent/base/expected.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace libagent {

/// A prepared statement: bind, step through the rows, reset.
///
/// Parameters and columns are counted from 1 and from 0, as in SQLite's own interface. Thread
/// safety: that of its database. Must not outlive it.
class sqlite_statement {
public:
  sqlite_statement() = default;

  explicit sqlite_statement(sqlite3_stmt* prepared) : handle_{prepared} {}

  void bind(int parameter, std::int64_t value);
  /// The text is not copied: it must live until the statement was reset or stepped to its end.
  void bind(int parameter, std::string_view text);
  /// The same for bytes that need not be text.
  void bind_blob(int parameter, std::string_view bytes);
  void bind_null(int parameter);
  /// The value of a column of the row that `row` stands on, as it is.
  void bind_column_of(int parameter, const sqlite_statement& row, int column);

  /// Passes an address to a function that knows `type`; see SQLite's pointer passing interface.
  void bind_pointer(int parameter, void* pointer, const char* type);

  /// Moves to the next row; false: there is none, and the statement is reset.
  expected<bool> step();
  /// Steps a statement that has no rows.
  expected<void> run();
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  /// Valid until the next step or reset.
  [[nodiscard]] std::string_view text(int column) const;
  /// The same for bytes.
  [[nodiscard]] std::string_view blob(int column) const;
  [[nodiscard]] bool is_null(int column) const;

  /// For what this class does not wrap.
  [[nodiscard]] sqlite3_stmt* handle() const { return handle_.get(); }

private:
  struct finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };

  std::unique_ptr<sqlite3_stmt, finalizer> handle_;
};

/// One connection to a database file.
///
/// Thread safety: one thread at a time. Errors carry SQLite's message; `errc::corrupt` means that
/// the file is no database or damaged, `errc::unavailable` that another process holds it locked.
class sqlite_database {
public:
  enum class access : std::uint8_t { read, write };

  /// Opens the file; with `access::write` it is created when missing.
  static expected<sqlite_database> open(const std::filesystem::path& file, access mode);

  expected<void> execute(const std::string& sql);
  [[nodiscard]] expected<sqlite_statement> prepare(std::string_view sql);
  /// The first column of the first row; an error when there is none.
  [[nodiscard]] expected<std::int64_t> query_integer(std::string_view sql);

  /// For what this class does not wrap. Null only after a move.
  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

private:
  struct closer {
    void operator()(sqlite3* database) const;
  };

  explicit sqlite_database(sqlite3* opened) : handle_{opened} {}

  std::unique_ptr<sqlite3, closer> handle_;
};

/// The error of the last failed call on `database`; `tried` says what was attempted.
[[nodiscard]] error sqlite_error(sqlite3* database, std::string_view tried);

}  // namespace libagent
