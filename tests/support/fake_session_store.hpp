#pragma once

#include "libagent/ports/session_store.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace libagent::testing {

/// A store of sessions in memory, which fails when told to. What it holds stays when it is used
/// again, as after a crash. Thread safety: any thread, so that a test can look while it is used.
class fake_session_store final : public session_store {
public:
  /// The next commit fails so and does nothing; those after it work again.
  void fail_next(error why) {
    const std::lock_guard guard{mutex_};
    fails_once_ = std::move(why);
  }

  /// Every call but `stats` fails so until this is called with nothing.
  void fail_all(std::optional<error> why) {
    const std::lock_guard guard{mutex_};
    fails_ = std::move(why);
  }

  /// Loading this session, and appending to it, is `corrupt`.
  void damage(const session_name& name) {
    const std::lock_guard guard{mutex_};
    damaged_.insert(name);
  }

  /// How many writes each successful commit had.
  [[nodiscard]] std::vector<std::size_t> commits() const {
    const std::lock_guard guard{mutex_};
    return commits_;
  }

  /// How often a commit was tried.
  [[nodiscard]] std::size_t attempts() const {
    const std::lock_guard guard{mutex_};
    return attempts_;
  }

  /// How many sessions one call of `prune` removes at most.
  void prune_slices_of(std::size_t count) {
    const std::lock_guard guard{mutex_};
    prune_slice_ = count;
  }

  [[nodiscard]] expected<void> commit(std::span<const session_write> writes) override {
    const std::lock_guard guard{mutex_};
    ++attempts_;
    if (fails_)
      return *fails_;
    if (fails_once_)
      return *std::exchange(fails_once_, std::nullopt);
    auto after = rows_;
    auto spent = spending_;
    for (const auto& write : writes) {
      auto done =
          std::visit([this, &after](const auto& what) { return apply(after, what); }, write);
      if (!done)
        return done;
      note_spending(spent, write);
    }
    rows_ = std::move(after);
    spending_ = std::move(spent);
    if (!writes.empty())
      commits_.push_back(writes.size());
    return {};
  }

  [[nodiscard]] expected<std::optional<stored_session>> load(const session_name& name) override {
    const std::lock_guard guard{mutex_};
    if (fails_)
      return *fails_;
    if (damaged_.contains(name))
      return error{errc::corrupt, "load session " + name.id + ": its head is damaged"};
    const auto at = rows_.find(name);
    if (at == rows_.end())
      return std::optional<stored_session>{};
    return std::optional{at->second.kept};
  }

  [[nodiscard]] expected<std::vector<session_head>> list(const session_query& query) override {
    const std::lock_guard guard{mutex_};
    if (fails_)
      return *fails_;
    std::vector<session_head> found;
    for (const auto& [name, one] : rows_) {
      if (matches(one.kept.head, query) && !damaged_.contains(name))
        found.push_back(one.kept.head);
    }
    std::ranges::stable_sort(found, std::greater{}, &session_head::changed_at);
    found.resize(std::min(found.size(), query.limit));
    return found;
  }

  [[nodiscard]] expected<std::optional<session_name>> find_approval(
      const std::string& approval) override {
    const std::lock_guard guard{mutex_};
    if (fails_)
      return *fails_;
    return holder_of(rows_, approval);
  }

  [[nodiscard]] expected<std::size_t> prune(unix_millis unchanged_since) override {
    const std::lock_guard guard{mutex_};
    if (fails_)
      return *fails_;
    std::size_t removed = 0;
    for (auto at = rows_.begin(); at != rows_.end() && removed < prune_slice_;) {
      const auto& head = at->second.kept.head;
      const bool is_old = !head.has_open_turn && head.changed_at < unchanged_since;
      removed += is_old ? 1 : 0;
      at = is_old ? rows_.erase(at) : std::next(at);
    }
    return removed;
  }

