#pragma once

#include "libagent/base/contract.hpp"
#include "libagent/base/time.hpp"
#include "libagent/cache/siphash.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace libagent {

struct single_flight_options {
  std::size_t flights_max = 10'000;   ///< Keys being computed at one time.
  std::size_t waiters_max = 100'000;  ///< Askers waiting, over all keys.
  std::size_t waiters_per_key_max = 10'000;
  /// After so many failures in a row the waiters get the error: somebody has to stop trying.
  std::uint32_t failures_max = 3;
  /// The first token. Give every incarnation of a table another range, so that a computation
  /// started under an earlier one cannot be mistaken for a present one.
  std::uint64_t first_token = 1;
  hash_key key;  ///< Secret: who knows it can choose keys that collide.
};

/// Makes many askers of one key share one computation.
///
/// The first asker of a key leads: it computes, and others wait for it. A leader that fails, is
/// revoked, or takes longer than its deadline is replaced by the one waiter that came first; only
/// that waiter is woken. Every turn as leader has a token of its own, so a late answer of a
/// replaced leader is told from a valid one.
///
/// `Waiter` is whatever the owner needs to answer an asker. All calls are O(log waiters) plus the
/// number of waiters they return. Thread safety: none.
template <class Waiter>
class single_flight {
public:
  enum class role : std::uint8_t { leads, waits, refused };

  struct seat {
    role what = role::refused;
    std::uint64_t token = 0;  ///< Set for the leader.
  };

  /// A waiter who leads from now on.
  struct promotion {
    std::string key;
    std::uint64_t token = 0;
    Waiter waiter;
  };

  /// What became of a flight whose leader failed.
  struct succession {
    bool is_current = false;  ///< False: the token was stale and nothing changed.
    std::optional<promotion> next_leader;
    std::vector<Waiter> given_up;  ///< After `failures_max`: these get the error.
  };

  /// What time did.
  struct overdue {
    std::vector<Waiter> timed_out;
    std::vector<promotion> next_leaders;
  };

  /// @pre `options.failures_max` is positive.
  explicit single_flight(single_flight_options options = {})
      : options_{options}, flights_(0, key_hasher{options.key}), next_id_{options.first_token} {
    LIBAGENT_EXPECTS(options_.failures_max > 0);
  }

  /// Asks for `key` until `deadline`. Who leads has as long to compute; who waits is kept, and is
  /// returned by exactly one later call; who is refused met a limit.
  seat join(std::string_view key, Waiter waiter, time_point deadline) {
    const auto found = flights_.find(key);
    if (found == flights_.end()) {
      if (flights_.size() >= options_.flights_max) {
        return {};
      }
      const auto opened = flights_.try_emplace(std::string{key}).first;
      return {role::leads, lead(*opened, deadline)};
    }
    const auto waiting = found->second.waiting.size();
    if (waiters_ >= options_.waiters_max || waiting >= options_.waiters_per_key_max) {
      return {};
    }
    const auto id = next_id_++;
    found->second.waiting.emplace(id, seated{std::move(waiter), deadline});
    due_.emplace(deadline, id, &found->first);
    ++waiters_;
    ++shared_;
    return {role::waits, 0};
  }

  /// Ends the flight with a value. Returns who waited for it; empty when `token` is stale.
  [[nodiscard]] std::optional<std::vector<Waiter>> complete(std::string_view key,
                                                            std::uint64_t token) {
    const auto found = flights_.find(key);
    if (found == flights_.end() || found->second.token != token) {
      return std::nullopt;
    }
    return close(found);
  }

  /// Ends the flight, whoever leads it, because the value came from elsewhere.
  [[nodiscard]] std::vector<Waiter> settle(std::string_view key) {
    const auto found = flights_.find(key);
    return found == flights_.end() ? std::vector<Waiter>{} : close(found);
  }

  /// The leader failed.
  [[nodiscard]] succession abandon(std::string_view key, std::uint64_t token) {
    const auto found = flights_.find(key);
    if (found == flights_.end() || found->second.token != token) {
      return {};
    }
    if (++found->second.failures >= options_.failures_max) {
      return {true, std::nullopt, close(found)};
    }
    return {true, promote(found), {}};
  }

