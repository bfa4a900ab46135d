#include "libagent/adapters/journal_row.hpp"

#include <utility>

namespace libagent {

namespace {

/// A state as it lies in its columns.
struct flat_state {
  journal_state now;
  std::optional<std::string> cache_outcome;
  std::optional<std::int64_t> cache_age;
  std::optional<errc> failure;
  std::string failure_text;
  std::optional<std::int64_t> retry_after;
  std::optional<std::uint64_t> result_bytes;
  std::uint64_t result_sum = 0;
};

// Each passes over all columns but the sum, with a binder or a reader.

template <class Columns, class Row>
void pass_task(Columns& columns, Row& row) {
  columns.id(row.task.id);
  columns.text(row.task.target);
  columns.number(row.task.task_lane);
  columns.number(row.task.task_effects);
  columns.milliseconds(row.task.timeout);
  columns.number(row.task.accepted_at);
  columns.number(row.task.deadline);
  columns.number(row.task.level);
  columns.text(row.task.client);
  columns.text(row.task.key);
  columns.number(row.task.fingerprint);
  columns.id(row.task.parent);
  columns.text(row.task.trace);
  columns.number(row.body.bytes);
  columns.number(row.body.sum);
}

template <class Columns, class Row>
void pass_state(Columns& columns, Row& row) {
  columns.number(row.now.state);
  columns.number(row.now.attempt);
  columns.number(row.now.failures);
  columns.later_number(row.now.crashes);
  columns.number(row.now.owner);
  columns.optional_number(row.now.started_at);
  columns.optional_number(row.now.ended_at);
  columns.number(row.now.not_before);
  columns.text(row.now.note);
  columns.text(row.now.node);
  columns.optional_text(row.cache_outcome);
  columns.optional_number(row.cache_age);
  columns.optional_number(row.failure);
  columns.text(row.failure_text);
  columns.optional_number(row.retry_after);
  columns.optional_number(row.result_bytes);
  columns.number(row.result_sum);
}

std::optional<std::int64_t> count_of(const std::optional<std::chrono::milliseconds>& span) {
  return span ? std::optional{span->count()} : std::nullopt;
}

flat_state flattened(const state_row& row) {
  flat_state flat;
  flat.now = row.now;
  if (row.now.cache) {
    flat.cache_outcome = row.now.cache->outcome;
    flat.cache_age = row.now.cache->age.count();
  }
  if (row.now.failure) {
    flat.failure = row.now.failure->code;
    flat.failure_text = row.now.failure->context;
    flat.retry_after = count_of(row.now.failure->retry_after);
  }
  if (row.result) {
    flat.result_bytes = row.result->bytes;
    flat.result_sum = row.result->sum;
  }
  return flat;
}

state_row unflattened(flat_state flat) {
  state_row row{.now = std::move(flat.now), .result = std::nullopt};
  if (flat.cache_outcome) {
    row.now.cache = cache_use{.outcome = std::move(*flat.cache_outcome),
                              .age = std::chrono::milliseconds{flat.cache_age.value_or(0)}};
  }
  if (flat.failure) {
    row.now.failure = error{*flat.failure, std::move(flat.failure_text)};
    if (flat.retry_after)
      row.now.failure->retry_after = std::chrono::milliseconds{*flat.retry_after};
  }
  if (flat.result_bytes)
    row.result = bytes_mark{*flat.result_bytes, flat.result_sum};
  return row;
}

}  // namespace

bytes_mark mark_of(std::string_view table, std::int64_t seq, std::string_view bytes) {
  return {bytes.size(), begin_row_hash(table, seq).update(bytes).digest()};
}

expected<void> run_with(sqlite_statement& statement, std::int64_t seq, const task_row& row) {
  statement.bind(1, seq);
  column_binder columns{statement, 2, begin_row_hash("tasks", seq)};
  pass_task(columns, row);
  columns.sum();
  return statement.run();
}

expected<void> run_with(sqlite_statement& statement, std::int64_t seq, const state_row& row) {
  const auto flat = flattened(row);
  statement.bind(1, seq);
  column_binder columns{statement, 2, begin_row_hash("states", seq)};
  pass_state(columns, flat);
  columns.sum();
  return statement.run();
}

bool read_row(const sqlite_statement& from, int first, std::int64_t seq, task_row& row) {
  column_reader columns{from, first, begin_row_hash("tasks", seq)};
  pass_task(columns, row);
  return columns.sum_fits();
}

bool read_row(const sqlite_statement& from, int first, std::int64_t seq, state_row& row) {
  flat_state flat;
  column_reader columns{from, first, begin_row_hash("states", seq)};
  pass_state(columns, flat);
  row = unflattened(std::move(flat));
  return columns.sum_fits();
}

}  // namespace libagent
