#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/base/expected.hpp"

#include <cstdint>
#include <deque>
#include <string>

namespace libagent {

/// A table to copy, and how the numbers of its rows and those of what they belong to go together.
struct rescued_table {
  std::string name;
  std::string number;   ///< The column of the row's number.
  std::string columns;  ///< With commas between; the number is the first.
  int column_count = 0;
  int shift = 0;          ///< What has number N has the rows from `N << shift` on.
  bool is_newer = false;  ///< Not in files of every version.
};

/// Copies the rows of one table from a damaged database, past its damaged pages.
///
/// Whatever cannot be read is halved until it is the rows of one number, within a bounded number of
/// tries.
class table_rescue {
public:
  /// Errors: of the destination only, and of a table that the source does not have.
  [[nodiscard]] static expected<table_rescue> over(sqlite_database& from, sqlite_database& to,
                                                   const rescued_table& table);

  /// Copies from both ends until something cannot be read. Returns the highest number seen.
  [[nodiscard]] expected<std::int64_t> copy_ends();
  /// Goes on between the damaged pages. @param highest The highest number there may be.
  [[nodiscard]] expected<void> copy_between(std::int64_t highest);

  [[nodiscard]] std::uint64_t copied() const { return copied_; }

  /// Whether something could not be read.
  [[nodiscard]] bool is_damaged() const { return is_damaged_; }

private:
  struct span {
    std::int64_t low = 0;  // of numbers, both inclusive
    std::int64_t high = 0;
  };

  table_rescue(sqlite_database& from, const rescued_table& table)
      : from_{&from}, shift_{table.shift} {}

  [[nodiscard]] std::int64_t highest_number() const;
  /// Copies rows until the end (true) or until one cannot be read; `last` is the number of the
  /// last.
  [[nodiscard]] expected<bool> copy(sqlite_statement& rows, const span& where, std::int64_t& last);
  /// Copies what is in `where`, or puts what is left of it into the queue.
  [[nodiscard]] expected<void> try_span(span where);

  sqlite_database* from_;
  int shift_;
  int column_count_ = 0;
  sqlite_statement upwards_;
  sqlite_statement downwards_;
  sqlite_statement insert_;
  std::deque<span> left_;
  std::uint64_t copied_ = 0;
  bool is_damaged_ = false;
};

}  // namespace libagent
