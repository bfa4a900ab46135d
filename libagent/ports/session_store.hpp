#pragma once

#include "libagent/base/expected.hpp"
#include "libagent/base/time.hpp"
#include "libagent/models/usage_ledger.hpp"
#include "libagent/record/field.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace libagent {

/// Sessions belong to whoever began them; others do not see them.
struct session_name {
  std::string client;  ///< Empty: this node itself.
  std::string id;      ///< `[A-Za-z0-9_.-]{1,64}`.

  friend bool operator==(const session_name&, const session_name&) = default;
  friend auto operator<=>(const session_name&, const session_name&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, session_name& x) {
  return record(f, x, "session_name", field("client", "Whose it is.", x.client),
                field("id", "What the client calls it.", x.id));
}

/// What is known of a session without reading it.
struct session_head {
  session_name name;
  std::string agent;
  unix_millis created_at = 0;
  unix_millis changed_at = 0;
  std::uint64_t events = 0;     ///< Stored; the next one gets this number.
  std::uint64_t bytes = 0;      ///< Of their texts.
  bool has_open_turn = false;   ///< Begun and not ended; waiting for an approval counts.
  bool needs_approval = false;  ///< Waits for a person.
};

template <class Inspector>
bool inspect(Inspector& f, session_head& x) {
  return record(f, x, "session_head", field("name", "Which one.", x.name),
                field("agent", "Who answers.", x.agent),
                field("created_at", "Milliseconds since 1970.", x.created_at),
                field("changed_at", "Milliseconds since 1970.", x.changed_at),
                field("events", "Events stored.", x.events),
                field("bytes", "Bytes of their texts.", x.bytes),
                field("has_open_turn", "A turn has not ended.", x.has_open_turn),
                field("needs_approval", "Waits for a person.", x.needs_approval));
}

struct stored_session {
  session_head head;
  std::vector<std::string> events;  ///< In order, as they were appended.
};

/// Appends events to a session, which begins to exist with its first ones.
struct append_events {
  session_name name;
  std::string agent;        ///< As it is from now on.
  std::uint64_t first = 0;  ///< Number of the first event; the count of those stored so far.
  std::vector<std::string> events;  ///< JSON texts; what they mean is not the store's business.
  unix_millis at = 0;
  bool has_open_turn = false;
  /// Approvals that wait from now on, by id; replaces those before.
  std::vector<std::string> approvals;
};

struct erase_session {
  session_name name;
};

/// What clients and agents have spent by now; replaces what was kept of each of them before.
struct keep_spending {
  std::vector<kept_spending> rows;
};

using session_write = std::variant<append_events, erase_session, keep_spending>;

struct session_query {
  std::optional<std::string> client;  ///< Absent: everybody's.
  std::string agent;                  ///< Empty: all.
  bool open_only = false;             ///< Only those with an open turn.
  std::size_t limit = 100;
  std::optional<unix_millis> changed_before;
};

struct session_store_stats {
  std::uint64_t sessions = 0;
  std::uint64_t events = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t commits = 0;  ///< Since the start.
  std::uint64_t writes = 0;
};

/// Keeps sessions over crashes and restarts, and while nobody uses them; beside them what they
/// have spent of budgets.
///
/// Blocking: all of it may wait for the disk. Thread safety: none; one thread uses it. Errors of
/// every call: `unavailable` for what may pass by itself (no space left, locked), with its cause;
/// `io_failed` and `corrupt` for what does not.
class session_store {
public:
  session_store() = default;
  session_store(const session_store&) = delete;
  session_store& operator=(const session_store&) = delete;
  virtual ~session_store() = default;

  /// Applies the writes, all or none, in order, and on stable storage. An append whose `first` is
  /// less than what is stored was applied before and is passed over, when the events are the same;
  /// any other gap or overlap is `already_exists` and names the session: two writers.
  [[nodiscard]] virtual expected<void> commit(std::span<const session_write> writes) = 0;

  /// Empty when it is not kept (any more). Damage: `corrupt`, naming session and event.
  [[nodiscard]] virtual expected<std::optional<stored_session>> load(const session_name& name) = 0;

  /// The latest changed first.
  [[nodiscard]] virtual expected<std::vector<session_head>> list(const session_query& query) = 0;

  /// The session in which an approval waits; empty: none does.
  [[nodiscard]] virtual expected<std::optional<session_name>> find_approval(
      const std::string& approval) = 0;

  /// Removes sessions without an open turn that have not changed since, some at a time; returns how
  /// many. To be called again at once as long as it is not 0.
  [[nodiscard]] virtual expected<std::size_t> prune(unix_millis unchanged_since) = 0;

  /// What was spent on a day, counted as in `kept_spending`. Of days before the latest one that
  /// something was kept of, nothing needs to be known.
  [[nodiscard]] virtual expected<std::vector<kept_spending>> spending(std::int64_t day) = 0;

  [[nodiscard]] virtual session_store_stats stats() = 0;
};

using session_store_ptr = std::shared_ptr<session_store>;

}  // namespace libagent
