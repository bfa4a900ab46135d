#include "libagent/adapters/session_schema.hpp"

#include <array>

namespace libagent {

namespace {

constexpr std::int64_t session_application_id = 0x6C615373;  // "laSs"

// An append writes the pages of its events, of the head, and of one index: more indexes would cost
// every append more pages. This one has all that lists are filtered by, so that what is left out
// costs no look into the table. `approvals` is an index too: the heads say the same.
constexpr const char* create_session_tables = R"sql(
  CREATE TABLE sessions(
    seq INTEGER PRIMARY KEY,
    client TEXT NOT NULL,
    id TEXT NOT NULL,
    agent TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    events INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    is_open INTEGER NOT NULL,
    approvals TEXT NOT NULL,
    sum INTEGER NOT NULL);
  CREATE UNIQUE INDEX sessions_by_name ON sessions(client, id);
  CREATE INDEX sessions_by_change ON sessions(changed_at, client, agent, is_open);
  CREATE TABLE events(at INTEGER PRIMARY KEY, sum INTEGER NOT NULL, data BLOB NOT NULL);
  CREATE TABLE approvals(id TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
)sql";

// One row for each client and agent with a budget.
constexpr const char* create_spending_table = R"sql(
  CREATE TABLE spending(
    seq INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,
    day INTEGER NOT NULL,
    cost_micro INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    sum INTEGER NOT NULL);
  CREATE UNIQUE INDEX spending_by_name ON spending(kind, name);
)sql";

constexpr std::array session_migrations{create_session_tables, create_spending_table};

}  // namespace

database_schema session_schema() {
  return {.application_id = session_application_id, .migrations = session_migrations};
}

}  // namespace libagent
