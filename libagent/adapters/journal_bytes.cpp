#include "libagent/adapters/journal_bytes.hpp"

#include "libagent/adapters/kept_database.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace libagent {

namespace {

// A number holds so many pieces; more than any string needs that is cut into pieces.
constexpr int piece_bits = 8;
// What a page and a row in it take beside the bytes, and what the longest row on one page may
// have; see "B-tree Pages" in SQLite's file format.
constexpr std::size_t page_header_bytes = 8;
constexpr std::size_t cell_overhead_bytes = 15;
constexpr std::size_t local_bytes_max = database_page_bytes - 35;
constexpr std::size_t local_bytes_min = (database_page_bytes - 12) * 32 / 255 - 23;
constexpr std::size_t overflow_bytes = database_page_bytes - 4;
constexpr std::size_t never_cut_bytes = 600;
constexpr std::size_t pieces_max = 24;

/// Bytes that a row with so much in it takes in the file, when all rows are like it.
std::size_t bytes_in_file(std::size_t payload) {
  auto local = payload;
  std::size_t overflow_pages = 0;
  if (payload > local_bytes_max) {
    local = local_bytes_min + (payload - local_bytes_min) % overflow_bytes;
    if (local > local_bytes_max)
      local = local_bytes_min;
    overflow_pages = (payload - local + overflow_bytes - 1) / overflow_bytes;
  }
  const auto cells = (database_page_bytes - page_header_bytes) / (local + cell_overhead_bytes);
  return overflow_pages * database_page_bytes +
         database_page_bytes / std::max<std::size_t>(1, cells);
}

std::int64_t first_piece(std::int64_t seq) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(seq) << piece_bits);
}

}  // namespace

std::size_t journal_piece_bytes(std::size_t size) {
  if (size <= never_cut_bytes)
    return std::max<std::size_t>(1, size);
  std::size_t best = size;
  auto best_cost = bytes_in_file(size);
  for (std::size_t pieces = 2; pieces <= pieces_max && best_cost > size + size / 10; ++pieces) {
    const auto piece = (size + pieces - 1) / pieces;
    const auto cost = pieces * bytes_in_file(piece);
    if (cost < best_cost) {
      best = piece;
      best_cost = cost;
    }
  }
  return best;
}

expected<journal_bytes> journal_bytes::over(sqlite_database& database, const char* table) {
  journal_bytes made{table};
  const std::string name{table};
  const std::array<std::pair<sqlite_statement*, std::string>, 3> statements{
      {{&made.put_, "INSERT INTO " + name + "(at,data) VALUES(?1,?2)"},
       {&made.get_, "SELECT data FROM " + name + " WHERE at BETWEEN ?1 AND ?2 ORDER BY at"},
       {&made.remove_, "DELETE FROM " + name + " WHERE at BETWEEN ?1 AND ?2"}}};
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.prepare(sql);
    if (!prepared)
      return std::move(prepared.error());
    *statement = std::move(*prepared);
  }
  return made;
}

expected<void> journal_bytes::put(std::int64_t seq, std::string_view bytes) {
  const auto piece = journal_piece_bytes(bytes.size());
  auto at = first_piece(seq);
  for (auto left = bytes; !left.empty(); left.remove_prefix(std::min(piece, left.size()))) {
    put_.bind(1, at++);
    put_.bind_blob(2, left.substr(0, piece));
    if (auto done = put_.run(); !done)
      return done;
  }
  return {};
}

expected<void> journal_bytes::remove(std::int64_t seq) {
  remove_.bind(1, first_piece(seq));
  remove_.bind(2, first_piece(seq + 1) - 1);
  return remove_.run();
}

expected<std::optional<std::string>> journal_bytes::get(std::int64_t seq, const bytes_mark& mark) {
  get_.bind(1, first_piece(seq));
  get_.bind(2, first_piece(seq + 1) - 1);
  std::string bytes;
  for (;;) {
    auto row = get_.step();
    if (!row)
      return std::move(row.error());
    if (!*row)
      break;
    bytes += get_.blob(0);
  }
  if (this->mark(seq, bytes) != mark)
    return std::optional<std::string>{};
  return std::optional{std::move(bytes)};
}

}  // namespace libagent
