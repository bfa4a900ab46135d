#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/ports/journal.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace libagent::lab {

/// The least that keeps a body in SQLite: one table with a number and the body, in a write-ahead
/// log with the same sync, used through SQLite's own interface. What a journal can reach at best.
class bare_insert_loop {
public:
  [[nodiscard]] static expected<bare_insert_loop> open(const std::filesystem::path& file,
                                                       journal_sync sync);

  bare_insert_loop(bare_insert_loop&& other) noexcept;
  bare_insert_loop& operator=(bare_insert_loop&& other) noexcept;
  bare_insert_loop(const bare_insert_loop&) = delete;
  bare_insert_loop& operator=(const bare_insert_loop&) = delete;
  ~bare_insert_loop();

  /// Inserts the body so often, in one transaction.
  [[nodiscard]] expected<void> insert(const std::string& body, std::size_t count);

private:
  bare_insert_loop() = default;

  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

}  // namespace libagent::lab
