#include "libagent/adapters/journal_schema.hpp"

#include <array>

namespace libagent {

namespace {

constexpr std::int64_t journal_application_id = 0x6C614A6C;  // "laJl"

// A task is cut by how often its parts change: its body is written once, its state, a few bytes, at
// every change, its result once at the end. `seq` is the order of acceptance. The sums are hashes
// over the columns before them. The pieces of a body have the numbers from `seq * 256` on.
constexpr const char* create_first_version = R"sql(
  CREATE TABLE tasks(
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    target TEXT NOT NULL,
    lane INTEGER NOT NULL,
    effects INTEGER NOT NULL,
    timeout_ms INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL,
    deadline INTEGER NOT NULL,
    level INTEGER NOT NULL,
    client TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint INTEGER NOT NULL,
    parent BLOB,
    trace TEXT NOT NULL,
    body_bytes INTEGER NOT NULL,
    body_sum INTEGER NOT NULL,
    sum INTEGER NOT NULL);
  CREATE UNIQUE INDEX tasks_by_id ON tasks(id);
  CREATE TABLE bodies(at INTEGER PRIMARY KEY, data BLOB NOT NULL);
  CREATE TABLE results(at INTEGER PRIMARY KEY, data BLOB NOT NULL);
  CREATE TABLE states(
    seq INTEGER PRIMARY KEY,
    state INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    not_before INTEGER NOT NULL,
    note TEXT NOT NULL,
    node TEXT NOT NULL,
    cache_outcome TEXT,
    cache_age_ms INTEGER,
    failure_code INTEGER,
    failure_text TEXT NOT NULL,
    retry_after_ms INTEGER,
    result_bytes INTEGER,
    result_sum INTEGER NOT NULL,
    sum INTEGER NOT NULL);
  CREATE INDEX states_by_state ON states(state) WHERE state > 0;
  CREATE INDEX states_by_end ON states(state, ifnull(ended_at, 0)) WHERE state >= 2;
)sql";

constexpr const char* add_groups_schedules_and_crashes = R"sql(
  ALTER TABLE states ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE groups(seq INTEGER PRIMARY KEY, data TEXT NOT NULL, sum INTEGER NOT NULL);
  CREATE TABLE schedules(
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    data TEXT NOT NULL,
    arguments TEXT NOT NULL,
    sum INTEGER NOT NULL);
  CREATE UNIQUE INDEX schedules_by_id ON schedules(id);
)sql";

constexpr std::array journal_migrations{create_first_version, add_groups_schedules_and_crashes};

}  // namespace

database_schema journal_schema() {
  return {.application_id = journal_application_id, .migrations = journal_migrations};
}

}  // namespace libagent