  /// What the leader computes is not wanted any more, for example because the key was erased.
  [[nodiscard]] std::optional<promotion> revoke(std::string_view key) {
    const auto found = flights_.find(key);
    return found == flights_.end() ? std::nullopt : promote(found);
  }

  /// Times out the waiters due at `now`, and replaces the leaders due.
  [[nodiscard]] overdue expire(time_point now) {
    overdue result;
    // Waiters leave before leaders are replaced, so that none of those leads.
    std::vector<std::string> leaderless;
    while (!due_.empty() && due_.begin()->when <= now) {
      const auto first = *due_.begin();
      due_.erase(due_.begin());
      auto& open = flights_.find(*first.key)->second;
      if (first.id == open.token) {
        leaderless.push_back(*first.key);
        continue;
      }
      const auto waiter = open.waiting.find(first.id);
      result.timed_out.push_back(std::move(waiter->second.waiter));
      open.waiting.erase(waiter);
      --waiters_;
    }
    for (const auto& key : leaderless) {
      if (auto next = promote(flights_.find(key))) {
        result.next_leaders.push_back(std::move(*next));
      }
    }
    return result;
  }

  [[nodiscard]] std::size_t flights() const { return flights_.size(); }

  [[nodiscard]] std::size_t waiters() const { return waiters_; }

  /// Askers that waited for somebody else, ever.
  [[nodiscard]] std::uint64_t shared() const { return shared_; }

  [[nodiscard]] bool is_in_flight(std::string_view key) const { return flights_.contains(key); }

  /// Whether `token` is the present one of `key`.
  [[nodiscard]] bool is_led_by(std::string_view key, std::uint64_t token) const {
    const auto found = flights_.find(key);
    return found != flights_.end() && found->second.token == token;
  }

private:
  struct seated {
    Waiter waiter;
    time_point deadline;
  };

  struct flight {
    std::uint64_t token = 0;
    time_point leader_deadline;
    std::uint32_t failures = 0;
    std::map<std::uint64_t, seated> waiting;  // by id, which is the order of arrival
  };

  struct due {
    time_point when;
    std::uint64_t id = 0;
    const std::string* key = nullptr;

    due(time_point at, std::uint64_t who, const std::string* what) : when{at}, id{who}, key{what} {}

    friend bool operator<(const due& a, const due& b) {
      return std::pair{a.when, a.id} < std::pair{b.when, b.id};
    }
  };

  struct key_hasher {
    using is_transparent = void;

    hash_key secret;

    std::size_t operator()(std::string_view key) const {
      return static_cast<std::size_t>(siphash_1_3{secret}.update(key).digest());
    }
  };

  using table = std::unordered_map<std::string, flight, key_hasher, std::equal_to<>>;

  // Tokens and waiters are numbered together, so one set of deadlines serves both.
  std::uint64_t lead(typename table::value_type& opened, time_point deadline) {
    opened.second.token = next_id_++;
    opened.second.leader_deadline = deadline;
    due_.emplace(deadline, opened.second.token, &opened.first);
    return opened.second.token;
  }

  void forget_leader(typename table::iterator found) {
    due_.erase({found->second.leader_deadline, found->second.token, nullptr});
  }

  std::optional<promotion> promote(typename table::iterator found) {
    forget_leader(found);
    auto& waiting = found->second.waiting;
    if (waiting.empty()) {
      flights_.erase(found);
      return std::nullopt;
    }
    auto node = waiting.extract(waiting.begin());
    --waiters_;
    due_.erase({node.mapped().deadline, node.key(), nullptr});
    const auto token = lead(*found, node.mapped().deadline);
    return promotion{found->first, token, std::move(node.mapped().waiter)};
  }

  std::vector<Waiter> close(typename table::iterator found) {
    forget_leader(found);
    std::vector<Waiter> released;
    released.reserve(found->second.waiting.size());
    for (auto& [id, one] : found->second.waiting) {
      due_.erase({one.deadline, id, nullptr});
      released.push_back(std::move(one.waiter));
    }
    waiters_ -= released.size();
    flights_.erase(found);
    return released;
  }

  single_flight_options options_;
  table flights_;
  std::set<due> due_;
  std::size_t waiters_ = 0;
  std::uint64_t shared_ = 0;
  std::uint64_t next_id_;
};

}  // namespace libagent
