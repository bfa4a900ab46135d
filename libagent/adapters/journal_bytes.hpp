#pragma once

#include "libagent/adapters/journal_row.hpp"
#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// How long the pieces are in which a string of `size` bytes is stored: one piece, or, where that
/// would leave much of a page empty, some of equal length that fill pages better.
///
/// SQLite puts a row of 2.1 to 4 KB on a page of its own, which can double it on the disk.
[[nodiscard]] std::size_t journal_piece_bytes(std::size_t size);

/// A table of byte strings by the numbers of their tasks: bodies, or results.
///
/// Thread safety: that of the database. Errors: those of SQLite; what is damaged in a way that
/// SQLite does not see shows when the mark does not fit.
class journal_bytes {
public:
  /// `table` is `bodies` or `results`; it must live as long.
  [[nodiscard]] static expected<journal_bytes> over(sqlite_database& database, const char* table);

  [[nodiscard]] bytes_mark mark(std::int64_t seq, std::string_view bytes) const {
    return mark_of(table_, seq, bytes);
  }

  /// @pre There are none for this number.
  [[nodiscard]] expected<void> put(std::int64_t seq, std::string_view bytes);
  [[nodiscard]] expected<void> remove(std::int64_t seq);
  /// Empty when they are not those that were marked.
  [[nodiscard]] expected<std::optional<std::string>> get(std::int64_t seq, const bytes_mark& mark);

private:
  explicit journal_bytes(const char* table) : table_{table} {}

  const char* table_;
  sqlite_statement put_;
  sqlite_statement get_;
  sqlite_statement remove_;
};

}  // namespace libagent
