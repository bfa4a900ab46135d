#pragma once

#include "libagent/adapters/sqlite.hpp"
#include "libagent/cache/siphash.hpp"
#include "libagent/tasks/journal_write.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace libagent {

/// A hash over the content of a row, to see that it is what was written. Its secret is none: it is
/// against faulty disks, not against people.
using row_hash = siphash_1_3;

/// What the hash of every row begins with: its table and its number.
[[nodiscard]] inline row_hash begin_row_hash(std::string_view table, std::int64_t seq) {
  row_hash hash{{0x6A6F75726E616C00U, 0x6C69626167656E74U}};
  hash.update(std::uint64_t{table.size()}).update(table).update(static_cast<std::uint64_t>(seq));
  return hash;
}

[[nodiscard]] inline std::int64_t row_sum(const row_hash& hash) {
  return static_cast<std::int64_t>(hash.digest());
}

[[nodiscard]] inline std::string_view bytes_of(const task_id& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

/// Nil when the bytes are not an id.
[[nodiscard]] inline task_id task_id_from_bytes(std::string_view bytes) {
  task_id id;
  if (bytes.size() == id.bytes.size())
    bytes.copy(reinterpret_cast<char*>(id.bytes.data()), bytes.size());
  return id;
}

/// Binds the columns of a row one after the other, and hashes them on the way. What is bound must
/// live until the statement ran.
class column_binder {
public:
  column_binder(sqlite_statement& statement, int first, row_hash hash)
      : statement_{statement}, hash_{hash}, next_{first} {}

  template <class Number>
  void number(const Number& value) {
    const auto plain = static_cast<std::int64_t>(value);
    hash_.update(static_cast<std::uint64_t>(plain));
    statement_.bind(next_++, plain);
  }

  template <class Number>
  void optional_number(const std::optional<Number>& value) {
    hash_.update(std::uint64_t{value.has_value()});
    if (value)
      return number(*value);
    statement_.bind_null(next_++);
  }

  void milliseconds(std::chrono::milliseconds value) { number(value.count()); }

  /// Zero in rows that were written before the column existed.
  template <class Number>
  void later_number(const Number& value) {
    if (value != 0)
      return number(value);
    statement_.bind(next_++, std::int64_t{0});
  }

  void text(const std::string& value) {
    hash_.update(std::uint64_t{value.size()}).update(value);
    statement_.bind(next_++, std::string_view{value});
  }

  void optional_text(const std::optional<std::string>& value) {
    hash_.update(std::uint64_t{value.has_value()});
    if (value)
      return text(*value);
    statement_.bind_null(next_++);
  }

  /// Nil is bound as NULL.
  void id(const task_id& value) {
    hash_.update(bytes_of(value));
    if (value.is_nil())
      return statement_.bind_null(next_++);
    statement_.bind_blob(next_++, bytes_of(value));
  }

  /// The column after all others.
  void sum() { statement_.bind(next_++, row_sum(hash_)); }

private:
  sqlite_statement& statement_;
  row_hash hash_;
  int next_;
};

/// The reverse of `column_binder`: reads columns from a statement that stands on a row.
class column_reader {
public:
  column_reader(const sqlite_statement& statement, int first, row_hash hash)
      : statement_{statement}, hash_{hash}, next_{first} {}

  template <class Number>
  void number(Number& value) {
    const auto plain = statement_.integer(next_++);
    hash_.update(static_cast<std::uint64_t>(plain));
    value = static_cast<Number>(plain);
  }

  template <class Number>
  void optional_number(std::optional<Number>& value) {
    const auto is_set = !statement_.is_null(next_);
    hash_.update(std::uint64_t{is_set});
    if (is_set)
      return number(value.emplace());
    value.reset();
    ++next_;
  }

  void milliseconds(std::chrono::milliseconds& value) {
    auto count = value.count();
    number(count);
    value = std::chrono::milliseconds{count};
  }

  template <class Number>
  void later_number(Number& value) {
    if (statement_.integer(next_) != 0)
      return number(value);
    value = 0;
    ++next_;
  }

  void text(std::string& value) {
    value = statement_.text(next_++);
    hash_.update(std::uint64_t{value.size()}).update(value);
  }

  void optional_text(std::optional<std::string>& value) {
    const auto is_set = !statement_.is_null(next_);
    hash_.update(std::uint64_t{is_set});
    if (is_set)
      return text(value.emplace());
    value.reset();
    ++next_;
  }

  void id(task_id& value) {
    value = task_id_from_bytes(statement_.blob(next_++));
    hash_.update(bytes_of(value));
  }

  /// Whether the row is what was written.
  [[nodiscard]] bool sum_fits() { return statement_.integer(next_++) == row_sum(hash_); }

private:
  const sqlite_statement& statement_;
  row_hash hash_;
  int next_;
};

}  // namespace libagent