  [[nodiscard]] expected<std::vector<kept_spending>> spending(std::int64_t day) override {
    const std::lock_guard guard{mutex_};
    if (fails_)
      return *fails_;
    std::vector<kept_spending> found;
    for (const auto& [who, spent] : spending_) {
      if (spent.day == day)
        found.push_back(spent);
    }
    return found;
  }

  [[nodiscard]] session_store_stats stats() override {
    const std::lock_guard guard{mutex_};
    session_store_stats now{.sessions = rows_.size(), .commits = commits_.size()};
    for (const auto count : commits_)
      now.writes += count;
    for (const auto& [name, one] : rows_) {
      now.events += one.kept.events.size();
      now.file_bytes += one.kept.head.bytes;
    }
    return now;
  }

private:
  struct row {
    stored_session kept;
    std::vector<std::string> approvals;
  };

  using contents = std::map<session_name, row>;
  using spending_by_payer = std::map<std::pair<payer_kind, std::string>, kept_spending>;

  static void note_spending(spending_by_payer& into, const session_write& write) {
    const auto* what = std::get_if<keep_spending>(&write);
    if (what == nullptr)
      return;
    for (const auto& spent : what->rows)
      into.insert_or_assign({spent.kind, spent.name}, spent);
  }

  static error other_writer(const append_events& what) {
    return {errc::already_exists, "append to session " + what.name.id + ": another writer"};
  }

  static std::optional<session_name> holder_of(const contents& rows, const std::string& approval) {
    for (const auto& [name, one] : rows) {
      if (std::ranges::find(one.approvals, approval) != one.approvals.end())
        return name;
    }
    return std::nullopt;
  }

  expected<void> apply(contents& rows, const append_events& what) const {
    if (damaged_.contains(what.name))
      return error{errc::corrupt, "append to session " + what.name.id + ": its head is damaged"};
    const auto at = rows.find(what.name);
    const auto stored = at == rows.end() ? 0 : at->second.kept.events.size();
    if (what.first > stored)
      return other_writer(what);
    if (what.first < stored)
      return was_applied(at->second.kept.events, what) ? expected<void>{} : other_writer(what);
    if (at == rows.end() && what.events.empty())
      return {};
    return append(rows, what);
  }

  static bool was_applied(const std::vector<std::string>& events, const append_events& what) {
    return what.events.size() <= events.size() - what.first &&
           std::equal(what.events.begin(), what.events.end(),
                      events.begin() + static_cast<std::ptrdiff_t>(what.first));
  }

  static expected<void> append(contents& rows, const append_events& what) {
    for (const auto& id : what.approvals) {
      const auto holder = holder_of(rows, id);
      if (holder && *holder != what.name)
        return other_writer(what);
    }
    auto& [kept, approvals] = rows[what.name];
    if (kept.events.empty())
      kept.head = {.name = what.name, .created_at = what.at};
    for (const auto& event : what.events) {
      kept.events.push_back(event);
      kept.head.bytes += event.size();
    }
    kept.head.agent = what.agent;
    kept.head.changed_at = what.at;
    kept.head.events = kept.events.size();
    kept.head.has_open_turn = what.has_open_turn;
    kept.head.needs_approval = !what.approvals.empty();
    approvals = what.approvals;
    return {};
  }

  expected<void> apply(contents& rows, const erase_session& what) const {
    rows.erase(what.name);
    return {};
  }

  static expected<void> apply(contents&, const keep_spending&) { return {}; }

  static bool matches(const session_head& head, const session_query& query) {
    return (!query.client || *query.client == head.name.client) &&
           (query.agent.empty() || query.agent == head.agent) &&
           (!query.open_only || head.has_open_turn) &&
           (!query.changed_before || head.changed_at < *query.changed_before);
  }

  mutable std::mutex mutex_;
  contents rows_;
  spending_by_payer spending_;
  std::set<session_name> damaged_;
  std::optional<error> fails_;
  std::optional<error> fails_once_;
  std::vector<std::size_t> commits_;
  std::size_t attempts_ = 0;
  std::size_t prune_slice_ = 64;
};

}  // namespace libagent::testing
